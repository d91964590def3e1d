package crashtest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/sqlite"
)

// filler begins the keys of events that no client has sent.
const filler = "filler-"

// TestForgottenKeys lets so many keys follow those of the clients that a server does not remember theirs after a start, and takes the tables away in which they can be looked up.
// While those are made again, and the server is killed amid it, no retry may be taken for something new.
func TestForgottenKeys(t *testing.T) {
	if os.Getenv("RESULTLOG_CRASH_ROUNDS") == "" {
		t.Skipf("make crash runs this: it fills a log with %d events", core.KeysHeld)
	}
	s := newStore(t)
	first := serve(t, s.place)
	load := s.load(first, false)
	for range 4 {
		s.awaitMore(t)
	}
	first.mustKill(t)
	load.wait()
	fill(t, s.dir, core.KeysHeld)
	tables, err := filepath.Glob(filepath.Join(s.dir, "read.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tables {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}

	r := rand.New(rand.NewPCG(0, 0))
	killed := listen(t, s.place)
	time.AfterFunc(upTo(r, time.Second), killed.kill) // while the tables are made again
	s.settle(t, killed)
	s.repeat(t, r, killed)
	killed.kill()
	last := s.restart(t, s.writes)
	s.settle(t, last)
	s.conclude(t, r, last, s.writes)
}

// fill appends submissions to a log that no server has open, each with a key of its own.
func fill(t testing.TB, dir string, count int) {
	t.Helper()
	log, err := sqlite.OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	machine := core.NewMachine()
	if err := eventstore.Replay(t.Context(), log, machine, nil); err != nil {
		t.Fatal(err)
	}
	tenant, err := core.ParseID(tenants[0])
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < count; {
		err := log.Append(t.Context(), machine.Head(), func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
			for range eventstore.MaxMissed {
				n++
				_, err := machine.Step(core.Command{
					Tenant: tenant, At: core.InstantOf(now), EventID: core.ID(uuid.Must(uuid.NewV7())),
					Metadata: core.Metadata{Idempotency: core.Idempotency{Key: fmt.Sprint(filler, n), Endpoint: "POST " + submitPath}},
					Intent: core.SubmitResult{ResultID: core.ID(uuid.Must(uuid.NewV7())), Submission: core.Submission{
						CommerceExternalID: "store-001", OccurredAt: 1, Status: core.ResultCompleted, Result: "success",
					}},
				})
				if err != nil {
					return nil, err
				}
			}
			return machine.Pending(), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		machine.Commit()
	}
}
