// Package soaktest proves that a node may run for as long as it likes: the real program serves a steady load, on SQLite and on PostgreSQL, and is stopped, killed and started again meanwhile; nothing that a
// process holds may grow with its age, neither memory nor goroutines, descriptors, WAL, lag or queue, and at the end the log holds what the clients were told. docs/testing.md says how to run it.
package soaktest

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"resultlog/cmd/resultlog/programtest"
)

const (
	// tenant is the one of all clients.
	tenant = "01890a5d-ac96-774b-bcce-b302099a8057"

	// patience is how long anything may take that takes milliseconds, or a start of a second for each 100,000 events that it replays; and how long a machine may have too much else to do. Only what is
	// broken waits longer.
	patience = 5 * time.Minute

	// askAgain is the pause before something is asked again.
	askAgain = 20 * time.Millisecond

	// usualRate is how many requests a second come to a store, if RESULTLOG_SOAK_RATE says nothing else: a few hundred, which leave two cores that both stores and the clients share half idle.
	usualRate = 200
)

// soaked is for how long the load goes on, and rate how many requests a second it has. Without the first, only what needs no program is tested.
var (
	soaked time.Duration
	rate   = usualRate
)

// program is what is tested, and token lets a client do all that the tests do. TestMain sets both, if they are wanted.
var (
	program programtest.Program
	token   string
)

func TestMain(m *testing.M) {
	if err := readEnvironment(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if soaked == 0 {
		m.Run()
		return
	}
	programtest.Main(m, func(built programtest.Program) (err error) {
		program = built
		token, err = program.Print("token", "--role", "ADMIN", "--ttl", (soaked + time.Hour).String(), "--tenant", tenant)
		return err
	})
}

// readEnvironment reads what make soak says.
func readEnvironment() (err error) {
	if text := os.Getenv("RESULTLOG_SOAK"); text != "" {
		if soaked, err = time.ParseDuration(text); err != nil || soaked < shortest {
			return fmt.Errorf("RESULTLOG_SOAK=%s: must be a duration of %s or more, like 10m", text, shortest)
		}
	}
	if text := os.Getenv("RESULTLOG_SOAK_RATE"); text != "" {
		if rate, err = strconv.Atoi(text); err != nil || rate < 1 {
			return fmt.Errorf("RESULTLOG_SOAK_RATE=%s: must be a number of requests a second, like %d", text, usualRate)
		}
	}
	return nil
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
