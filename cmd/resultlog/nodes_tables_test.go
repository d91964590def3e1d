package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
)

// mustHaveTablesOf fails the test unless the read tables, when they have come to the end of the log, are those that a rebuild makes beside the running nodes.
func (f *fleet) mustHaveTablesOf(events []core.Recorded) {
	f.t.Helper()
	grown := f.tables(events[len(events)-1].Position)
	if out, err := f.program("rebuild", "--store", f.store).CombinedOutput(); err != nil {
		f.t.Fatalf("rebuild: %v\n%s", err, out)
	}
	rebuilt := f.tables(events[len(events)-1].Position)
	for _, side := range []struct {
		name       string
		rows, than []string
	}{{"grown", grown, rebuilt}, {"rebuilt", rebuilt, grown}} {
		for _, row := range side.rows {
			if _, both := slices.BinarySearch(side.than, row); !both {
				f.t.Errorf("only %s: %s", side.name, row)
			}
		}
	}
	if len(grown) <= len(events)/2 || len(grown) != len(rebuilt) { // every transition is a row, and every result and activity
		f.t.Errorf("%d rows, and %d rebuilt, of %d events", len(grown), len(rebuilt), len(events))
	}
}

// tables gives all rows of all read tables, sorted, once they have come to a position.
func (f *fleet) tables(head core.Position) (all []string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), startLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, f.store)
	if err != nil {
		f.t.Fatal(err)
	}
	defer conn.Close(ctx)
	column := func(query string, args ...any) []string {
		rows, err := conn.Query(ctx, query, args...)
		if err == nil {
			var texts []string
			if texts, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
				return texts
			}
		}
		f.t.Fatalf("%s: %v", query, err)
		return nil
	}
	for column(`SELECT coalesce(max(position), 0)::text FROM resultlog_read.checkpoints`)[0] != fmt.Sprint(head) {
		time.Sleep(askAgain)
	}
	for _, table := range column(`SELECT tablename::text FROM pg_tables WHERE schemaname = 'resultlog_read' AND tablename <> 'migrations'`) {
		for _, row := range column(`SELECT t::text FROM resultlog_read.` + table + ` t`) {
			all = append(all, table+" "+row)
		}
	}
	slices.Sort(all)
	return all
}
