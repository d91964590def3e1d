package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"resultlog/core"
	"resultlog/projections/export"
)

// exportedTables is what is exported of what fillTables has made, as NDJSON; the large payload is left out.
var exportedTables = map[string]string{
	"results": `{"tenant_id":"01890a5d-ac96-774b-bcce-000000008001","result_id":"01890a5d-ac96-774b-bcce-00000000800b","activity_id":"01890a5d-ac96-774b-bcce-000000008015","source":"RETEN_ACTIVITY",` +
		`"status":"COMPLETED","result":"success","classification":"POSITIVE","contact_type":"OUTBOUND","channel":"SALESMAN","provider_activity_id":"ext-1","commerce_external_id":"store-001","external_status":"DONE",` +
		`"operator_external_id":"-op","comment":"=1+1; é 漢字 😀","payload":{"big":"…"},"raw_payload":{"a": [1,   2.50]},"occurred_at":"1969-12-31T23:59:59.999Z","future_scheduled_at":"2025-01-16T00:00:00.001Z",` +
		`"hard_override":true,"created_at":"2025-01-16T00:00:00.000Z","updated_at":"2025-01-16T00:01:00.000Z","erased_at":null,"version":2,"last_position":3}
{"tenant_id":"01890a5d-ac96-774b-bcce-000000008002","result_id":"01890a5d-ac96-774b-bcce-00000000800c","activity_id":null,"source":"STANDALONE","status":"NOT_EXECUTED","result":"not_home",` +
		`"classification":null,"contact_type":null,"channel":null,"provider_activity_id":null,"commerce_external_id":"","external_status":null,"operator_external_id":null,"comment":null,"payload":null,"raw_payload":null,` +
		`"occurred_at":"2025-01-16T00:00:00.000Z","future_scheduled_at":null,"hard_override":false,"created_at":"2025-01-16T00:00:00.000Z","updated_at":"2025-01-16T00:00:00.000Z",` +
		`"erased_at":"2025-01-16T00:00:00.002Z","version":1,"last_position":1}
`,
	"submissions": `{"tenant_id":"01890a5d-ac96-774b-bcce-000000008001","result_id":"01890a5d-ac96-774b-bcce-00000000800b","version":1,"position":2,"event_id":"01890a5d-ac96-774b-bcce-000000008035",` +
		`"is_first":true,"activity_id":"01890a5d-ac96-774b-bcce-000000008015","source":"RETEN_ACTIVITY","status":"PENDING","result":"no_answer","classification":null,"contact_type":"INBOUND",` +
		`"channel":"SALESMAN","provider_activity_id":"ext-1","commerce_external_id":"store-001","external_status":"DONE","operator_external_id":"@op","occurred_at":"1969-12-31T23:59:59.999Z",` +
		`"future_scheduled_at":"2025-01-16T00:00:00.001Z","hard_override":true,"overridden":true,"recorded_at":"2025-01-16T00:00:00.000Z"}
{"tenant_id":"01890a5d-ac96-774b-bcce-000000008002","result_id":"01890a5d-ac96-774b-bcce-00000000800c","version":3,"position":1,"event_id":"01890a5d-ac96-774b-bcce-000000008036",` +
		`"is_first":false,"activity_id":null,"source":"STANDALONE","status":"NOT_EXECUTED","result":"not_home","classification":null,"contact_type":null,"channel":null,"provider_activity_id":null,` +
		`"commerce_external_id":"","external_status":null,"operator_external_id":null,"occurred_at":"2025-01-16T00:00:00.000Z","future_scheduled_at":null,"hard_override":false,"overridden":false,` +
		`"recorded_at":"2025-01-16T00:00:00.001Z"}
`,
	"activities": `{"tenant_id":"01890a5d-ac96-774b-bcce-000000008001","activity_id":"01890a5d-ac96-774b-bcce-000000008015","type":"TASK","status":"COMPLETED","reason":"visit","channel":"SALESMAN",` +
		`"commerce_id":"01890a5d-ac96-774b-bcce-00000000801f","commerce_external_id":"store-001","provider_activity_id":"ext-1","idempotency_key":"k1","scheduled_at":"1969-12-30T23:59:59.999Z",` +
		`"suggested_execution_time":"morning","user_status":"ACTIVE","score":-0.25,"assignment_reason":"nearest","assigned_route_id":"01890a5d-ac96-774b-bcce-000000008029",` +
		`"assigned_operator_id":"01890a5d-ac96-774b-bcce-00000000802a","result_id":"01890a5d-ac96-774b-bcce-00000000800b","created_at":"2025-01-16T00:00:00.000Z","updated_at":"2025-01-16T00:01:00.000Z",` +
		`"version":2,"last_position":3}
{"tenant_id":"01890a5d-ac96-774b-bcce-000000008002","activity_id":"01890a5d-ac96-774b-bcce-000000008016","type":"MESSAGE","status":"READY","reason":"hi","channel":"SMS",` +
		`"commerce_id":"01890a5d-ac96-774b-bcce-00000000801f","commerce_external_id":null,"provider_activity_id":null,"idempotency_key":"k2","scheduled_at":"2025-01-16T00:00:00.000Z",` +
		`"suggested_execution_time":null,"user_status":null,"score":null,"assignment_reason":null,"assigned_route_id":null,"assigned_operator_id":null,"result_id":null,` +
		`"created_at":"2025-01-16T00:00:00.000Z","updated_at":"2025-01-16T00:00:00.000Z","version":1,"last_position":1}
`,
	"activity_transitions": `{"tenant_id":"01890a5d-ac96-774b-bcce-000000008001","activity_id":"01890a5d-ac96-774b-bcce-000000008015","version":1,"position":1,"event_id":"01890a5d-ac96-774b-bcce-000000008033",` +
		`"event_type":"CREATED","from_status":null,"to_status":"READY","channel":"SALESMAN","seconds_in_former_status":null,"result_id":null,"overridden":false,"error_code":null,"error_message":null,"occurred_at":"2025-01-16T00:00:00.000Z"}
{"tenant_id":"01890a5d-ac96-774b-bcce-000000008001","activity_id":"01890a5d-ac96-774b-bcce-000000008015","version":2,"position":2,"event_id":"01890a5d-ac96-774b-bcce-000000008034",` +
		`"event_type":"RESULT","from_status":"READY","to_status":"FAILED","channel":"SALESMAN","seconds_in_former_status":12.345,"result_id":"01890a5d-ac96-774b-bcce-00000000800b","overridden":true,"error_code":"not_home",` +
		`"error_message":"nobody\nthere","occurred_at":"2025-01-16T00:00:12.345Z"}
`,
	"task_result_types": `{"tenant_id":"01890a5d-ac96-774b-bcce-000000008001","code":"success","is_active":true,"classification":"POSITIVE","updated_at":"2025-01-16T00:00:00.000Z","version":1,"last_position":1}
`,
	"result_daily": `{"tenant_id":"01890a5d-ac96-774b-bcce-000000008001","day":"1969-12-31","status":"COMPLETED","source":"RETEN_ACTIVITY","result":"success","classification":"POSITIVE","contact_type":"OUTBOUND",` +
		`"channel":"SALESMAN","results":1,"hard_overrides":1}
{"tenant_id":"01890a5d-ac96-774b-bcce-000000008002","day":"2025-01-16","status":"NOT_EXECUTED","source":"STANDALONE","result":"not_home","classification":null,"contact_type":null,"channel":null,` +
		`"results":1,"hard_overrides":0}
`,
}

