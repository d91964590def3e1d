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
var readTables = []string{"results", "activities", "activity_transitions", "submissions", "idempotency_keys", "task_result_types", "api_keys", "dead_letters"}

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

// judgeTables holds the read tables, as the killed servers have left them and the last one has gone on with them, against the same tables made anew by resultlog rebuild beside that one, in
// their place and online; and then against what becomes of them when either is killed, and when an online one goes on from there.
func judgeTables(t testing.TB, r *rand.Rand, at place, head core.Position) {
	t.Helper()
	grown := dump(t, at, head)
	rebuild(t, at)
	rebuilt := dump(t, at, head)
	mustEqual(t, "grown", grown, "rebuilt", rebuilt)
	rebuild(t, at, "--online")
	mustEqual(t, "rebuilt online", dump(t, at, head), "rebuilt", rebuilt)
	for _, flags := range [][]string{nil, {"--online"}} {
		killed := program.Command(append(append([]string{"rebuild"}, flags...), at.flags()...)...)
		if err := killed.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(upTo(r, longestStart)) // the moment is the test
		_ = killed.Process.Kill()         // the error: it has ended already
		_ = killed.Wait()
		mustEqual(t, fmt.Sprint("after a rebuild that was killed ", flags), dump(t, at, head), "rebuilt", rebuilt)
	}
	rebuild(t, at, "--online")
	mustEqual(t, "rebuilt online after one that was killed", dump(t, at, head), "rebuilt", rebuilt)
	for _, row := range grown {
		if strings.HasPrefix(row, "dead_letters") {
			t.Errorf("an event was set aside: %s", row)
		}
	}
}

// rebuild makes the tables anew beside a server.
func rebuild(t testing.TB, at place, flags ...string) {
	t.Helper()
	if out, err := program.Command(append(append([]string{"rebuild"}, flags...), at.flags()...)...).CombinedOutput(); err != nil {
		t.Fatalf("rebuild %s: %v\n%s", flags, err, out)
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
