package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

// mustBeWell fails the test unless every check is ok, as it is told in words and for programs. How much room there is on this machine is its own affair.
func mustBeWell(t *testing.T, when, place string) {
	t.Helper()
	code, out, told := typed(t, append([]string{"doctor"}, in(place)...)...)
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "ok ") && !strings.Contains(line, "free") && !strings.Contains(line, ": 9 ok, 0 warn, 0 failed, 0 skipped") {
			t.Errorf("%s: exit code %d\n%s%s", when, code, out, told)
			return
		}
	}
}

// examined looks at a store by a clock.
func examined(t *testing.T, place string, now time.Time) map[string]checkReport {
	t.Helper()
	report, err := (&doctorCommand{storeFlags: flagsOf(place)}).examine(t.Context(), func() time.Time { return now }, checkPatience)
	if err != nil {
		t.Fatal(err)
	}
	checks := make(map[string]checkReport)
	for _, c := range report.Checks {
		checks[c.Name] = c
	}
	return checks
}

// used runs a server on a store and gives it some work, until all of that is in the read tables and signed.
func used(t *testing.T, place string) *server {
	t.Helper()
	s := serveOn(t, place)
	result := s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "PENDING", now(), false))
	s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false))
	s.must(t, http.StatusOK, "GET", "/api/activity-results/"+field(result, "id"), "")
	s.checkpointOf(t, 2)
	return s
}

// storePart is a part of a store that a test spoils: its file on SQLite, its schema on PostgreSQL.
type storePart struct{ file, schema string }

var (
	ofLog    = storePart{"log.db", "resultlog"}
	ofTables = storePart{"read.db", "resultlog_read"}
	ofAudit  = storePart{"audit.db", "resultlog_audit"}
)

// change runs a statement in a part of a store, as who has the database can. MIGRATIONS is goose's table.
func (p storePart) change(t *testing.T, place, statement string) {
	t.Helper()
	if isPostgres(place) {
		askPostgres(t, place, "SET default_transaction_read_only = off", "SET search_path = "+p.schema, strings.ReplaceAll(statement, "MIGRATIONS", "migrations"))
		return
	}
	db, err := sql.Open("sqlite", filepath.Join(place, p.file))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), strings.ReplaceAll(statement, "MIGRATIONS", "goose_db_version")); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// ill is a store that is not as it must be.
type ill struct {
	what        string // a sentence
	in          storePart
	spoil, mend string        // statements; none: the clock alone is wrong
	at          time.Duration // of the clock, from now
	check       string        // that must say so
	status      checkStatus
	found       string // a regular expression
	advice      string // a part of it
}

const anID = `'00000000000000000000000000000001'`