// TestExports: of every read table, on either engine, everything that its columns may hold is exported as it is; and in each format it is the same.
func TestExports(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		fillTables(t, place)
		for _, kind := range readableKinds {
			lines, said := exportedFile(t, place, kind, "ndjson")
			if diff := cmp.Diff(exportedTables[kind], strings.Replace(string(lines), strings.Repeat("x", 200_000), "…", 1)); diff != "" {
				t.Errorf("%s: %s", kind, diff)
			}
			rows := bytes.Count(lines, []byte("\n"))
			if want := fmt.Sprintf("exported %d rows of %s (%d bytes) in ", rows, kind, len(lines)); !strings.HasPrefix(said, want) || !strings.HasSuffix(said, ", as of position 0 of the log, which is its last\n") {
				t.Errorf("it said %q", said)
			}
			if again, _ := exportedFile(t, place, kind, "jsonl"); !bytes.Equal(lines, again) {
				t.Errorf("%s is another file the second time", kind)
			}
			table, _ := exportedFile(t, place, kind, "csv")
			if got := bytes.Count(table, []byte("\r\n01890a5d-")); got != rows { // each begins with the tenant
				t.Errorf("%s has %d rows as CSV and %d as NDJSON", kind, got, rows)
			}
			columns, _ := exportedFile(t, place, kind, "parquet")
			if f, err := parquet.OpenFile(bytes.NewReader(columns), int64(len(columns))); err != nil || f.NumRows() != int64(rows) {
				t.Errorf("%s as Parquet: %v; as NDJSON it has %d rows", kind, err, rows)
			}
		}
		if file, _ := exportedFile(t, place, "results", "csv"); !bytes.Contains(file, []byte(`,"'=1+1; é 漢字 😀",`)) || !bytes.Contains(file, []byte(`,'-op,`)) {
			t.Errorf("what a spreadsheet would run: %.400s", file)
		}
	})
}

