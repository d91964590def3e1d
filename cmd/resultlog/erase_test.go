package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// TestErase is the promise: while a server runs and others submit, results are erased; afterwards no byte of them is in any file, in no answer, and in no backup; everything else is as it was.
func TestErase(t *testing.T) {
	unraced(t)
	eachStore(t, func(t *testing.T, place string) {
		s := newScene(t, place)
		if isPostgres(place) {
			askPostgres(t, place, "ANALYZE") // as it does by itself, sooner or later
		}
		s.mustShow(t)
		before := stored(t, place)
		stop := s.submitting(t)
		report := s.erase(t)
		if n := stop(); n == 0 {
			t.Error("nobody could submit anything meanwhile")
		}
		s.mustBeGone(t, report.ErasedAt)
		mustEraseAlone(t, before, stored(t, place), s.result, s.late)
		withLogOf(t, place, func(log storedLog) { eventsOf(t, log) })

		s.must(t, 201, "POST", postResult, personally(kept+"again", `"provider_activity_id":"ext-1"`, "COMPLETED", 10))
		if read := s.must(t, 200, "GET", s.reads[0], ""); !strings.Contains(read, "comment"+kept+"again") || strings.Contains(read, "erasedAt") {
			t.Errorf("submitted after it: %.300s", read)
		}
		if !isPostgres(place) {
			backup := filepath.Join(t.TempDir(), "backup.db")
			command(t, "backup", backup, "--data", place)
			mustHoldOthersAlone(t, filepath.Dir(backup))
		}
		s.stop()
		command(t, append([]string{"rebuild"}, in(place)...)...)
		mustHoldOthersAlone(t, place)
	})
}

// interrupted are the steps after each of which an erasure can be cut short: none of them, the look at the rights, the record, the log, the tables; the last one ends it.
const interrupted = 5

// poisonedResult makes a log of a result whose second submission no read table can take, and of one that stays; and read tables of it, as far as they go.
func poisonedResult(t *testing.T, place string) (result core.ID) {
	t.Helper()
	tenant, err := core.ParseID(testTenant)
	if err != nil {
		t.Fatal(err)
	}
	machine := core.NewMachine()
	submit := func(n byte, provider, word string) core.SubmitResult {
		return core.SubmitResult{ResultID: core.ID{0: 2, 6: 0x70, 15: n}, Submission: core.Submission{
			ProviderActivityID: provider, CommerceExternalID: "store-001", OccurredAt: core.Instant(n) * 2000, Status: core.ResultNotExecuted, Result: "not_home", HardOverride: true,
			Personal: core.Personal{
				Salt: [16]byte{n}, Comment: "comment" + word, OperatorExternalID: "op" + word, RawPayload: []byte(`{"r":"raw` + word + noise(5000+int(n)) + `"}`), Payload: []byte(`{"p":"payload` + word + `"}`),
			}.Seal(),
		}}
	}
	intents := []core.Intent{
		core.CreateActivity{ActivityID: core.ID{0: 1, 6: 0x70, 15: 1}, ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, Reason: "visit", Channel: "SALESMAN", CommerceID: core.ID{9}, IdempotencyKey: "k", ProviderActivityID: "ext-1",
		}},
		submit(1, "ext-1", secret), submit(4, "ext-1", secret), submit(5, "ext-2", kept),
	}
	log, err := flagsOf(place).openLog(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	err = log.Append(t.Context(), 0, func(time.Time, []core.Recorded) ([]core.Recorded, error) {
		for n, intent := range intents {
			if _, err := machine.Step(core.Command{Tenant: tenant, At: core.Instant(n+1) * 1000, EventID: core.ID{0: 3, 6: 0x70, 14: byte(n)}, Intent: intent}); err != nil {
				return nil, err
			}
		}
		events := machine.Pending()
		for i, r := range events {
			if e, ok := r.Event.(core.ResultSubmitted); ok && r.Version == 2 {
				e.Submission.Result = "praised"
				events[i].Event = e
			}
		}
		return events, nil
	})
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	command(t, append([]string{"rebuild"}, in(place)...)...)
	if listed := command(t, append([]string{"deadletters", "list"}, in(place)...)...); !strings.Contains(listed, "praised") {
		t.Fatalf("nothing is parked: %s", listed)
	}
	return core.ID{0: 2, 6: 0x70, 15: 1}
}