var illnesses = []ill{
	{"the log is of an older program", ofLog, `UPDATE MIGRATIONS SET version_id = -version_id WHERE version_id > 0`, `UPDATE MIGRATIONS SET version_id = -version_id WHERE version_id < 0`, 0,
		"migrations", "warn", `log: not there yet`, "resultlog migrate"},
	{"the read tables are of an older program", ofTables, `UPDATE MIGRATIONS SET version_id = -version_id WHERE version_id > 1`, `UPDATE MIGRATIONS SET version_id = -version_id WHERE version_id < 0`, 0,
		"migrations", "warn", `read tables: 1, and \d is the newest`, "resultlog migrate"},
	{"the log is of a newer program", ofLog, `UPDATE MIGRATIONS SET version_id = 99 WHERE version_id = 1`, `UPDATE MIGRATIONS SET version_id = 1 WHERE version_id = 99`, 0,
		"migrations", "fail", `log: 99, and this program knows 1 to \d`, "upgrade this program"},
	{"the audit's tables are of a newer program", ofAudit, `UPDATE MIGRATIONS SET version_id = 99 WHERE version_id = 1`, `UPDATE MIGRATIONS SET version_id = 1 WHERE version_id = 99`, 0,
		"migrations", "fail", `audit tables: 99`, "upgrade this program"},
	{"nothing projects", ofTables, `UPDATE checkpoints SET position = 1`, `UPDATE checkpoints SET position = 2`, time.Hour,
		"lag", "warn", `^behind by 1: the log is at 2, the read tables at 1; .* recorded 1h\d+m\d+s ago$`, "see whether a server runs"},
	{"something is projected late, and not too late", ofTables, `UPDATE checkpoints SET position = 1`, `UPDATE checkpoints SET position = 2`, -time.Minute,
		"lag", "ok", `^behind by 1: .* recorded 0s ago$`, ""},
	{"the read tables are of another log", ofTables, `UPDATE checkpoints SET position = 99`, `UPDATE checkpoints SET position = 2`, 0,
		"lag", "fail", `^the read tables are at 99, and the log ends at 2$`, "resultlog rebuild"},
	{"something is parked", ofTables, `INSERT INTO dead_letters (tenant_id, stream_id, version, position, tenant_position, event_id, recorded_at, parked_at, error)
		VALUES (ID, ID, 1, 1, 1, ID, 1000, 1000, 'why')`, `DELETE FROM dead_letters`, 0,
		"dead letters", "warn", `^1, the oldest since 1970-01-01T00:00:01.000Z$`, "resultlog deadletters list"},
	{"the clock here is some seconds behind", ofLog, "", "", -20 * time.Second, // of the 30 from which on it fails; what this test has taken counts against them
		"clock", "warn", `(is \d[\d.]*s from now|clock is \d[\d.]*s ahead)`, "NTP"},
	{"the clock here is an hour behind", ofLog, "", "", -time.Hour,
		"clock", "fail", `(is (59m\d+s|1h0m\ds) from now|clock is (59m\d+s|1h0m\ds) ahead)`, "NTP"},
	{"the clock here was never set", ofLog, "", "", -50 * 365 * 24 * time.Hour,
		"clock", "fail", `^it is 19\d\d-`, "set the clock"},
	{"the trees are kept by nobody", ofAudit, `UPDATE checkpoints SET position = 1`, `UPDATE checkpoints SET position = 2`, time.Hour,
		"checkpoints", "warn", `^the newest was signed at .*; events in no tree: 1, trees unsigned: 0, for `, "see whether a server runs"},
	{"the trees are signed by nobody", ofAudit, `UPDATE trees SET signed_size = 0`, `UPDATE trees SET signed_size = size`, time.Hour,
		"checkpoints", "warn", `^none is signed yet; events in no tree: 0, trees unsigned: 1, for `, "see whether a server runs"},
	{"the trees are of another log", ofAudit, `UPDATE checkpoints SET position = 99`, `UPDATE checkpoints SET position = 2`, 0,
		"checkpoints", "warn", `^the audit's trees are at 99, and the log ends at 2$`, "resultlog verify"},
}

// illOn are those of one engine alone.
func illOn(t *testing.T, place string) []ill {
	if !isPostgres(place) {
		return []ill{
			{"the log may be changed", ofLog, `DROP TRIGGER events_are_not_deleted`, `CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'no'); END`, 0,
				"settings", "fail", `; 1 of 2 append-only triggers are there$`, "resultlog verify"},
			{"the log is not in WAL mode", ofLog, `PRAGMA journal_mode = DELETE`, `PRAGMA journal_mode = WAL`, 0,
				"settings", "warn", `^journal_mode is not WAL; `, "the next server"},
		}
	}
	name := askPostgres(t, place, "SELECT current_database()::text")
	set := func(what string) string { return fmt.Sprintf("ALTER DATABASE %s SET %s", name, what) }
	reset := func(what string) string { return fmt.Sprintf("ALTER DATABASE %s RESET %s", name, what) }
	return []ill{
		{"the log may be changed", ofLog, `ALTER TABLE events ENABLE TRIGGER events_are_not_changed`, `ALTER TABLE events ENABLE ALWAYS TRIGGER events_are_not_changed`, 0,
			"settings", "fail", `; 1 of 2 append-only triggers are at work$`, "resultlog verify"},
		{"commits are not waited for", ofLog, set("synchronous_commit = off"), reset("synchronous_commit"), 0, "settings", "warn", `; synchronous_commit off; `, "roles.sql"},
		{"transactions do not see what was written while they waited", ofLog, set("default_transaction_isolation = 'serializable'"), reset("default_transaction_isolation"), 0,
			"settings", "fail", `; default_transaction_isolation serializable; `, "read committed"},
		{"the clock here is an hour behind, and the server's is right", ofLog, "", "", -time.Hour, "clock", "fail", `ahead, give or take \S+; the newest event was recorded at \S+$`, "on both machines"},
		{"nothing can be written", ofLog, set("default_transaction_read_only = on"), reset("default_transaction_read_only"), 0,
			"store", "fail", ` as \w+, the primary, which is read only$`, "failover"},
	}
}

