package failovertest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// cluster is PostgreSQL on three nodes, of which Patroni makes one the leader, and one etcd, which is never harmed here.
type cluster struct {
	*room
	etcd  int // where it listens
	nodes []*node
}

// node is Patroni and the PostgreSQL that it runs, in a folder of their own.
type node struct {
	name     string
	sql, api int // where PostgreSQL and Patroni listen
	config   string
}

// superuser is who the test asks as, with the password of patroni.yml.
const superuser = "postgres:CHANGE-ME-superuser"

// startCluster starts etcd and the nodes, and waits until one leads and the others follow.
func startCluster(t *testing.T, r *room) *cluster {
	t.Helper()
	free := freePorts(t, 8)
	c := &cluster{room: r, etcd: free[0]}
	clients, peers := fmt.Sprintf("http://127.0.0.1:%d", free[0]), fmt.Sprintf("http://127.0.0.1:%d", free[1])
	r.start(t, "etcd", nil, "/usr/bin/etcd", "--data-dir", "data", "--listen-client-urls", clients, "--advertise-client-urls", clients,
		"--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", "default="+peers)
	await(t, "etcd serving", func() bool { return answers(clients+"/health", http.StatusOK) })
	for i := range 3 {
		n := &node{name: fmt.Sprintf("pg%d", i+1), sql: free[2+i], api: free[5+i]}
		n.config = c.configure(t, n)
		c.nodes = append(c.nodes, n)
		c.run(t, n)
	}
	await(t, "replicating", c.whole)
	return c
}

// configure writes a node's configuration: the documented one of pg1, with this node's name and places.
func (c *cluster) configure(t *testing.T, n *node) string {
	t.Helper()
	folder := c.folder(t, n.name)
	replacements := []string{
		"name: pg1", "name: " + n.name,
		"10.0.0.11:8008", fmt.Sprintf("127.0.0.1:%d", n.api),
		"10.0.0.11:5432", fmt.Sprintf("127.0.0.1:%d", n.sql),
		"10.0.0.21:2379,10.0.0.22:2379,10.0.0.23:2379", fmt.Sprintf("127.0.0.1:%d", c.etcd),
		"10.0.0.0/24", "127.0.0.0/8",
		"/var/lib/postgresql/15/resultlog", filepath.Join(folder, "data"),
		"/var/lib/postgresql/resultlog.pgpass", filepath.Join(folder, "pgpass"),
		"/var/run/postgresql", folder,
		"mode: automatic", "mode: 'off'", // the machine that the test runs on is not to be reset
	}
	if c.account == nil {
		replacements = append(replacements, "peer", "trust") // we are not called postgres
	}
	return write(t, filepath.Join(folder, "patroni.yml"), deployed(t, "patroni.yml", replacements...))
}

// run starts a node, for the first time or again.
func (c *cluster) run(t *testing.T, n *node) {
	t.Helper()
	c.start(t, n.name, nil, "/usr/bin/patroni", n.config)
}

// leader is the node that Patroni says leads; nil if there is none.
func (c *cluster) leader() *node {
	for _, n := range c.nodes {
		if answers(fmt.Sprintf("http://127.0.0.1:%d/primary", n.api), http.StatusOK) {
			return n
		}
	}
	return nil
}

// whole reports whether there is a leader that both other nodes follow, one of them at least synchronously.
func (c *cluster) whole() bool {
	leader := c.leader()
	if leader == nil {
		return false
	}
	var streaming, synchronous int
	const follow = `SELECT count(*), count(*) FILTER (WHERE sync_state = 'sync') FROM pg_stat_replication WHERE state = 'streaming' AND application_name LIKE 'pg_'`
	err := c.ask(leader.dsn("postgres"), func(ctx context.Context, conn *pgx.Conn) error {
		return conn.QueryRow(ctx, follow).Scan(&streaming, &synchronous)
	})
	return err == nil && streaming == len(c.nodes)-1 && synchronous > 0
}

// dsn is a connection to a node's database as superuser.
func (n *node) dsn(database string) string { return n.as(superuser, database) }

// as is a connection to a node's database as somebody, NAME:PASSWORD.
func (n *node) as(who, database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", who, n.sql, database)
}

// hosts is the nodes as a connection string lists them.
func (c *cluster) hosts() string {
	var hosts []string
	for _, n := range c.nodes {
		hosts = append(hosts, "127.0.0.1:"+strconv.Itoa(n.sql))
	}
	return strings.Join(hosts, ",")
}

// ask connects, asks, and closes the connection.
func (c *cluster) ask(dsn string, question func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return question(ctx, conn)
}

// answers reports whether a URL answers with a status.
func answers(url string, status int) bool {
	client := http.Client{Timeout: askTimeout}
	response, err := client.Get(url) //nolint:noctx // the client has a time-out
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err == nil && response.StatusCode == status
}
