package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"resultlog/core"
)

// readableKinds are what can be exported of the read tables.
var readableKinds = []string{"results", "submissions", "activities", "activity_transitions", "task_result_types", "result_daily"}

// insert writes a row into a read table, as no event could: whatever a column may hold.
func insert(t *testing.T, place, table, columns string, values ...any) {
	t.Helper()
	marks := make([]string, len(values))
	for i := range values {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	withTables(t, place, func(s *store) error {
		_, err := s.tables.ExecContext(t.Context(), "INSERT INTO "+table+" ("+columns+") VALUES ("+strings.Join(marks, ", ")+")", values...)
		return err
	})
}

// exportID is an id that ends in a number.
func exportID(n byte) []byte {
	id := core.ID{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 14: 0x80, 15: n}
	return id[:]
}

const (
	resultColumns = `tenant_id, id, activity_id, source, status, provider_activity_id, commerce_external_id, external_status, occurred_at, hard_override, result, contact_type, future_scheduled_at,
		comment, operator_external_id, raw_payload, payload, created_at, updated_at, version, last_position, erased_at`
	activityColumns = `tenant_id, id, type, status, reason, channel, commerce_id, commerce_external_id, provider_activity_id, idempotency_key, scheduled_at, suggested_execution_time, user_status, score,
		assignment_reason, assigned_route_id, assigned_operator_id, result_id, created_at, updated_at, version, last_position`
	submissionColumns = `tenant_id, result_id, version, event_id, activity_id, source, status, result, contact_type, provider_activity_id, commerce_external_id, external_status, operator_external_id, occurred_at,
		future_scheduled_at, hard_override, overridden, recorded_at, position`
	transitionColumns = `tenant_id, activity_id, version, event_id, event_type, from_status, to_status, result_id, overridden, error_code, error_message, occurred_at, position`
)

// fillTables puts into the read tables of a store what their columns may hold: everything, and as little as may be; times before 1970, a text that a spreadsheet would run, and a large payload.
func fillTables(t *testing.T, place string) {
	t.Helper()
	s, err := flagsOf(place).open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	const day = 1736985600000 // 2025-01-16
	insert(t, place, "results", resultColumns, exportID(1), exportID(11), exportID(21), "RETEN_ACTIVITY", "COMPLETED", "ext-1", "store-001", "DONE", -1, true, "success", "OUTBOUND", day+1,
		"=1+1; é 漢字 😀", "-op", "{\"a\": [1,\r\n 2.50]}", `{"big":"`+strings.Repeat("x", 200_000)+`"}`, day, day+60_000, 2, 3, nil)
	insert(t, place, "results", resultColumns, exportID(2), exportID(12), nil, "STANDALONE", "NOT_EXECUTED", nil, "", nil, day, false, "not_home", nil, nil, nil, nil, nil, nil, day, day, 1, 1, day+2)
	insert(t, place, "submissions", submissionColumns, exportID(1), exportID(11), 1, exportID(53), exportID(21), "RETEN_ACTIVITY", "PENDING", "no_answer", "INBOUND", "ext-1", "store-001", "DONE", "@op", -1, day+1,
		true, true, day, 2)
	insert(t, place, "submissions", submissionColumns, exportID(2), exportID(12), 3, exportID(54), nil, "STANDALONE", "NOT_EXECUTED", "not_home", nil, nil, "", nil, nil, day, nil, false, false, day+1, 1)
	insert(t, place, "activities", activityColumns, exportID(1), exportID(21), "TASK", "COMPLETED", "visit", "SALESMAN", exportID(31), "store-001", "ext-1", "k1", -86_400_001, "morning", "ACTIVE", -0.25,
		"nearest", exportID(41), exportID(42), exportID(11), day, day+60_000, 2, 3)
	insert(t, place, "activities", activityColumns, exportID(2), exportID(22), "MESSAGE", "READY", "hi", "SMS", exportID(31), nil, nil, "k2", day, nil, nil, nil, nil, nil, nil, nil, day, day, 1, 1)
	insert(t, place, "activity_transitions", transitionColumns, exportID(1), exportID(21), 1, exportID(51), "CREATED", nil, "READY", nil, false, nil, nil, day, 1)
	insert(t, place, "activity_transitions", transitionColumns, exportID(1), exportID(21), 2, exportID(52), "RESULT", "READY", "FAILED", exportID(11), true, "not_home", "nobody\nthere", day+12_345, 2)
	insert(t, place, "task_result_types", "tenant_id, code, is_active, classification, updated_at, version, last_position", exportID(1), "success", true, "POSITIVE", day, 1, 1)
}

// exportedFile runs resultlog export into a file, and gives what is in it, and what was said.
func exportedFile(t *testing.T, place, kind, ending string, args ...string) (file []byte, said string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), kind+"."+ending)
	var out, log strings.Builder
	args = append(append([]string{"export", kind, "-o", name}, in(place)...), args...)
	if code := run(t.Context(), args, console{out: &out, err: &log}); code != 0 || out.Len() > 0 {
		t.Fatalf("%s: exit code %d, %s%s", args, code, out.String(), log.String())
	}
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return file, log.String()
}
