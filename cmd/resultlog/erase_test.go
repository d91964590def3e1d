package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

// What is to be erased has secret in it, in every field, and what is to stay has kept.
const (
	secret = "SecretQz7"
	kept   = "KeptQz7"
)

// eachStore runs a test on a directory and on a database in a cluster of its own, whose files are looked into.
func eachStore(t *testing.T, test func(t *testing.T, place string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, t.TempDir()) })
	t.Run("postgres", func(t *testing.T) { test(t, postgrestest.Own(t).DSN("postgres")) })
}

// filesWith lists the files of a store in which a text stands. Another process looks, since SQLite's locks would end with a file that this one closes.
func filesWith(t *testing.T, place, text string) []string {
	t.Helper()
	dir := place
	if isPostgres(place) {
		dir = filepath.Join(askPostgres(t, place, "CHECKPOINT", "SHOW data_directory"), "base")
	}
	out, err := exec.Command("grep", "-rlaF", text, dir).Output()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != 1) {
		t.Fatalf("grep: %v", err)
	}
	return strings.Fields(string(out))
}

// askPostgres runs statements, and gives what the last one answers.
func askPostgres(t *testing.T, dsn string, statements ...string) (answer string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range statements {
		rows, err := conn.Query(t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			if err := rows.Scan(&answer); err != nil {
				t.Fatal(err)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	return answer
}

// noise is text that no compression makes shorter, so that what stands in it stands in the files as it is.
func noise(size int) string {
	random := rand.NewChaCha8([32]byte{byte(size)})
	b := make([]byte, size)
	_, _ = random.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// personally is the body of a result with a word in all that may be about a person, and as much beside it.
func personally(word, named, status string, size int) string {
	around := word + noise(size)
	return fmt.Sprintf(`{"commerce_external_id":"store-001","status":%q,"occurred_at":%q,"hard_override":true,"raw_payload":{"r":"raw%s"},`+
		`"task_result":{"result":"not_home","comment":"comment%s","operator_external_id":"op%s","payload":{"p":"payload%s"}}%s}`,
		status, time.Now().Add(time.Hour).Format(time.RFC3339Nano), around, word, word, around, member(named)) // later than whatever was recorded
}

// stored gives all rows of a store's log.
func stored(t *testing.T, place string) (rows []eventstore.Row) {
	t.Helper()
	withLogOf(t, place, func(log storedLog) {
		for row, err := range log.Rows(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
	})
	return rows
}

// flagsOf are the flags that say where a store is.
func flagsOf(place string) storeFlags {
	if isPostgres(place) {
		return storeFlags{Store: place}
	}
	return storeFlags{Data: place}
}

func withLogOf(t *testing.T, place string, do func(storedLog)) {
	t.Helper()
	if err := flagsOf(place).withLog(t.Context(), func(log storedLog) error { do(log); return nil }); err != nil {
		t.Fatal(err)
	}
}

// mustEraseAlone fails the test unless a log is what it was before, to the byte, but for what is erased: the personal parts of some results, which are there no more, and for what came since.
func mustEraseAlone(t *testing.T, before, after []eventstore.Row, erased ...string) {
	t.Helper()
	for i, was := range before {
		is := after[i]
		gone := is.Type == "ResultSubmitted" && strings.Contains(strings.Join(erased, " "), is.StreamID.String())
		if gone && is.Personal != nil || !gone && !bytes.Equal(is.Personal, was.Personal) {
			t.Errorf("position %d, %s of %s: personal is %.40q, and was %.40q", was.Position, is.Type, is.StreamID, is.Personal, was.Personal)
		}
		is.Personal = was.Personal
		if column := is.Differs(was); column != "" {
			t.Errorf("position %d differs in %s", was.Position, column)
		}
	}
}

// submitting submits results with kept in them until stop, which tells how many; what is refused for a while is tried again.
func (s *server) submitting(t *testing.T) (stop func() int) {
	done, count := make(chan struct{}), 0
	var running sync.WaitGroup
	running.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
			}
			status, answer, err := s.call(context.Background(), "POST", "/api/activity-results/tasks", personally(kept, fmt.Sprintf(`"provider_activity_id":"busy-%d"`, n), "PENDING", 10), nil)
			switch {
			case err != nil || status != http.StatusCreated && status != http.StatusServiceUnavailable:
				t.Errorf("%d %s %v", status, answer, err)
				return
			case status == http.StatusCreated:
				count++
			}
		}
	})
	return func() int { close(done); running.Wait(); return count }
}

// scene is a server with results of a person and of others.
type scene struct {
	*server
	place            string
	activity, linked string   // whose results are of a person; the second was linked late
	result, late     string   // those results
	other            string   // a result that stays
	first            string   // the body by which the result was made, with the Idempotency-Key k
	reads            []string // that show something of the person
}

const postResult = "/api/activity-results/tasks"

func newScene(t *testing.T, place string) *scene {
	t.Helper()
	s := &scene{server: serveOn(t, place), place: place, first: personally(secret, `"provider_activity_id":"ext-1"`, "NOT_EXECUTED", 100)}
	create := func(key, provider string) string {
		return field(s.must(t, 201, "POST", "/api/activities", creation(key, provider)), "id")
	}
	submit := func(word, provider string, size int) string {
		return field(s.must(t, 201, "POST", postResult, personally(word, `"provider_activity_id":"`+provider+`"`, "NOT_EXECUTED", size)), "id")
	}
	s.activity = create("a", `"provider_activity_id":"ext-1"`)
	create("b", `"provider_activity_id":"ext-2"`)
	s.result = field(s.again(t), "id")
	for _, size := range []int{60_000, 20, 3_000} { // that are replaced, and do not fit into a page
		submit(secret, "ext-1", size)
	}
	s.other, s.late = submit(kept, "ext-2", 30_000), submit(secret, "ext-3", 9_000)
	s.linked = create("c", `"provider_activity_id":"ext-3"`)
	s.reads = []string{
		"/api/activity-results/" + s.result, "/api/activity-results/" + s.late, "/api/activity-results?limit=100", "/api/activities/" + s.activity + "/status-events", "/api/activities/" + s.linked + "/status-events",
	}
	return s
}

// again submits the first body under its key.
func (s *scene) again(t *testing.T) string {
	t.Helper()
	status, answer, err := s.call(t.Context(), "POST", postResult, s.first, http.Header{"Idempotency-Key": {"k"}})
	if err != nil || status != 201 {
		t.Fatalf("%d %s %v", status, answer, err)
	}
	return string(answer)
}

// mustShow fails the test unless all of the person stands in the answers and in the files: otherwise nothing would be proven by its absence.
func (s *scene) mustShow(t *testing.T) {
	t.Helper()
	for _, path := range s.reads {
		if read := s.must(t, 200, "GET", path, ""); !strings.Contains(read, "comment"+secret) {
			t.Fatalf("before, %s shows %.300s", path, read)
		}
	}
	for _, name := range []string{"comment", "op", "raw", "payload"} {
		if len(filesWith(t, s.place, name+secret)) == 0 {
			t.Fatalf("before, no file has %s", name)
		}
	}
}

// erase erases both results, as two people would type it, and gives what was told of the first.
func (s *scene) erase(t *testing.T) (report erasedReport) {
	t.Helper()
	out := command(t, append([]string{"erase", "--result", s.result, "--tenant", testTenant, "--sub", "maria", "--json"}, in(s.place)...)...)
	if err := json.Unmarshal([]byte(out), &report); err != nil || report.Result.String() != s.result || report.Tenant.String() != testTenant || !report.Recorded || report.Submissions != 4 || report.Left != nil {
		t.Errorf("it says %s, %v", out, err)
	}
	out = command(t, append([]string{"erase", "--activity", s.linked, "--tenant", testTenant, "--sub", "maria"}, in(s.place)...)...)
	if !strings.HasPrefix(out, "erased result "+s.late+" at 2") || !strings.HasSuffix(out, ": 1 submissions\n") {
		t.Errorf("it says %s", out)
	}
	return report
}

// mustBeGone fails the test unless nothing of the person stands in any file or answer, and what is of others does.
func (s *scene) mustBeGone(t *testing.T, erasedAt core.Instant) {
	t.Helper()
	mustHoldOthersAlone(t, s.place)
	for _, path := range s.reads {
		read := s.must(t, 200, "GET", path, "")
		if strings.Contains(read, secret) || strings.HasPrefix(path, "/api/activity-results/") && !strings.Contains(read, `"taskDetails":{"result":"not_home"}`) {
			t.Errorf("afterwards, %s shows %.300s", path, read)
		}
		if strings.HasSuffix(path, "status-events") && (!strings.Contains(read, `"errorCode":"not_home","errorMessage":null`) || strings.Contains(read, "comment")) {
			t.Errorf("afterwards, %s shows %s", path, read)
		}
	}
	if at := field(s.must(t, 200, "GET", s.reads[0], ""), "erasedAt"); at != erasedAt.String() {
		t.Errorf("erasedAt %s, want %s", at, erasedAt)
	}
	if read := s.must(t, 200, "GET", "/api/activity-results/"+s.other, ""); !strings.Contains(read, "comment"+kept) || strings.Contains(read, "erasedAt") {
		t.Errorf("another result: %.300s", read)
	}
	if answer := s.again(t); strings.Contains(answer, secret) || field(answer, "id") != s.result {
		t.Errorf("a retry of what is erased is told %s", answer)
	}
}

// mustHoldOthersAlone fails the test unless what is of others stands in the files of a place, and nothing of the person.
func mustHoldOthersAlone(t *testing.T, place string) {
	t.Helper()
	if found := filesWith(t, place, secret); len(found) > 0 {
		t.Errorf("it stands in %v", found)
	}
	if len(filesWith(t, place, "raw"+kept)) == 0 || len(filesWith(t, place, "op"+kept)) == 0 {
		t.Error("what was not erased stands nowhere")
	}
}

// TestErase is the promise: while a server runs and others submit, results are erased; afterwards no byte of them is in any file, in no answer, and in no backup; everything else is as it was.
func TestErase(t *testing.T) {
	if testing.Short() {
		t.Skip("one step after the other: make test runs it")
	}
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
	if testing.Short() {
		t.Skip("one step after the other: make test runs it")
	}
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
	if testing.Short() {
		t.Skip("one step after the other: make test runs it")
	}
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