// TestDoctor: a store is well beside its server, and when none runs. Each illness is found by its own check, and what to do is said; when all are cured the store is well again.
func TestDoctor(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		s := used(t, place)
		mustBeWell(t, "beside its server", place)
		s.stop()
		mustBeWell(t, "without a server", place)
		id := "X" + anID
		if isPostgres(place) {
			id = anID
		}
		for _, ill := range append(illOn(t, place), illnesses...) {
			if ill.spoil != "" {
				ill.in.change(t, place, strings.ReplaceAll(ill.spoil, "ID,", id+","))
			}
			got := examined(t, place, time.Now().Add(ill.at))[ill.check]
			if ill.mend != "" {
				ill.in.change(t, place, ill.mend)
			}
			if got.Status != ill.status || !regexp.MustCompile(ill.found).MatchString(got.Found) || !strings.Contains(got.Advice, ill.advice) || (got.Advice == "") != (ill.status == "ok") {
				t.Errorf("%s: %+v", ill.what, got)
			}
		}
		mustBeWell(t, "cured", place)
	})
}

// Parts that nobody has made yet are no failure: the log alone was restored, say.
func TestDoctorOfALogAlone(t *testing.T) {
	dir := t.TempDir()
	if err := poison(dir); err != nil {
		t.Fatal(err)
	}
	code, out, told := typed(t, "doctor", "--data", dir)
	for _, want := range []string{"\nwarn  migrations ", "read tables: not there yet", "\nskip  lag ", "read.db is not there yet", "\nskip  checkpoints ", " 3 skipped\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != 0 || told != "" {
		t.Errorf("exit code %d, %s", code, told)
	}
}

// TestDoctorByTheRolesOfADatabase: those that the servers and the owner log in as are enough, and are told what they lack of roles.sql; that of analysts is not.
func TestDoctorByTheRolesOfADatabase(t *testing.T) {
	unraced(t)
	dsn := postgrestest.Own(t).DSN("postgres")
	used(t, dsn).stop()
	pgTool(t, "psql", "--quiet", "--dbname="+dsn, "--file=../../docs/deploy/roles.sql")
	as := func(role string) string { return strings.Replace(dsn, "resultlog@", role+"@", 1) }
	for _, role := range []string{"resultlog_runtime", "resultlog_owner"} {
		mustBeWell(t, role, as(role))
	}
	if got := examined(t, as("resultlog_analyst"), time.Now())["store"]; got.Status != "fail" || !strings.Contains(got.Found, "may not read the log") || !strings.Contains(got.Advice, "resultlog_runtime") {
		t.Errorf("an analyst: %+v", got)
	}
	if got := examined(t, as("nobody"), time.Now())["store"]; got.Status != "fail" || !strings.Contains(got.Advice, "pg_hba.conf") {
		t.Errorf("a role that there is not: %+v", got)
	}
	askPostgres(t, dsn, "ALTER ROLE resultlog_runtime RESET idle_in_transaction_session_timeout")
	if got := examined(t, as("resultlog_runtime"), time.Now())["settings"]; got.Status != "warn" || !strings.Contains(got.Found, "lacks idle_in_transaction_session_timeout") {
		t.Errorf("a role that lacks something: %+v", got)
	}
}