// cutShort does the first steps of an erasure, and no more.
func cutShort(t *testing.T, place string, c *eraseCommand, done int) {
	t.Helper()
	var out bytes.Buffer
	err := c.withStore(t.Context(), func(s *store) error {
		e := &erasure{eraseCommand: c, store: s, con: console{out: &out, err: &out}}
		for _, step := range e.steps()[:done] {
			if err := step(t.Context()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	if len(filesWith(t, place, secret)) == 0 {
		t.Fatal("it is gone too early for this test to tell anything")
	}
}

// TestEraseGoesOn: an erasure that was cut short after any of its steps is finished by the same command, which may be run again at any time; though the result has an event that no read table can take,
// and whose parking parks the erasure too.
func TestEraseGoesOn(t *testing.T) {
	unraced(t)
	eachStore(t, func(t *testing.T, place string) {
		for done := range interrupted {
			t.Run(fmt.Sprintf("after %d steps", done), func(t *testing.T) {
				place := place
				if isPostgres(place) && done > 0 {
					place = postgrestest.Own(t).DSN("postgres")
				} else if !isPostgres(place) {
					place = t.TempDir()
				}
				eraseTwice(t, place, done)
			})
		}
	})
}

// eraseTwice erases what an erasure has done some steps of already, and once more.
func eraseTwice(t *testing.T, place string, done int) {
	t.Helper()
	result := poisonedResult(t, place)
	before := stored(t, place)
	cutShort(t, place, &eraseCommand{storeFlags: flagsOf(place), Tenant: before[0].TenantID, Result: result, Sub: "maria"}, done)
	want := []erasedReport{{Recorded: done < 2, Submissions: 2}, {}}
	if done > 2 {
		want[0].Submissions = 0
	}
	for _, want := range want {
		var report erasedReport
		said := command(t, append([]string{"erase", "--result", result.String(), "--tenant", testTenant, "--sub", "maria", "--json"}, in(place)...)...)
		if err := json.Unmarshal([]byte(said), &report); err != nil || report.Recorded != want.Recorded || report.Submissions != want.Submissions {
			t.Errorf("it says %s, %v; want %+v", said, err, want)
		}
		mustHoldOthersAlone(t, place)
	}
	after := stored(t, place)
	mustEraseAlone(t, before, after, result.String())
	if n := len(after) - len(before); n != 1 {
		t.Errorf("%d events were appended", n)
	}
}

// TestEraseWithoutAServer: what no server has projected yet is projected by the erasure itself, as far as its event, and reads of the tables show it at once.
func TestEraseWithoutAServer(t *testing.T) {
	eachStore(t, func(t *testing.T, place string) {
		rows := stored(t, filled(t, place))
		result := rows[0].StreamID
		args := append([]string{"erase", "--result", result.String(), "--tenant", rows[0].TenantID.String(), "--sub", "maria"}, in(place)...)
		if code, _, told := typed(t, args...); code != 0 || told != "" {
			t.Fatalf("exit code %d: %s", code, told)
		}
		err := flagsOf(place).withStore(t.Context(), func(s *store) error {
			var erased, all int
			err := s.read.QueryRowContext(t.Context(), `SELECT count(erased_at), count(*) FROM results`).Scan(&erased, &all)
			if erased != 1 || all != 3 {
				t.Errorf("%d of %d results are erased in the read tables", erased, all)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What an online rebuild has left, when it was cancelled or killed, holds what the log held then: it goes too. While one is at work, the erasure says so, and is finished later.
func TestEraseTakesWhatAnOnlineRebuildHasLeft(t *testing.T) {
	unraced(t)
	eachStore(t, func(t *testing.T, place string) {
		rows := stored(t, filled(t, place))
		args := append([]string{"erase", "--result", rows[0].StreamID.String(), "--tenant", rows[0].TenantID.String(), "--sub", "maria"}, in(place)...)
		err := flagsOf(place).withStore(t.Context(), func(*store) error {
			next, err := flagsOf(place).openNext(t.Context())
			if err != nil {
				return err
			}
			for _, statement := range []string{`CREATE TABLE copies (text TEXT)`, `INSERT INTO copies VALUES ('` + secret + `')`} {
				if _, err := next.tables.DB.ExecContext(t.Context(), statement); err != nil {
					t.Error(err)
				}
			}
			if code, _, told := typed(t, args...); code != 1 || !strings.Contains(told, "online rebuild is at work") || !strings.Contains(told, "run the same command again") {
				t.Errorf("beside a rebuild: %d %s", code, told)
			}
			return next.closed()
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(filesWith(t, place, secret)) == 0 {
			t.Fatal("the rebuild has left nothing")
		}
		if code, _, told := typed(t, args...); code != 0 {
			t.Fatalf("exit code %d: %s", code, told)
		}
		if files := filesWith(t, place, secret); len(files) > 0 {
			t.Errorf("it is still in %v", files)
		}
	})
}

// filled makes a log of three results in a place, and nothing else.
func filled(t *testing.T, place string) string {
	t.Helper()
	log, err := flagsOf(place).openLog(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, log, 3)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return place
}

// TestEraseRefuses: what cannot be meant, or is not there, is refused with a word about why; and nothing is recorded.
func TestEraseRefuses(t *testing.T) {
	dir := t.TempDir()
	result := poisonedResult(t, dir)
	machine := len(stored(t, dir))
	server := serveOn(t, dir)
	bare := field(server.must(t, 201, "POST", "/api/activities", creation("bare", "")), "id")
	server.stop()
	const other = "01890a5d-ac96-774b-bcce-b302099a8058"
	for _, row := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"nothing", []string{"--tenant", testTenant, "--sub", "m"}, 2, "--result, or --activity, and not both"},
		{"two things", []string{"--tenant", testTenant, "--sub", "m", "--result", result.String(), "--activity", bare}, 2, "--result, or --activity, and not both"},
		{"nobody", []string{"--tenant", testTenant, "--result", result.String()}, 2, "--sub"},
		{"an empty name", []string{"--tenant", testTenant, "--sub", "", "--result", result.String()}, 2, "--sub must have 1 to 255 characters"},
		{"no tenant", []string{"--sub", "m", "--result", result.String()}, 2, "--tenant"},
		{"what is no id", []string{"--tenant", testTenant, "--sub", "m", "--result", "r1"}, 2, "UUID"},
		{"an unknown result", []string{"--tenant", testTenant, "--sub", "m", "--result", other}, 1, "nothing was erased: not_found: this tenant has no result " + other},
		{"another tenant's", []string{"--tenant", other, "--sub", "m", "--result", result.String()}, 1, "nothing was erased: not_found: this tenant has no result " + result.String()},
		{"an unknown activity", []string{"--tenant", testTenant, "--sub", "m", "--activity", other}, 1, "nothing was erased: not_found: this tenant has no activity " + other},
		{"an activity without a result", []string{"--tenant", testTenant, "--sub", "m", "--activity", bare}, 1, "nothing was erased: not_found: activity " + bare + " has no result"},
	} {
		code, out, told := typed(t, append([]string{"erase", "--data", dir}, row.args...)...)
		if code != row.code || out != "" || !strings.Contains(told, row.says) {
			t.Errorf("%s: exit code %d, %s%s; want %d and %q", row.name, code, out, told, row.code, row.says)
		}
	}
	if n := len(stored(t, dir)); n != machine+1 {
		t.Errorf("%d events were recorded", n-machine-1)
	}
	if code, _, told := typed(t, "erase", "--data", filepath.Join(dir, "nowhere"), "--tenant", testTenant, "--sub", "m", "--result", other); code != 1 || !strings.Contains(told, "there is no log") {
		t.Errorf("no store: %d %s", code, told)
	}
}

// TestEraseNeedsTheOwner: to the role that servers log in as the log is append-only, which is told before anything is recorded; the owner of the schemas, who is no superuser, may.
func TestEraseNeedsTheOwner(t *testing.T) {
	unraced(t)
	dsn := postgrestest.Own(t).DSN("postgres")
	result := poisonedResult(t, dsn)
	before := stored(t, dsn)
	pgTool(t, "psql", "--quiet", "--dbname="+dsn, "--file=../../docs/deploy/roles.sql")
	as := func(role string) string { return strings.Replace(dsn, "resultlog@", role+"@", 1) }
	server := serveOn(t, as("resultlog_runtime"))
	args := []string{"erase", "--result", result.String(), "--tenant", testTenant, "--sub", "maria", "--store"}
	code, _, told := typed(t, append(args, as("resultlog_runtime"))...)
	if code != 1 || !strings.Contains(told, "nothing was erased: this role may not erase") || !strings.Contains(told, "docs/deploy/roles.sql") {
		t.Errorf("the servers' role: %d %s", code, told)
	}
	if after := stored(t, dsn); len(after) != len(before) {
		t.Errorf("%d events were recorded", len(after)-len(before))
	}
	code, out, told := typed(t, append(args, as("resultlog_owner"))...)
	if code != 0 || !strings.Contains(out, "2 submissions") || !strings.Contains(told, "not reached: the statistics of columns") || strings.Count(told, "not reached") != 1 {
		t.Errorf("the owner: %d %s %s", code, out, told)
	}
	mustEraseAlone(t, before, stored(t, dsn), result.String())
	askPostgres(t, dsn, "VACUUM FULL pg_catalog.pg_statistic")
	if found := filesWith(t, dsn, secret); len(found) > 0 {
		t.Errorf("it stands in %v", found)
	}
	server.must(t, 201, "POST", "/api/activity-results/tasks", personally(kept, `"provider_activity_id":"ext-9"`, "PENDING", 10))
}
