package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// crudWith gives the CRUD handler over an empty database with so many activities, and a connection to look behind it.
func crudWith(t *testing.T, activities int64) (http.Handler, *pgx.Conn) {
	t.Helper()
	dsn := postgrestest.Database(t)
	tables, err := openTables(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tables.pool.Close)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the database goes anyway
	if err := stockActivities(t.Context(), conn, activities); err != nil {
		t.Fatal(err)
	}
	return crudHandler(testToken, tables), conn
}

// post sends the n-th submission with a status of its own.
func post(t *testing.T, handler http.Handler, n int64, status core.ResultStatus) (code int, answer map[string]any) {
	t.Helper()
	request := submission(testToken)
	parsed, _ := parse(t, request.fill(n))
	_, body, _ := bytes.Cut(request.text, []byte("\r\n\r\n"))
	sent := httptest.NewRequest(parsed.Method, parsed.URL.Path, bytes.NewReader(bytes.Replace(body, []byte("COMPLETED"), []byte(status.String()), 1)))
	sent.Header = parsed.Header
	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, sent)
	if recorder.Code == http.StatusCreated {
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
			t.Fatal(err)
		}
	}
	return recorder.Code, answer
}

func TestCRUDKeepsWhatItAcknowledges(t *testing.T) {
	handler, conn := crudWith(t, 300)
	got, err := clientsOf(t, handler, 8).closedLoop(submission(testToken), numbers(300), time.Minute)
	if err != nil || len(got.acknowledged()) != 300 {
		t.Fatalf("%d answers, %v", len(got.acknowledged()), err)
	}
	ids := got.acknowledged()
	if err := verifyTables(t.Context(), conn, ids); err != nil {
		t.Error(err)
	}
	for name, wrong := range map[string][]core.ID{"one too few": ids[1:], "one too many": append(ids[:300:300], core.ID{7}), "another": append(ids[:299:299], core.ID{7}), "one twice": append(ids[:299:299], ids[0])} {
		if err := verifyTables(t.Context(), conn, wrong); err == nil {
			t.Errorf("%s passed the verification", name)
		}
	}
	for _, change := range []string{
		`DELETE FROM events WHERE id = 1`, `UPDATE activities SET status = 'READY' WHERE provider_activity_id = 'ext-000000000001'`, `DELETE FROM results WHERE id = (SELECT min(id::text)::uuid FROM results)`,
		`INSERT INTO results SELECT (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'activity_id', gen_random_uuid()))).* FROM results r LIMIT 1`,
	} {
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		if err := verifyTables(t.Context(), conn, ids); err == nil {
			t.Errorf("passed the verification: %s", change)
		}
		if err := tx.Rollback(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A completed activity takes no second result, one that was only reported on takes the next, and one that nobody knows takes none.
func TestCRUDJudges(t *testing.T) {
	handler, conn := crudWith(t, 2)
	if code, _ := post(t, handler, 1, core.ResultCompleted); code != http.StatusCreated {
		t.Fatalf("%d", code)
	}
	if code, _ := post(t, handler, 1, core.ResultCompleted); code != http.StatusConflict {
		t.Errorf("a second submission for a completed activity: %d, want 409", code)
	}
	if code, _ := post(t, handler, 3, core.ResultCompleted); code != http.StatusNotFound {
		t.Errorf("an activity that there is not: %d, want 404", code)
	}
	_, pending := post(t, handler, 2, core.ResultPending)
	const created = "2026-01-02T03:04:05.006Z" // the two may come in the same millisecond
	if _, err := conn.Exec(t.Context(), `UPDATE results SET created_at = $1::text::timestamptz WHERE status = 'PENDING'`, created); err != nil {
		t.Fatal(err)
	}
	code, updated := post(t, handler, 2, core.ResultCanceled)
	if code != http.StatusCreated || updated["id"] != pending["id"] || updated["activityId"] != pending["activityId"] || updated["createdAt"] != created || updated["resultStatus"] != "CANCELED" {
		t.Errorf("%d: a pending result was updated from %v to %v", code, pending, updated)
	}
	if code, _ := post(t, handler, 2, core.ResultCanceled); code != http.StatusConflict {
		t.Errorf("a third submission, for a canceled activity: %d, want 409", code)
	}
	var said []string
	if err := conn.QueryRow(t.Context(), `SELECT array_agg(a.status || ' ' || r.status || ' ' || (SELECT count(*) FROM events e WHERE e.activity_id = a.id AND e.result_id = r.id) ORDER BY provider_activity_id)
		FROM activities a JOIN results r ON r.activity_id = a.id`).Scan(&said); err != nil {
		t.Fatal(err)
	}
	if want := []string{"COMPLETED COMPLETED 1", "CANCELED CANCELED 2"}; !slices.Equal(said, want) {
		t.Errorf("%q is kept, want %q", said, want)
	}
}

// Of two submissions for one activity at the same time one is kept.
func TestCRUDLocksTheActivity(t *testing.T) {
	handler, conn := crudWith(t, 1)
	clients := clientsOf(t, handler, 16)
	request := submission(testToken)
	request.fill(1)
	request.marks = nil // all are the same
	if _, err := clients.closedLoop(request, numbers(16), time.Minute); err == nil || !strings.Contains(err.Error(), "answered 409") {
		t.Errorf("%v, want a 409", err)
	}
	var results, events int
	if err := conn.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM results), (SELECT count(*) FROM events)`).Scan(&results, &events); err != nil || results != 1 || events != 1 {
		t.Errorf("%d results, %d events, %v; want one of each", results, events, err)
	}
}

// Who comes while another has the activity waits, and judges by what that one has made of it.
func TestCRUDWaitsForTheActivity(t *testing.T) {
	handler, conn := crudWith(t, 1)
	first, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Exec(t.Context(), `UPDATE activities SET status = 'COMPLETED'`); err != nil {
		t.Fatal(err)
	}
	second := make(chan int, 1)
	go func() {
		code, _ := post(t, handler, 1, core.ResultCompleted)
		second <- code
	}()
	for waiting := 0; waiting == 0 && len(second) == 0; {
		if err := first.QueryRow(t.Context(), `SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))`).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := <-second; code != http.StatusConflict {
		t.Errorf("%d, want 409: the first has completed it", code)
	}
}

// Every row keeps what was sent, and the event the very bytes.
func TestCRUDKeepsEveryField(t *testing.T) {
	handler, conn := crudWith(t, 1)
	const body = `{"provider_activity_id":"ext-000000000001","commerce_external_id":"store-7","status":"PENDING","occurred_at":"2026-01-02T03:04:05.006Z","external_status":"odd","raw_payload":{"a":1},` +
		`"task_result":{"result":"success","comment":"é","contact_type":"OUTBOUND","operator_external_id":"op","future_scheduled_at":"2026-02-03T04:05:06.007Z"}}`
	sent := httptest.NewRequest("POST", "/api/activity-results/tasks", strings.NewReader(body))
	sent.Header = http.Header{"Authorization": {"Bearer " + testToken}, "X-Tenant-Id": {tenantText}}
	recorder := httptest.NewRecorder()
	if handler.ServeHTTP(recorder, sent); recorder.Code != http.StatusCreated {
		t.Fatalf("%d: %s", recorder.Code, recorder.Body)
	}
	var same bool
	if err := conn.QueryRow(t.Context(), `SELECT commerce_external_id = 'store-7' AND r.status = 'PENDING' AND a.status = 'READY' AND external_status = 'odd' AND raw_payload = '{"a":1}' AND payload IS NULL
		AND result = 'success' AND comment = 'é' AND contact_type = 'OUTBOUND' AND operator_external_id = 'op' AND occurred_at = '2026-01-02T03:04:05.006Z'
		AND future_scheduled_at = '2026-02-03T04:05:06.007Z' AND body = $1
		FROM results r JOIN activities a ON a.id = r.activity_id JOIN events e ON e.result_id = r.id`, body).Scan(&same); err != nil || !same {
		t.Errorf("what is kept is not what was sent: %v", err)
	}
}