// TestWhatIsSelected: by tenant, and by time from the first moment that is named to the last before the other.
func TestWhatIsSelected(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		fillTables(t, place)
		tenant := func(n byte) string { return fmt.Sprintf("01890a5d-ac96-774b-bcce-0000000080%02x", n) }
		for args, want := range map[string]int{
			"results": 2, "results --tenant " + tenant(1): 1, "results --tenant " + tenant(9): 0,
			"results --from 2025-01-16": 1, "results --from 2025-01-16T00:00:00.001Z": 0, "results --to 2025-01-16": 1, "results --to 2025-01-16T00:00:00.001Z": 2,
			"results --from 1969-12-31T23:59:59.999Z --to 1970-01-01": 1, "results --from 1970-01-01 --to 2025-01-17 --tenant " + tenant(2): 1,
			"activity_transitions --from 2025-01-16T00:00:01Z": 1, "activities --to 2025-01-16": 0, "task_result_types --from 2025-01-16 --to 2025-01-17": 1,
			"result_daily --from 2025-01-16": 1, "result_daily --from 2025-01-16T00:00:00.001Z": 0, "result_daily --to 2025-01-16": 1,
		} {
			var out, log strings.Builder
			code := run(t.Context(), append(append([]string{"export"}, strings.Fields(args)...), in(place)...), console{out: &out, err: &log})
			if got := strings.Count(out.String(), "\n"); code != 0 || got != want || (want == 0) != strings.Contains(log.String(), "were found that fit") {
				t.Errorf("%s: exit code %d, %d rows, want %d; %s", args, code, got, want, log.String())
			}
		}
	})
}

