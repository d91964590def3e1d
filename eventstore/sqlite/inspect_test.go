package sqlite

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
)

// TestRow: an event is given as it is stored, also one that cannot be decoded; and none that there is not.
func TestRow(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, 2)
	_, err := log.writer.conn.ExecContext(t.Context(), `INSERT INTO events SELECT 3, tenant_id, 3, x'0000000000000000000000000000000a', 1, event_id, 'ResultPraised', 9, 'no JSON', personal, '{', recorded_at, NULL
		FROM events WHERE position = 2`)
	if err != nil {
		t.Fatal(err)
	}
	var want []eventstore.Row
	for r, err := range log.ReadAll(t.Context(), 0) {
		if err != nil { // the third
			break
		}
		want = append(want, eventstore.ToRow(r))
	}
	if len(want) != 2 {
		t.Fatalf("%d events can be decoded", len(want))
	}
	for i, wanted := range want {
		row, found, err := log.Row(t.Context(), core.Position(i+1))
		if err != nil || !found {
			t.Fatal(found, err)
		}
		if diff := cmp.Diff(wanted, row); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	if row, found, err := log.Row(t.Context(), 3); err != nil || !found || row.Type != "ResultPraised" || row.SchemaVersion != 9 || !slices.Equal(row.Data, []byte("no JSON")) {
		t.Errorf("%+v, %t, %v", row, found, err)
	}
	for _, none := range []core.Position{-1, 0, 4} {
		if row, found, err := log.Row(t.Context(), none); found || err != nil {
			t.Errorf("at %d there is %+v, %v", none, row, err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := log.Row(t.Context(), 1); !errors.Is(err, eventstore.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
