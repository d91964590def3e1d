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