// TestExportedEvents: as NDJSON they are what resultlog events prints, and verify takes them for a whole history; as a table they are as many, and say the same.
func TestExportedEvents(t *testing.T) {
	onEachStore(t, func(t *testing.T, place string) {
		s := serveOn(t, place)
		begin := field(s.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", `"provider_activity_id":"p"`)), "createdAt")
		for range 3 {
			s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false))
		}
		s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(`"provider_activity_id":"p"`, "COMPLETED", now(), false))
		want := printed(t, place)
		lines, said := exportedFile(t, place, "events", "ndjson", "--tenant", testTenant)
		if diff := cmp.Diff(want, string(lines)); diff != "" || !strings.HasSuffix(said, "as of tenant position 6, which is the last\n") {
			t.Errorf("%s%s", said, diff)
		}
		if all, _ := exportedFile(t, place, "events", "ndjson"); string(all) != want {
			t.Errorf("without --tenant:\n%s", all)
		}
		if none, _ := exportedFile(t, place, "events", "ndjson", "--to", begin); len(none) != 0 {
			t.Errorf("before %s there is\n%s", begin, none)
		}
		if late, _ := exportedFile(t, place, "events", "ndjson", "--from", after(t, begin)); string(late) != want[strings.Index(want, "\n")+1:] {
			t.Errorf("after %s there is\n%s", begin, late)
		}
		table, _ := exportedFile(t, place, "events", "csv", "--tenant", testTenant)
		sameEvents(t, want, table)
		columns, _ := exportedFile(t, place, "events", "parquet", "--tenant", testTenant, "--from", "2025-01-01")
		f, err := parquet.OpenFile(bytes.NewReader(columns), int64(len(columns)))
		if err != nil || f.NumRows() != 6 {
			t.Fatalf("as Parquet: %v", err)
		}
		for name, want := range map[string]string{"tenant_position": "6", "tenant": testTenant, "kind": "events", "from": "2025-01-01T00:00:00.000Z", "contract": "1", "version": thisBuild().Version} {
			if got, _ := f.Lookup("resultlog." + name); got != want {
				t.Errorf("the file says of its %s: %q", name, got)
			}
		}
	})
}

// sameEvents compares the rows of a table with the lines that auditors are shown.
func sameEvents(t *testing.T, lines string, table []byte) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(table)).ReadAll()
	if err != nil || len(records) != strings.Count(lines, "\n")+1 {
		t.Fatalf("%d rows, %v", len(records), err)
	}
	at := 0
	for line := range strings.Lines(lines) {
		var e struct {
			TenantID, StreamID, EventID, Type, RecordedAt, RequestID string
			TenantPosition, Version, Schema                          int
			Actor                                                    core.Actor
			Metadata, Data                                           json.RawMessage
		}
		var m core.Metadata
		if err := errors.Join(json.Unmarshal([]byte(line), &e), json.Unmarshal(e.Metadata, &m)); err != nil {
			t.Fatal(err)
		}
		causation := ""
		if !m.CausationID.IsZero() {
			causation = m.CausationID.String()
		}
		want := []string{e.TenantID, fmt.Sprint(e.TenantPosition), e.StreamID, fmt.Sprint(e.Version), e.EventID, e.Type, fmt.Sprint(e.Schema), e.RecordedAt,
			e.Actor.Subject, e.Actor.Role, e.Actor.Key, e.RequestID, causation, m.Idempotency.Key, string(e.Metadata), string(e.Data)}
		if at++; !cmp.Equal(want, records[at]) {
			t.Errorf("row %d: %s", at, cmp.Diff(want, records[at]))
		}
	}
}

// TestAnExportIsOfOneMoment: what is written while it is under way is not in it, and not in the position that it tells.
func TestAnExportIsOfOneMoment(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		fillTables(t, place)
		withTables(t, place, func(s *store) error {
			snapshot, err := s.reading.Snapshot(t.Context())
			if err != nil {
				return err
			}
			defer snapshot.Rollback()
			for _, statement := range []string{`DELETE FROM activities`, `INSERT INTO checkpoints (subscription, position, event_id, generation) SELECT 'read_tables', 7, tenant_id, 1 FROM task_result_types`} {
				if _, err := s.tables.ExecContext(t.Context(), statement); err != nil {
					return err
				}
			}
			var rows int
			err = snapshot.QueryRowContext(t.Context(), `SELECT count(*) FROM activities`).Scan(&rows)
			if rows != 2 || snapshot.Position != 0 {
				t.Errorf("%d rows as of position %d", rows, snapshot.Position)
			}
			later, err2 := s.reading.Snapshot(t.Context())
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			if later.Position != 7 {
				t.Errorf("then it is of position %d", later.Position)
			}
			return later.Rollback()
		})
	})
}

