package sqlite

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
)

// unpack takes a page apart, as far as that is possible.
func unpack(page []byte) (rows []eventstore.Row, err error) {
	for p := (packed{rest: page}); len(p.rest) > 0; {
		row, err := p.row()
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// TestPackedPages: a page is taken apart into what was put together, and one that is cut off, or spoilt, into what stands before that, and an error which tells where that is.
func TestPackedPages(t *testing.T) {
	log := mustOpenLog(t, t.TempDir())
	mustAppend(t, log, 3)
	if _, err := log.writer.conn.ExecContext(t.Context(), `INSERT INTO events SELECT 4, tenant_id, 4, stream_id, 2, event_id, type, schema_version, data, personal, metadata, -5, NULL FROM events WHERE position = 3`); err != nil {
		t.Fatal(err)
	}
	want, err := log.stored(t.Context(), 0, 10)
	if err != nil || len(want) != 4 {
		t.Fatal(len(want), err)
	}
	for i := range want {
		want[i].Personal = nil
		if i < 3 {
			want[i].Data, want[i].Metadata = nil, nil
		}
	}
	var page []byte
	if err := log.readers.QueryRowContext(t.Context(), selectPacked, 0, 10).Scan(&page); err != nil {
		t.Fatal(err)
	}
	whole, err := unpack(page)
	if diff := cmp.Diff(want, whole); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	ends := map[int]int{0: 0} // where a whole event ends → how many there are until there
	for p, n := (packed{rest: page}), 1; len(p.rest) > 0; n++ {
		if _, err := p.row(); err != nil {
			t.Fatal(err)
		}
		ends[len(page)-len(p.rest)] = n
	}
	before := 0
	for cut := range page {
		rows, err := unpack(page[:cut])
		n, whole := ends[cut]
		if whole {
			before = n
		}
		if len(rows) != before || (err == nil) != whole || !whole && !errors.Is(err, errPacked) {
			t.Fatalf("cut off at byte %d, %d events come, and %v; want %d", cut, len(rows), err, before)
		}
		if row := new(eventstore.RowError); errors.As(err, &row) && row.Position != core.Position(before+1) {
			t.Fatalf("cut off at byte %d, the error is of position %d, want %d", cut, row.Position, before+1)
		}
	}
}

func TestPackedRefuses(t *testing.T) {
	ids := string(make([]byte, 48))
	good := "7 7 1 5 1 ResultLinked " + ids + "1:x"
	if rows, err := unpack([]byte(good)); err != nil || len(rows) != 1 || rows[0].Position != 7 || rows[0].Type != "ResultLinked" || string(rows[0].Slim) != "x" {
		t.Fatalf("%+v, %v", rows, err)
	}
	for name, page := range map[string]string{
		"a number that is none":                 "7 x 1 5 1 ResultLinked " + ids + "1:x",
		"a number with a plus":                  "7 +7 1 5 1 ResultLinked " + ids + "1:x",
		"no number":                             "7  1 5 1 ResultLinked " + ids + "1:x",
		"nothing but a sign":                    "7 7 - 5 1 ResultLinked " + ids + "1:x",
		"a version that is none":                "7 7 4294967297 5 1 ResultLinked " + ids + "1:x",
		"ids that are too short":                "7 7 1 5 1 ResultLinked " + ids[1:] + "1:x",
		"data that is cut off":                  "7 7 1 5 1 ResultLinked " + ids + "-9:x",
		"data without metadata":                 "7 7 1 5 1 ResultLinked " + ids + "-1:x",
		"a length beyond the end":               "7 7 1 5 1 ResultLinked " + ids + "9:x0:0:",
		"a type with a space, and what follows": "7 7 1 5 1 Result Linked " + ids + "1:x",
	} {
		rows, err := unpack([]byte(page))
		if row := new(eventstore.RowError); !errors.As(err, &row) || row.Position != 7 || len(rows) > 0 || !errors.Is(err, eventstore.ErrUnreadable) {
			t.Errorf("%s: %+v, %v", name, rows, err)
		}
	}
}
