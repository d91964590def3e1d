package projections_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/memory"
)

// stored is a log that shows its rows as it keeps them.
type stored interface {
	Rows(ctx context.Context, after core.Position) iter.Seq2[eventstore.Row, error]
}

// rows are all of a log, to the byte.
func rows(t *testing.T, log eventstore.Log) (all []eventstore.Row) {
	t.Helper()
	for row, err := range log.(stored).Rows(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// The same trace of commands, with the same ids and the same clock, gives the same log in memory, in SQLite and in PostgreSQL, to the byte; and the same read tables.
func TestEveryStoreHoldsTheSame(t *testing.T) {
	const seed, commits = 42, 150
	trace := func(w *world) *world {
		w.keyed = true
		w.live(rand.New(rand.NewPCG(seed, seed)), commits)
		return w
	}
	inMemory := trace(&world{t: t, log: memory.New(time.Now), machine: core.NewMachine(), clock: 1_700_000_000_000, wake: make(chan struct{}, 1)})
	want := rows(t, inMemory.log)
	types := make(map[string]bool)
	for _, row := range want {
		types[row.Type] = true
	}
	if len(want) < commits || len(types) != 8 {
		t.Fatalf("%d events, of the types %v, are too tame to tell anything", len(want), types)
	}
	var tables [][]string
	for _, e := range []engine{onSQLite, onPostgres} {
		w := trace(e.newWorld(t))
		got := rows(t, w.log)
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) {
				t.Fatalf("%s: %d events, and %d in memory", e.name, len(got), len(want))
			}
			if column := got[i].Differs(want[i]); column != "" {
				t.Fatalf("%s: position %d differs in %s:\n%s", e.name, i+1, column, cmp.Diff(want[i], got[i]))
			}
		}
		w.caughtUp(w.run(w.config(w.tables)))
		tables = append(tables, w.inWords())
	}
	if diff := cmp.Diff(tables[0], tables[1]); diff != "" {
		t.Errorf("the read tables differ (-SQLite +PostgreSQL):\n%s", diff)
	}
}

// inWords is every row of the read tables, in words that do not depend on the engine, sorted.
func (w *world) inWords() (all []string) {
	for table := range readTableKeys {
		columns, rows := w.rows(table)
		for _, values := range rows {
			var words []string
			for i, v := range values {
				words = append(words, columns[i]+"="+word(columns[i], v))
			}
			slices.Sort(words) // columns may stand in another order
			all = append(all, table+" "+strings.Join(words, " "))
		}
	}
	slices.Sort(all)
	return all
}

// word is a value in words: an id is a UUID's text or its bytes, a truth is a number or one.
func word(column string, v any) string {
	switch v := v.(type) {
	case []byte:
		if column == "name" { // of an idempotency key: no id
			return fmt.Sprintf("%x", v)
		}
		return core.ID(v).String()
	case bool:
		if v {
			return "1"
		}
		return "0"
	}
	return fmt.Sprint(v)
}