// TestStaleTablesAreTold: what the log holds beyond the read tables is not in the file, and who exports is told.
func TestStaleTablesAreTold(t *testing.T) {
	dir := t.TempDir()
	if err := poison(dir); err != nil {
		t.Fatal(err)
	}
	if file, said := exportedFile(t, dir, "results", "csv"); bytes.Count(file, []byte("\n")) != 1 || !strings.Contains(said, "as of position 0 of the log: of the 5 events that came after it, the first was recorded ") {
		t.Errorf("%s\n%s", file, said)
	}
}

// TestAFileThatIsThere stays as it is, unless it is to be replaced, and until then; what is made is for its owner alone.
func TestAFileThatIsThere(t *testing.T) {
	dir, place := t.TempDir(), t.TempDir()
	fillTables(t, place)
	name := filepath.Join(dir, "results.csv")
	export := func(ctx context.Context, args ...string) (int, string) {
		var log strings.Builder
		code := run(ctx, append([]string{"export", "results", "--data", place, "-o", name}, args...), console{out: io.Discard, err: &log})
		return code, log.String()
	}
	if err := os.WriteFile(name, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for what, c := range map[string]struct {
		ctx  context.Context
		args []string
		says string
	}{
		"without --replace":        {t.Context(), nil, "--replace"},
		"a cancelled one":          {cancelled, []string{"--replace"}, "nothing is exported"},
		"one of no store":          {t.Context(), []string{"--replace", "--data", dir}, "nothing is exported"},
		"one that is no selection": {t.Context(), []string{"--replace", "--from", "2025-01-02", "--to", "2025-01-02"}, "--from must lie before --to"},
	} {
		code, said := export(c.ctx, c.args...)
		kept, err := os.ReadFile(name)
		if code == 0 || string(kept) != "mine" || err != nil || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit code %d, %s; the file is %q, %v", what, code, said, kept, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.partial-*")); len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
	if code, said := export(t.Context(), "--replace"); code != 0 {
		t.Fatalf("exit code %d, %s", code, said)
	}
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() < 200_000 {
		t.Errorf("%v, %v", info, err)
	}
	if names, err := fs.Glob(os.DirFS(dir), "*"); err != nil || len(names) != 1 {
		t.Errorf("in the directory are %s", names)
	}
}

// TestExportsThatAreNotUnderstood end with exit code 2, and say what is wrong.
func TestExportsThatAreNotUnderstood(t *testing.T) {
	for args, says := range map[string]string{
		"":                          `"" must be one of results`,
		"invoices":                  `"invoices" must be one of results, submissions, activities, activity_transitions, task_result_types, result_daily, events`,
		"results -o results.xlsx":   "--format must be one of parquet, csv, ndjson; without it",
		"results -o results":        "--format must be one of",
		"results --format xml":      "--format must be one of",
		"results --from yesterday":  "or a day, like 2025-01-16",
		"results --from 2025-02-30": "or a day",
		"results --replace":         "give -o FILE",
		"results --tenant 1":        "UUID",
		"results --from 2025-02-01 --to 2025-01-01": "--from must lie before --to",
	} {
		var log strings.Builder
		if code := run(t.Context(), append([]string{"export", "--data", t.TempDir()}, strings.Fields(args)...), console{out: io.Discard, err: &log}); code != 2 || !strings.Contains(log.String(), says) {
			t.Errorf("export %s: exit code %d, %s", args, code, log.String())
		}
	}
}

// TestNobodyReadsTheExport: who has seen enough lines, like head, ends it without a complaint; half a Parquet file is one to nobody.
func TestNobodyReadsTheExport(t *testing.T) {
	place := t.TempDir()
	fillTables(t, place)
	for _, format := range export.Formats {
		out, in := io.Pipe()
		out.Close()
		var log strings.Builder
		code := run(t.Context(), []string{"export", "results", "--data", place, "--format", string(format)}, console{out: in, err: &log})
		if lines := format != export.Parquet; lines != (code == 0) || lines != (log.Len() == 0) {
			t.Errorf("%s: exit code %d, %s", format, code, log.String())
		}
	}
}
