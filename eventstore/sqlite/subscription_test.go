package sqlite

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/eventstore"
)

// TestDeliveredIsWhatIsStored: an event is delivered byte for byte, whatever is personal, or none.
func TestDeliveredIsWhatIsStored(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, 1)
	for i, change := range []string{
		"NULL, data, metadata", "X'00FF3A00', data, metadata", "X'3132333A', '{\"é\":\"日本語\"}', '{\"12:\":\"é\"}'", "X'7B7D', '{}', '{}'",
	} {
		at := i + 2
		if _, err := log.writer.conn.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO events (position, tenant_id, tenant_position, stream_id, version, event_id, type, schema_version, personal, data, metadata, recorded_at)
			SELECT %d, tenant_id, %[1]d, stream_id, %[1]d, event_id, type, schema_version, %s, recorded_at FROM events WHERE position = 1`, at, change)); err != nil {
			t.Fatalf("%s: %v", change, err)
		}
	}
	want, err := log.stored(t.Context(), 0, 10)
	if err != nil || len(want) != 5 {
		t.Fatal(len(want), err)
	}
	rows, err := log.readers.Query(selectDelivered + ` FROM events ORDER BY position`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i := range want {
		want[i].Slim = nil
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		got, err := borrowDelivered(rows)
		if diff := cmp.Diff(want[i], got); err != nil || diff != "" {
			t.Errorf("event %d: %v (-want +got):\n%s", i+1, err, diff)
		}
	}
}

// TestDeliveredRefuses: what is not as it was put together is an error that says where, and no event.
func TestDeliveredRefuses(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, 1)
	var good []byte
	if err := log.readers.QueryRow(selectDelivered + ` FROM events`).Scan(&good); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string][]byte{
		"something behind the end":       slices.Concat(good, []byte("1:xy")),
		"less personal than it says":     slices.Concat(good, []byte("9:xy")),
		"a length that is none":          slices.Concat(good, []byte("x:xy")),
		"the end of metadata is missing": good[:len(good)-1],
	} {
		rows, err := log.readers.Query(`SELECT ?`, value)
		if err != nil {
			t.Fatal(err)
		}
		rows.Next()
		_, err = borrowDelivered(rows)
		if broken, ok := err.(*eventstore.RowError); !ok || broken.Position != 1 {
			t.Errorf("%s: %v", name, err)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}
