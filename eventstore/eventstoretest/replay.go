package eventstoretest

import (
	"context"
	"fmt"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
)

// replayed is how many activities the log has that BenchmarkReplay replays, each with three events: enough that what a start costs once vanishes.
const replayed = 100_000

// BenchmarkReplay measures how fast a machine replays a log at start, in events a second: of activities with a provider id, each completed by a result. It fills the log, which must be empty.
func BenchmarkReplay(b *testing.B, log interface {
	eventstore.Log
	AppendRows(context.Context, []eventstore.Row) error
}) {
	const batch = 5000 // activities in a commit: the fewer commits, the sooner it begins
	n := &node{log: log, machine: core.NewMachine()}
	for done := 0; done < replayed; done += batch {
		if err := log.AppendRows(b.Context(), n.closed(b, done, batch)); err != nil {
			b.Fatal(err)
		}
	}
	events := core.Position(0)
	for b.Loop() {
		machine := core.NewMachine()
		if err := eventstore.Replay(b.Context(), log, machine, nil); err != nil {
			b.Fatal(err)
		}
		if events += machine.Head(); machine.Head() != n.machine.Head() {
			b.Fatalf("replayed %d events, want %d", machine.Head(), n.machine.Head())
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// closed gives the rows of activities that are created and completed, and takes them for durable.
func (n *node) closed(b *testing.B, first, count int) (rows []eventstore.Row) {
	for i := first; i < first+count; i++ {
		provider := fmt.Sprintf("ext-%08d", i)
		completion := n.update(tenant(1), provider, 1_700_000_000_000)
		s := completion.Intent.(core.SubmitResult)
		s.Status, s.Personal = core.ResultCompleted, core.Personal{Comment: "Order placed successfully"}.Seal()
		completion.Intent = s
		for _, c := range []core.Command{n.creation(tenant(1), provider), completion} {
			c.At = core.Instant(1_700_000_000_000 + i)
			if _, err := n.machine.Step(c); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, r := range n.machine.Pending() {
		rows = append(rows, eventstore.ToRow(r))
	}
	n.machine.Commit()
	return rows
}
