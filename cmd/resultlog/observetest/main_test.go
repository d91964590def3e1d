// Package observetest proves that what docs/observability shows and alerts on is there: a real Prometheus scrapes the real program, on SQLite and on PostgreSQL, while clients do all that they do, and
// every expression of the dashboard and of the rules must return data. What can be told without either is told by every go test; docs/testing.md says how to run the rest.
package observetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resultlog/eventstore/postgres/postgrestest"
)

const (
	// tenant is whose results are submitted.
	tenant = "01890a5d-ac96-774b-bcce-b302099a8057"

	// secret is what the servers verify tokens with.
	secret = "0123456789abcdef0123456789abcdef"

	// patience is how long anything may take that takes a few scrapes of a second each: only what is broken waits for it.
	patience = 30 * time.Second

	// askAgain is the pause before something is asked again.
	askAgain = 50 * time.Millisecond
)

// observed says that the programs are to be run; without it, only what needs none of them is tested.
var observed = os.Getenv("RESULTLOG_OBSERVE") != ""

// binary is the program, and token lets a client do all that the tests do. TestMain sets both, if they are wanted.
var binary, token string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "resultlog-observe-")
	if err == nil && observed {
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	postgrestest.Stop()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build makes the program as it is shipped, and has it make a token.
func build(dir string) error {
	binary = filepath.Join(dir, "resultlog")
	cmd := exec.Command("go", "build", "-o", binary, "resultlog/cmd/resultlog")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	out, err := program("token", "--role", "ADMIN", "--ttl", "1h", "--tenant", tenant).Output()
	token = strings.TrimSpace(string(out))
	return err
}

// program is the program with its arguments, and the secret in its environment.
func program(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "RESULTLOG_JWT_SECRET="+secret)
	return cmd
}

// needPrometheus skips a test unless it is wanted, and fails it in one line if Prometheus's programs are missing then.
func needPrometheus(t *testing.T) {
	t.Helper()
	if !observed {
		t.Skip("make observe runs this: it needs prometheus and promtool")
	}
	for _, name := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is not there: apt-get install prometheus (Debian 12), or unpack that package and put its usr/bin on the PATH", name)
		}
	}
}

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(askAgain) {
		if time.Now().After(deadline) {
			t.Fatalf("not %s within %s", what, patience)
		}
	}
}
