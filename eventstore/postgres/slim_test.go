package postgres

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"resultlog/eventstore"
)

// wireRows are rows of which one stands there as it came.
type wireRows struct {
	pgx.Rows
	columns [][]byte
}

func (r wireRows) RawValues() [][]byte { return r.columns }

// TestScanSlimRefuses: a column that is not what an event has, since somebody has changed the table, is an error that tells in which row, and no other event.
func TestScanSlimRefuses(t *testing.T) {
	id, four, eight := make([]byte, 16), []byte{0, 0, 0, 1}, []byte{0, 0, 0, 0, 0, 0, 0, 7}
	good := [][]byte{eight, id, eight, id, four, id, []byte("ResultLinked"), four, nil, nil, nil, {1, 2}, eight}
	row, err := scanSlim(wireRows{columns: good})
	if err != nil || row.Position != 7 || row.Version != 1 || row.Type != "ResultLinked" || row.RecordedAt != 7 || len(row.Slim) != 2 {
		t.Fatalf("%+v, %v", row, err)
	}
	for name, change := range map[string]func(columns [][]byte) [][]byte{
		"an id that is too short":  func(c [][]byte) [][]byte { c[3] = id[1:]; return c },
		"no tenant":                func(c [][]byte) [][]byte { c[1] = nil; return c },
		"no version":               func(c [][]byte) [][]byte { c[4] = nil; return c },
		"a time as text":           func(c [][]byte) [][]byte { c[12] = []byte("1"); return c },
		"a version that is none":   func(c [][]byte) [][]byte { c[4] = []byte{0, 0, 0, 1, 0, 0, 0, 0}; return c },
		"a column less than there": func(c [][]byte) [][]byte { return c[:12] },
	} {
		_, err := scanSlim(wireRows{columns: change(slices.Clone(good))})
		if row := new(eventstore.RowError); !errors.As(err, &row) || row.Position != 7 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
