package failovertest

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"

	"resultlog/cmd/resultlog/programtest"
)

const (
	// tenant is the one of all clients.
	tenant = "01890a5d-ac96-774b-bcce-b302099a8057"

	// password is the one of the database's roles.
	password = "0123456789abcdef"
)

// service is two nodes of resultlog on a cluster, and HAProxy before both.
type service struct {
	base  string // where clients send what they have to send, as a URL
	token string
	nodes []*server
}

// startService makes the database and its roles, lets the owner migrate, and starts the nodes. One knows all of PostgreSQL's nodes, and finds the leader itself; the other has HAProxy find it.
func startService(t *testing.T, c *cluster) *service {
	t.Helper()
	program, err := programtest.Build(c.dir)
	must(t, err)
	free := freePorts(t, 4)
	api, primary, ports := free[0], free[1], free[2:]
	c.createDatabase(t)
	run(t, program, "migrate", "--store", store("resultlog_owner", c.hosts()))
	c.judgeRights(t)
	proxy := c.startHAProxy(t, api, primary, ports)

	key := filepath.Join(c.dir, "signing-key") // of both nodes
	s := &service{base: fmt.Sprintf("http://127.0.0.1:%d", api), token: run(t, program, "token", "--role", "FDE", "--tenant", tenant)}
	for i, hosts := range []string{c.hosts(), fmt.Sprintf("127.0.0.1:%d", primary)} {
		env := []string{"RESULTLOG_JWT_SECRET=" + programtest.Secret, "RESULTLOG_STORE=" + store("resultlog_runtime", hosts), "RESULTLOG_SIGNING_KEY=" + key}
		addr := fmt.Sprintf("127.0.0.1:%d", ports[i])
		node := c.start(t, fmt.Sprintf("node%d", i+1), env, string(program), "serve", "--addr", addr)
		await(t, "ready", func() bool { return node.mustLive(t) && answers("http://"+addr+"/readyz", http.StatusOK) })
		s.nodes = append(s.nodes, node)
	}
	await(t, "let in by HAProxy", func() bool { return proxy.mustLive(t) && answers(s.base+"/openapi.json", http.StatusOK) })
	return s
}

// startHAProxy starts it with the documented configuration, at places of this machine, and waits until it has found the leader.
func (c *cluster) startHAProxy(t *testing.T, api, primary int, nodes []int) *server {
	t.Helper()
	replacements := []string{
		"log /dev/log local0", "log stdout format raw local0 notice",
		"10.0.0.10:8080", fmt.Sprintf("127.0.0.1:%d", api),
		"10.0.0.10:5432", fmt.Sprintf("127.0.0.1:%d", primary),
		"default-server port 8008 ", "default-server ", // the nodes share an address here, and so each has a port of its own
	}
	for i, n := range c.nodes {
		replacements = append(replacements, fmt.Sprintf("10.0.0.1%d:5432", i+1), fmt.Sprintf("127.0.0.1:%d port %d", n.sql, n.api))
	}
	for i, port := range nodes {
		replacements = append(replacements, fmt.Sprintf("10.0.0.3%d:3000", i+1), fmt.Sprintf("127.0.0.1:%d", port))
	}
	config := write(t, filepath.Join(c.folder(t, "haproxy"), "haproxy.cfg"), deployed(t, "haproxy.cfg", replacements...))
	proxy := c.start(t, "haproxy", nil, "/usr/sbin/haproxy", "-db", "-f", config)
	through := fmt.Sprintf("postgres://%s@127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write", superuser, primary)
	await(t, "leading to the leader only", func() bool {
		for range c.nodes { // before its first checks it takes all of them for good, one after the other
			if err := c.ask(through, func(context.Context, *pgx.Conn) error { return nil }); err != nil {
				return false
			}
		}
		return proxy.mustLive(t)
	})
	return proxy
}

// store is the service's database as a role, on some hosts of which one is the leader.
func store(role, hosts string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/resultlog?target_session_attrs=read-write&sslmode=disable", role, password, hosts)
}

// run runs a command of the program to its end, and gives what it prints.
func run(t *testing.T, program programtest.Program, args ...string) string {
	t.Helper()
	printed, err := program.Print(args...)
	must(t, err)
	return printed
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
