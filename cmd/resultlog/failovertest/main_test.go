// Package failovertest proves that nothing acknowledged is lost with the machine that it was written on: it runs a PostgreSQL cluster of three nodes under Patroni and two nodes of resultlog behind
// HAProxy, from the files of docs/deploy, kills the cluster's leader while clients write, twice, and holds what the clients were told against the log. docs/deploy/README.md tells what it needs.
package failovertest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	// patience is how long anything may take: a failover takes up to patroni.yml's ttl of 20 s, and a node that comes back may have to be copied anew. Only what is broken waits for it.
	patience = 3 * time.Minute

	// askAgain is the pause before something is asked again.
	askAgain = 100 * time.Millisecond

	// askTimeout is how long one such question may take: a node that was just killed, or is about to be, does not answer.
	askTimeout = 2 * time.Second

	// lowestPort and ports are where the servers listen: below what the system gives to connections of its own.
	lowestPort, ports = 20000, 32768 - 20000

	// pgBin is where Debian's PostgreSQL is, and what patroni.yml says.
	pgBin = "/usr/lib/postgresql/15/bin"
)

// needTools fails in one line if something is not installed.
func needTools(t *testing.T) {
	t.Helper()
	tools := map[string]string{"patroni": "/usr/bin/patroni", "python3-etcd": "/usr/lib/python3/dist-packages/etcd", "etcd-server": "/usr/bin/etcd", "haproxy": "/usr/sbin/haproxy", "postgresql": pgBin + "/postgres"}
	for tool, path := range tools {
		if _, err := os.Stat(path); err != nil {
			t.Fatalf("%s is not there: apt-get install patroni python3-etcd etcd-server haproxy postgresql (Debian 12)", tool+" ("+path+")")
		}
	}
}

// freePorts gives ports that nobody listens at, each once.
func freePorts(t *testing.T, n int) (free []int) {
	t.Helper()
	for port := lowestPort + os.Getpid()%ports; len(free) < n; port++ { // tests that run at once begin at different ones
		if port >= lowestPort+ports {
			port = lowestPort
		}
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			listener.Close()
			free = append(free, port)
		}
	}
	return free
}

// deployed gives a file of docs/deploy with this machine's addresses in place of the documented ones. Each that is replaced must be there, and none may be left.
func deployed(t *testing.T, name string, replacements ...string) string {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	text := string(file)
	for i := 0; i < len(replacements); i += 2 {
		if !strings.Contains(text, replacements[i]) {
			t.Fatalf("docs/deploy/%s has no %q any more: the test must know what stands there instead", name, replacements[i])
		}
		text = strings.ReplaceAll(text, replacements[i], replacements[i+1])
	}
	for line := range strings.Lines(text) {
		if setting, _, _ := strings.Cut(line, "#"); strings.Contains(setting, "10.0.0.") {
			t.Fatalf("docs/deploy/%s has an address that the test does not know: %s", name, line)
		}
	}
	return text
}

// write puts a file where whoever runs the servers can read it.
func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // the directory around it is closed
		t.Fatal(err)
	}
	return path
}

// await waits until a condition holds, and says how long that took.
func await(t *testing.T, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for ; !holds(); time.Sleep(askAgain) {
		if time.Since(began) > patience {
			t.Fatalf("not %s within %s", what, patience)
		}
	}
	return time.Since(began)
}
