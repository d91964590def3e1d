package crashtest

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// readTables are the tables that are made of the log.
var readTables = []string{"results", "activities", "activity_transitions", "idempotency_keys", "task_result_types", "api_keys", "dead_letters"}

// dump gives all rows of the read tables as text, once the tables have reached a position.
func dump(t testing.TB, at place, head core.Position) (rows []string) {
	t.Helper()
	db, err := at.openTables()
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var position core.Position
	await(t, fmt.Sprintf("caught up with position %d", head), func() bool {
		err := db.QueryRowContext(t.Context(), "SELECT coalesce(max(position), 0) FROM checkpoints").Scan((*int64)(&position))
		return err == nil && position >= head
	})
	if position != head {
		t.Errorf("the read tables are at %d, the log at %d", position, head)
	}
	for _, table := range readTables {
		rows = append(rows, rowsOf(t, db, table)...)
	}
	slices.Sort(rows)
	return rows
}

func rowsOf(t testing.TB, db *sql.DB, table string) (texts []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, places := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		places[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		text.WriteString(table)
		for i, v := range values {
			if blob, ok := v.([]byte); ok {
				v = fmt.Sprintf("%x", blob)
			}
			fmt.Fprintf(&text, " %s=%v", columns[i], v)
		}
		texts = append(texts, text.String())
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return texts
}

// judgeTables holds the read tables, as the killed servers have left them and the last one has gone on with them, against the same tables made anew by resultlog rebuild beside that one;
// and then against what becomes of them when a rebuild is killed.
func judgeTables(t testing.TB, r *rand.Rand, at place, head core.Position) {
	t.Helper()
	grown := dump(t, at, head)
	if out, err := program(append([]string{"rebuild"}, at.flags()...)...).CombinedOutput(); err != nil {
		t.Fatalf("rebuild: %v\n%s", err, out)
	}
	rebuilt := dump(t, at, head)
	mustEqual(t, "grown", grown, "rebuilt", rebuilt)
	rebuild := program(append([]string{"rebuild"}, at.flags()...)...)
	if err := rebuild.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(upTo(r, longestStart)) // the moment is the test
	_ = rebuild.Process.Kill()        // the error: it has ended already
	_ = rebuild.Wait()
	mustEqual(t, "after a rebuild that was killed", dump(t, at, head), "rebuilt", rebuilt)
	for _, row := range grown {
		if strings.HasPrefix(row, "dead_letters") {
			t.Errorf("an event was set aside: %s", row)
		}
	}
}

// mustEqual compares sorted rows, and shows the first that differ.
func mustEqual(t testing.TB, name string, rows []string, otherName string, others []string) {
	t.Helper()
	const most = 3
	for _, side := range []struct {
		name        string
		rows, other []string
	}{{name, rows, others}, {otherName, others, rows}} {
		alone := 0
		for _, row := range side.rows {
			if _, both := slices.BinarySearch(side.other, row); both {
				continue
			}
			if alone++; alone <= most {
				t.Errorf("%s only: %s", side.name, row)
			}
		}
		if alone > most {
			t.Errorf("%s only: %d rows of %d", side.name, alone, len(side.rows))
		}
	}
}
