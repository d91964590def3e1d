package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/eventstore/sqlite"
)

// named is a store as copy names it.
func named(place string) string {
	if isPostgres(place) {
		return place
	}
	return "sqlite:" + place
}

// copyStore runs the subcommand, and gives its report.
func copyStore(t *testing.T, from, to string) (r copyingReport) {
	t.Helper()
	if err := json.Unmarshal([]byte(command(t, "copy", "--from", named(from), "--to", named(to), "--json")), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// A log moves from the embedded store to PostgreSQL while it is served, catches up when that has stopped, is served from there, and moves back: every row the same, to the byte.
func TestMovingALogToPostgresAndBack(t *testing.T) {
	dir, back, dsn := t.TempDir(), t.TempDir(), postgrestest.Database(t)
	server := serveOn(t, dir)
	var paths []string
	for i := range 3 {
		provider := fmt.Sprintf(`"provider_activity_id":"ext-%d"`, i)
		paths = append(paths, "/api/activities/"+field(server.must(t, http.StatusCreated, "POST", "/api/activities", creation(provider, provider)), "id"))
		paths = append(paths, "/api/activity-results/"+field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(provider, "COMPLETED", now(), false)), "id"))
	}
	if r := copyStore(t, dir, dsn); r.Copied != 9 || r.Before != 0 || r.Head != 9 {
		t.Errorf("the first copy: %+v", r)
	}
	paths = append(paths, "/api/activity-results/"+field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(`"provider_activity_id":"later"`, "PENDING", now(), false)), "id"))
	before := server.answers(t, paths)
	server.stop()
	if r := copyStore(t, dir, dsn); r.Copied != 1 || r.Before != 9 || r.Head != 10 {
		t.Errorf("the second copy: %+v", r)
	}

	server = serveOn(t, dsn)
	if after := server.answers(t, paths); after != before {
		t.Errorf("it was served as\n%s\nand is now\n%s", before, after)
	}
	server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(`"provider_activity_id":"later"`, "COMPLETED", now(), false))
	server.stop()
	if r := copyStore(t, dsn, back); r.Copied != 11 {
		t.Errorf("the copy back: %+v", r)
	}
	if r := copyStore(t, dsn, dir); r.Copied != 1 || r.Before != 10 {
		t.Errorf("the copy to where it came from: %+v", r)
	}
}

func now() string { return time.Now().Format(time.RFC3339Nano) }

// answers are those to some reads, one after the other.
func (s *server) answers(t *testing.T, paths []string) string {
	t.Helper()
	var all strings.Builder
	for _, path := range paths {
		all.WriteString(s.must(t, http.StatusOK, "GET", path, "") + "\n")
	}
	return all.String()
}

// logs are two of them, to copy from one to the other: the first with some events, the second with none.
func logs(t *testing.T) (from, to storedLog) {
	t.Helper()
	sqliteLog, err := sqlite.OpenLog(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sqliteLog.Close() })
	postgresLog, err := postgres.OpenLog(t.Context(), postgrestest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = postgresLog.Close() })
	fill(t, sqliteLog, 3*copiedAtOnce/2)
	return sqliteLog, postgresLog
}

// fill appends some results to the end of a log.
func fill(t *testing.T, log eventstore.Log, count int) {
	t.Helper()
	machine := core.NewMachine()
	err := log.Append(t.Context(), 0, func(at time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		for _, r := range missed {
			if err := machine.Replay(r); err != nil {
				return nil, err
			}
		}
		for i := range count {
			n := uint32(len(missed) + i + 1)
			id := core.ID{0: 1, 6: 0x70, 12: byte(n >> 16), 13: byte(n >> 8), 14: byte(n)}
			_, err := machine.Step(core.Command{Tenant: core.ID{15: 1}, At: core.InstantOf(at), EventID: id, Intent: core.SubmitResult{ResultID: id, Submission: core.Submission{
				CommerceExternalID: "store-001", OccurredAt: 1, Status: core.ResultPending, Result: "success", Personal: core.Personal{Comment: fmt.Sprint("comment ", n)}.Seal(),
			}}})
			if err != nil {
				return nil, err
			}
		}
		return machine.Pending(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// breaking is a log to which no more than some commits of a copy can be appended.
type breaking struct {
	storedLog
	left int
}

func (l *breaking) AppendRows(ctx context.Context, rows []eventstore.Row) error {
	if l.left--; l.left < 0 {
		return errors.New("the network failed")
	}
	return l.storedLog.AppendRows(ctx, rows)
}

func TestACopyThatWasInterruptedGoesOn(t *testing.T) {
	from, to := logs(t)
	if _, err := copyLog(t.Context(), console{}, from, &breaking{to, 1}); err == nil || !strings.Contains(err.Error(), "run it again to go on") {
		t.Fatalf("interrupted: %v", err)
	}
	r, err := copyLog(t.Context(), console{}, from, to)
	if err != nil || r.Before != copiedAtOnce || r.Copied != copiedAtOnce/2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// What is there must be the beginning of what is copied: otherwise nothing is written.
func TestACopyRefusesWhatIsNotItsBeginning(t *testing.T) {
	from, to := logs(t)
	fill(t, to, 1)
	head := func() core.Position {
		head, err := to.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return head
	}
	if _, err := copyLog(t.Context(), console{}, from, to); err == nil || !strings.Contains(err.Error(), "differ at position 1, in ") || head() != 1 {
		t.Errorf("another beginning: %v", err)
	}
	if _, err := copyLog(t.Context(), console{}, to, from); err == nil || !strings.Contains(err.Error(), "has 768 events") {
		t.Errorf("more than there is to copy: %v", err)
	}
}

// A copy that is not what was copied is noticed, whatever column it is in.
func TestACopyIsVerified(t *testing.T) {
	for column, spoil := range map[string]func(*eventstore.Row){
		"data":        func(r *eventstore.Row) { r.Data = append([]byte(" "), r.Data...) },
		"personal":    func(r *eventstore.Row) { r.Personal = nil },
		"metadata":    func(r *eventstore.Row) { r.Metadata = []byte(`{"actor":{ }}`) },
		"slim":        func(r *eventstore.Row) { r.Slim = nil },
		"recorded_at": func(r *eventstore.Row) { r.RecordedAt++ },
		"event_id":    func(r *eventstore.Row) { r.EventID[3]++ },
	} {
		from, to := logs(t)
		_, err := copyLog(t.Context(), console{}, from, &spoiling{to, spoil})
		if err == nil || !strings.Contains(err.Error(), "differ at position 7, in "+column) {
			t.Errorf("%s: %v", column, err)
		}
	}
}

// spoiling is a log that keeps a row otherwise than it was given.
type spoiling struct {
	storedLog
	spoil func(*eventstore.Row)
}

func (l *spoiling) AppendRows(ctx context.Context, rows []eventstore.Row) error {
	for i := range rows {
		if rows[i].Position == 7 {
			l.spoil(&rows[i])
		}
	}
	return l.storedLog.AppendRows(ctx, rows)
}
