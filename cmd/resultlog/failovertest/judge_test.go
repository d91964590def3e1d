package failovertest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

// recorded is an event as the log has it.
type recorded struct {
	position int64
	kind     string // the event's type
	result   string // id, of a submission
	key      string // Idempotency-Key; empty if the event has none
}

// readLog reads the log from one of PostgreSQL's nodes, in its order.
func (c *cluster) readLog(t *testing.T, n *node) (log []recorded) {
	t.Helper()
	const all = `SELECT position, type, coalesce(data::json->>'result_id', ''), coalesce(metadata::json->>'idempotency_key', '') FROM resultlog.events ORDER BY position`
	must(t, c.ask(n.dsn("resultlog"), func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, all)
		if err != nil {
			return err
		}
		log, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r recorded, err error) {
			return r, row.Scan(&r.position, &r.kind, &r.result, &r.key)
		})
		return err
	}))
	return log
}

// judge holds what the clients were told against the log: every acknowledged submission is in it exactly once, with the id that the answer said, and nothing is in it that nobody sent.
func (l *load) judge(t *testing.T, log []recorded) {
	t.Helper()
	found := map[string]string{}
	for i, r := range log {
		if r.position != int64(i)+1 {
			t.Fatalf("event %d of the log is at position %d: positions must be gapless from 1", i+1, r.position)
		}
		if r.kind != "ResultSubmitted" {
			t.Errorf("position %d is %s, which nobody sent", r.position, r.kind)
			continue
		}
		if earlier, twice := found[r.key]; twice {
			t.Errorf("%s is recorded twice: as result %s and as %s at position %d", r.key, earlier, r.result, r.position)
		}
		found[r.key] = r.result
		if _, sent := l.acknowledged[r.key]; !sent {
			t.Errorf("position %d has the key %q, which was never acknowledged, though every client went on until it was", r.position, r.key)
		}
	}
	for key, id := range l.acknowledged {
		switch found[key] {
		case id:
		case "":
			t.Errorf("LOST: %s was acknowledged as result %s, and is not in the log", key, id)
		default:
			t.Errorf("%s was acknowledged as result %s, and the log has it as %s", key, id, found[key])
		}
	}
}
