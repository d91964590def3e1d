package sqlite

import (
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// TestReplaceDeletesNothing tries REPLACE against each unique key: by itself it would delete the row in its way, and ask no trigger.
func TestReplaceDeletesNothing(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, 2)
	for key, columns := range map[string]string{
		"position":        "1, tenant_id, 9, stream_id, 9",
		"tenant_position": "3, tenant_id, 1, stream_id, 9",
		"version":         "3, tenant_id, 9, stream_id, 1",
	} {
		_, err := log.writer.conn.ExecContext(t.Context(), `REPLACE INTO events SELECT `+columns+`, event_id, type, schema_version, data, personal, metadata, recorded_at, slim
			FROM events WHERE position = 1`)
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("by %s: got error %v, want the trigger's", key, err)
		}
	}
	_, err := log.writer.conn.ExecContext(t.Context(), `UPDATE OR REPLACE events SET position = 1 WHERE position = 2`)
	if err == nil || !strings.Contains(err.Error(), "append-only") {
		t.Errorf("UPDATE OR REPLACE: got error %v, want the trigger's", err)
	}
	mustHave(t, log, 2)
}

func TestTheTableRefusesWhatIsNoEvent(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, 1)
	for what, columns := range map[string]string{
		"a short tenant":      "2, x'01', 2, stream_id, 2, event_id, type, schema_version, data, metadata, recorded_at",
		"a short stream":      "2, tenant_id, 2, x'01', 2, event_id, type, schema_version, data, metadata, recorded_at",
		"a short event id":    "2, tenant_id, 2, stream_id, 2, x'01', type, schema_version, data, metadata, recorded_at",
		"position 0":          "0, tenant_id, 2, stream_id, 2, event_id, type, schema_version, data, metadata, recorded_at",
		"tenant position 0":   "2, tenant_id, 0, stream_id, 2, event_id, type, schema_version, data, metadata, recorded_at",
		"version 0":           "2, tenant_id, 2, stream_id, 0, event_id, type, schema_version, data, metadata, recorded_at",
		"schema 0":            "2, tenant_id, 2, stream_id, 2, event_id, type, 0, data, metadata, recorded_at",
		"data that is a blob": "2, tenant_id, 2, stream_id, 2, event_id, type, schema_version, x'7b7d', metadata, recorded_at",
		"no data":             "2, tenant_id, 2, stream_id, 2, event_id, type, schema_version, NULL, metadata, recorded_at",
	} {
		_, err := log.writer.conn.ExecContext(t.Context(), `INSERT INTO events (position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, data, metadata, recorded_at)
			SELECT `+columns+` FROM events WHERE position = 1`)
		if err == nil {
			t.Errorf("%s was let through", what)
		}
	}
	mustHave(t, log, 1)
}

// TestNothingPersonalIsNull keeps "nothing, or erased" one thing for whoever reads the table.
func TestNothingPersonalIsNull(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	err := log.Append(t.Context(), 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		with, without := event(1, now), event(2, now)
		without.Event = core.ResultLinked{ResultID: without.Stream.ID, ActivityID: core.ID{15: 2}, ProviderActivityID: "p"}
		return []core.Recorded{with, without}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := value(t, log.writer.conn, "SELECT group_concat(position) FROM events WHERE personal IS NULL"); got != "2" {
		t.Errorf("personal is NULL at positions %s, want 2", got)
	}
}

// TestReadingHoldsNoTransactionBetweenPages empties the WAL while a reader is between two pages, which any open transaction would prevent.
func TestReadingHoldsNoTransactionBetweenPages(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, eventstore.PageSize+1)
	read := 0
	for _, err := range log.ReadAll(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if read++; read > 1 {
			continue
		}
		mustAppend(t, log, 1)
		var busy, frames, done int
		if err := log.writer.conn.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &done); err != nil || busy != 0 {
			t.Errorf("the WAL cannot be emptied: busy %d (%v)", busy, err)
		}
	}
	if want := eventstore.PageSize + 2; read != want {
		t.Errorf("read %d events, want %d", read, want)
	}
}

// TestPagesAreReadByIndex keeps anybody from reading a stream, or a page of the log, by walking the table.
func TestPagesAreReadByIndex(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	for query, want := range map[string]string{
		selectHead:   "SEARCH events",
		selectAll:    "SEARCH events USING INTEGER PRIMARY KEY (rowid>?)",
		selectStream: "SEARCH events USING INDEX sqlite_autoindex_events_1 (tenant_id=? AND stream_id=? AND version>?)",
	} {
		var id, parent, unused int
		var plan string
		if err := log.readers.QueryRowContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...).Scan(&id, &parent, &unused, &plan); err != nil || plan != want {
			t.Errorf("%s\nplan %q (%v), want %q", query, plan, err, want)
		}
	}
}
