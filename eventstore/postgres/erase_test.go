package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// A transaction that began before keeps what was erased from being removed, wherever in the database it is at work: that is told, and when it has ended, it is removed.
func TestSweepBesideAnOldTransaction(t *testing.T) {
	dsn := postgrestest.Database(t)
	log := mustOpen(t, dsn)
	mustAppend(t, log, 0, 3)
	old := connectAs(t, dsn)
	mustExec(t, old, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	mustExec(t, old, "SELECT 1")
	first := event(1, clock(0), 0)
	if emptied, err := log.Erase(t.Context(), first.Stream, 2); err != nil || emptied != 1 {
		t.Fatalf("emptied %d, %v", emptied, err)
	}
	if _, err := log.Sweep(t.Context()); !errors.Is(err, errSeen) || !strings.Contains(err.Error(), "resultlog.events may still hold what was erased") {
		t.Errorf("it says %v", err)
	}
	mustExec(t, old, "COMMIT")
	if left, err := log.Sweep(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
	mustHave(t, log, 3)
}

// A role that owns nothing may not, and is told before and after.
func TestEraseAsAnotherRole(t *testing.T) {
	dsn := postgrestest.Database(t)
	log := mustOpen(t, dsn)
	mustAppend(t, log, 0, 1)
	admin := connectAs(t, dsn)
	mustExec(t, admin, `DO $$ BEGIN CREATE ROLE eraser LOGIN; EXCEPTION WHEN duplicate_object THEN END $$`)
	mustExec(t, admin, `GRANT USAGE ON SCHEMA resultlog TO eraser; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA resultlog TO eraser`)
	other := mustOpen(t, dsn+"&user=eraser")
	if err := other.MayErase(t.Context()); err == nil || !strings.Contains(err.Error(), "docs/deploy/roles.sql") {
		t.Errorf("it may: %v", err)
	}
	if _, err := other.Erase(t.Context(), core.Stream{}, 1); !isCode(err, insufficientPrivilege) {
		t.Errorf("it erases: %v", err)
	}
	if _, err := other.Sweep(t.Context()); !errors.Is(err, errPassedOver) {
		t.Errorf("it sweeps: %v", err)
	}
	mustExec(t, admin, `DROP OWNED BY eraser`)
}

// How many rows are kept is read from what the server says, in whatever language it says it.
func TestHearsWhatIsKept(t *testing.T) {
	for _, row := range []struct {
		severity, detail string
		warned           bool
		dead             int64
	}{
		{"INFO", "3 dead row versions cannot be removed yet.\nCPU: user: 0.00 s, system: 0.00 s, elapsed: 0.01 s.", false, 3},
		{"INFO", "0 tote Zeilenversionen können noch nicht entfernt werden.\nCPU: Benutzer: 7,00 s", false, 0},
		{"INFO", "«мёртвых» строк, которые пока нельзя удалить: 12.\nCPU: 1", false, 12},
		{"INFO", "", false, 0},
		{"INFO", "nothing here\n9", false, 0},
		{"WARNING", "", true, 0},
		{"LOG", "5 dead", false, 0},
	} {
		s := new(sweeper)
		if s.hear(&pgconn.Notice{SeverityUnlocalized: row.severity, Detail: row.detail}); s.warned != row.warned || s.dead != row.dead {
			t.Errorf("%+v: heard %v and %d", row, s.warned, s.dead)
		}
	}
}
