package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"resultlog/projections/audit"
)

// checkpointOf waits for a signed checkpoint of at least so many events.
func (s *server) checkpointOf(t *testing.T, events int) string {
	t.Helper()
	for {
		status, note, err := s.call(t.Context(), http.MethodGet, "/api/audit/checkpoint", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		var size int
		if lines := strings.Split(string(note), "\n"); status == http.StatusOK {
			fmt.Sscan(lines[1], &size)
		}
		if size >= events {
			return string(note)
		}
	}
}

// verified runs resultlog verify, and gives its report.
func verified(t *testing.T, want int, args ...string) (report verifyReport) {
	t.Helper()
	var out, log strings.Builder
	if code := run(t.Context(), append([]string{"verify", "--json"}, args...), console{out: &out, err: &log}); code != want {
		t.Fatalf("verify %s: exit code %d, want %d\n%s%s", args, code, want, out.String(), log.String())
	}
	if err := json.Unmarshal([]byte(out.String()), &report); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return report
}

// forge changes an event by hand, as who has the database can.
func forge(t *testing.T, place, statement string) {
	t.Helper()
	if isPostgres(place) {
		askPostgres(t, place, "ALTER TABLE resultlog.events DISABLE TRIGGER ALL", strings.Replace(statement, "events", "resultlog.events", 1))
		return
	}
	db, err := sql.Open("sqlite", filepath.Join(place, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, trigger := range append(triggersOf(t, db), statement) {
		if _, err := db.ExecContext(context.Background(), trigger); err != nil {
			t.Fatalf("%s: %v", trigger, err)
		}
	}
}

// triggersOf are the statements that drop every trigger.
func triggersOf(t *testing.T, db *sql.DB) (drops []string) {
	t.Helper()
	rows, err := db.Query(`SELECT 'DROP TRIGGER ' || name FROM sqlite_schema WHERE type = 'trigger'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var drop string
		if err := rows.Scan(&drop); err != nil {
			t.Fatal(err)
		}
		drops = append(drops, drop)
	}
	return drops
}

// TestVerify goes the auditor's way: a store that nobody has touched is as it must be, beside its server and as an export; one that somebody has is not, and the place is named.
func TestVerify(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		s := serveOn(t, place)
		for n := range 3 {
			named := fmt.Sprintf(`"provider_activity_id":"p%d"`, n)
			s.must(t, http.StatusCreated, "POST", "/api/activities", creation(fmt.Sprint("a", n), named))
			s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(named, "COMPLETED", now(), false))
		}
		kept := filepath.Join(t.TempDir(), "kept.txt")
		if err := os.WriteFile(kept, []byte(s.checkpointOf(t, 9)), 0o600); err != nil {
			t.Fatal(err)
		}
		key := strings.Split(s.must(t, http.StatusOK, "GET", "/api/audit/keys", ""), `"`)[3]
		trusted := []string{"--key", key, "--checkpoint", kept}
		report := verified(t, 0, append(in(place), trusted...)...)
		if !report.OK || report.Events != 9 || report.Checkpoints < 2 || report.Keys != "trusted" || report.Tables == nil || report.Tables.Rows == 0 || len(report.Tenants) != 1 || report.Tenants[0].Unsigned != 0 {
			t.Errorf("beside the server: %+v", report)
		}
		s.stop()

		export := filepath.Join(t.TempDir(), "history.ndjson")
		if err := os.WriteFile(export, []byte(printed(t, place, "--signed")), 0o600); err != nil {
			t.Fatal(err)
		}
		if report := verified(t, 0, append([]string{"--file", export}, trusted...)...); !report.OK || report.Events != 9 || report.Checkpoints != 2 {
			t.Errorf("the export: %+v", report)
		}

		forge(t, place, `UPDATE events SET data = replace(data, '"commerce_external_id":"', '"commerce_external_id":"forged-') WHERE position = 5`)
		report = verified(t, 1, append(in(place), trusted...)...)
		if !slices.ContainsFunc(report.Findings, func(f findingReport) bool {
			return f.Kind == audit.KindCheckpoint && f.First == 5 && f.Last == 5 && f.LogPosition == 5
		}) || !slices.ContainsFunc(report.Findings, func(f findingReport) bool {
			return f.Kind == audit.KindReadTables && strings.Contains(f.Message, "results") && strings.Contains(f.Message, "commerce_external_id")
		}) {
			t.Errorf("forged: %+v", report.Findings)
		}
		if err := os.WriteFile(export, []byte(printed(t, place)), 0o600); err != nil {
			t.Fatal(err)
		}
		report = verified(t, 1, append([]string{"--file", export}, trusted...)...)
		if len(report.Findings) != 1 || report.Findings[0].Kind != audit.KindCheckpoint || report.Findings[0].First > 5 || report.Findings[0].Last < 5 {
			t.Errorf("the forged export: %+v", report.Findings)
		}
	})
}

// A receipt leads to a proof: what the 201 says of its event is what the inclusion proof is about.
func TestReceiptLeadsToItsProof(t *testing.T) {
	s := serveOn(t, t.TempDir())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/api/activity-results/tasks", strings.NewReader(submission("", "COMPLETED", now(), false)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"Authorization": {"Bearer " + s.token}, "X-Tenant-Id": {testTenant}, "Content-Type": {"application/json"}}
	answer, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	position, leaf := answer.Header.Get("Resultlog-Position"), answer.Header.Get("Resultlog-Leaf")
	s.checkpointOf(t, 1)
	if proof := s.must(t, http.StatusOK, "GET", "/api/audit/inclusion?position="+position, ""); leaf == "" || field(proof, "leaf") != leaf {
		t.Errorf("the 201 said %s, the proof is of %s", leaf, proof)
	}
}