// TestDoctorOfADatabaseWithoutALog, and of none; no password is shown.
func TestDoctorOfADatabaseWithoutALog(t *testing.T) {
	dsn := postgrestest.Database(t)
	if got := examined(t, dsn, time.Now())["store"]; got.Status != "fail" || !strings.Contains(got.Found, "; there is no log in it") || !strings.Contains(got.Advice, "resultlog migrate") {
		t.Errorf("an empty database: %+v", got)
	}
	nowhere := strings.NewReplacer("resultlog@", "resultlog:hidden@", "/resultlog_test_", "/no_").Replace(dsn)
	code, out, told := typed(t, "doctor", "--store", nowhere)
	if code != 1 || !strings.Contains(out, "docs/operations.md#setting-up") || !strings.Contains(out, "; the server's is not known") || strings.Contains(out+told, "hidden") ||
		told != "resultlog: 1 of 9 checks failed\n" {
		t.Errorf("%d\n%s%s", code, out, told)
	}
}

// TestDoctorOfAStoreThatHangs: a server that takes the connection and says nothing ends neither the command nor the checks that do not need it.
func TestDoctorOfAStoreThatHangs(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	command := doctorCommand{storeFlags: storeFlags{Store: "postgres://user:hidden@" + listener.Addr().String() + "/db?sslmode=disable"}}
	begin := time.Now()
	report, err := command.examine(t.Context(), time.Now, 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it took %s", took)
	}
	if got := report.Checks[0]; got.Status != "fail" || got.Found != "no answer within 50ms" || !strings.Contains(got.Advice, "hangs") || report.count("ok") != 1 || report.count(statusSkipped) != 7 {
		t.Errorf("%+v", report)
	}
}

// TestACheckIsGivenUp: one that is deaf to its time is left behind; and who is interrupted is not told that the store hangs.
func TestACheckIsGivenUp(t *testing.T) {
	woken := make(chan struct{})
	defer close(woken)
	deaf := func(context.Context) (eventstore.Finding, error) {
		<-woken
		return eventstore.Found("awake"), nil
	}
	if f, err := within(t.Context(), time.Millisecond, deaf); err != nil || f.Health != eventstore.HealthFail || f.Found != "no answer within 1ms" {
		t.Errorf("%+v, %v", f, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	obedient := func(ctx context.Context) (eventstore.Finding, error) { return eventstore.Finding{}, ctx.Err() }
	if f, err := within(ctx, time.Minute, obedient); !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestJudgeYear: a clock that was never set is found on an empty log, too.
func TestJudgeYear(t *testing.T) {
	for year, want := range map[int]eventstore.Health{1970: eventstore.HealthFail, firstYear - 1: eventstore.HealthFail, firstYear: eventstore.HealthOK} {
		if got := judgeYear(time.Date(year, 6, 1, 0, 0, 0, 0, time.UTC)); got.Health != want {
			t.Errorf("%d: %+v", year, got)
		}
	}
}

// TestDoctorForPrograms: what they read, to the letter.
func TestDoctorForPrograms(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nowhere")
	code, out, told := typed(t, "doctor", "--json", "--data", dir)
	this, err := json.Marshal(thisBuild().String())
	if err != nil {
		t.Fatal(err)
	}
	skipped := `"status":"skipped","found":"the store was not reached","advice":""}`
	want := `{"version":"` + thisBuild().Version + `","store":"` + dir + `","status":"fail","checks":[` +
		`{"name":"store","status":"fail","found":"there is no log.db in ` + dir + `","advice":"name the directory of the store by --data; resultlog serve makes one"},` +
		`{"name":"version","status":"ok","found":` + strings.TrimSuffix(string(this), `"`) + `; SQLite VERSION","advice":""},` +
		`{"name":"settings",` + skipped + `,{"name":"migrations",` + skipped + `,{"name":"lag",` + skipped + `,{"name":"dead letters",` + skipped + `,` +
		`{"name":"disk","status":"skipped","found":"the directory is not there yet","advice":""},` +
		`{"name":"clock",` + skipped + `,{"name":"checkpoints",` + skipped + "]}\n"
	if got := regexp.MustCompile(`SQLite [\d.]+`).ReplaceAllString(out, "SQLite VERSION"); got != want {
		t.Errorf("-want +got:\n%s", cmp.Diff(want, got))
	}
	if code != 1 || told != "resultlog: 1 of 9 checks failed\n" {
		t.Errorf("exit code %d, %s", code, told)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("it has made a directory")
	}
}
