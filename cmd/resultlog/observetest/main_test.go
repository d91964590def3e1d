// Package observetest proves that what docs/observability shows and alerts on is there: a real Prometheus scrapes the real program, on SQLite and on PostgreSQL, while clients do all that they do, and
// every expression of the dashboard and of the rules must return data. What can be told without either is told by every go test; docs/testing.md says how to run the rest.
package observetest

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"resultlog/cmd/resultlog/programtest"
)

const (
	// tenant is whose results are submitted.
	tenant = "01890a5d-ac96-774b-bcce-b302099a8057"

	// patience is how long anything may take that takes a few scrapes of a second each: only what is broken waits for it.
	patience = 30 * time.Second

	// askAgain is the pause before something is asked again.
	askAgain = 50 * time.Millisecond
)

// observed says that the programs are to be run; without it, only what needs none of them is tested.
var observed = os.Getenv("RESULTLOG_OBSERVE") != ""

// program is what is observed, and token lets a client do all that the tests do. TestMain sets both, if they are wanted.
var (
	program programtest.Program
	token   string
)

func TestMain(m *testing.M) {
	if !observed {
		m.Run()
		return
	}
	programtest.Main(m, func(built programtest.Program) (err error) {
		program = built
		token, err = program.Print("token", "--role", "ADMIN", "--ttl", "1h", "--tenant", tenant)
		return err
	})
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
