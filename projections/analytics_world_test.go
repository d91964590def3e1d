package projections_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
	"resultlog/projections/analytics"
)

// viewed makes the views, as a process does that opens the read tables.
func (w *world) viewed() {
	w.t.Helper()
	var err error
	if w.engine.name == "sqlite" {
		var t *sqlite.ReadTables
		if t, err = sqlite.OpenReadTables(w.t.Context(), w.place, withViews(projections.SQLiteSchema())); err == nil {
			err = t.Close()
		}
	} else {
		var t *postgres.ReadTables
		if t, err = postgres.OpenReadTables(w.t.Context(), w.place, withViews(projections.PostgresSchema())); err == nil {
			err = t.Close()
		}
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// withViews is the schema of a world's tables, with the views.
func withViews(schema fs.FS) fs.FS {
	all := withCounted(schema).(fstest.MapFS)
	take(all, schema, "views/*.sql")
	return all
}

// inView gives a name of the views as it is on the world's engine.
func (w *world) inView(query string) string {
	if w.engine.name == "sqlite" {
		return strings.ReplaceAll(query, "analytics.", "analytics_")
	}
	return query
}

// shown are the rows of a view, in its order, each column in words that do not depend on the engine.
func (w *world) shown(v analytics.View) (all []map[string]string) {
	w.t.Helper()
	rows := w.query(w.inView("SELECT * FROM analytics." + v.Name + " ORDER BY " + strings.Join(v.Order, ", ")))
	return inColumns(v, rows, shownWord)
}

// selected are the same by View.Select.
func (w *world) selected(v analytics.View, f analytics.Filter) (all []map[string]string) {
	w.t.Helper()
	query, args := v.Select(f)
	return inColumns(v, w.query(query, args...), rawWord)
}

func inColumns(v analytics.View, rows [][]any, word func(analytics.Type, any) string) (all []map[string]string) {
	for _, values := range rows {
		row := make(map[string]string)
		for i, c := range v.Columns {
			row[c.Name] = word(c.Type, values[i])
		}
		all = append(all, row)
	}
	return all
}

const null = "NULL"

// shownWord is what analysts see: SQLite has texts where PostgreSQL has types.
func shownWord(as analytics.Type, v any) string {
	switch v := v.(type) {
	case time.Time:
		if as == analytics.Date {
			return v.Format(time.DateOnly)
		}
		return core.InstantOf(v).String()
	case []byte: // SQLite must not show any
		return fmt.Sprintf("bytes %x", v)
	}
	return anyWord(as, v)
}

// rawWord is what an export makes of what the tables keep.
func rawWord(as analytics.Type, v any) string {
	switch v := v.(type) {
	case []byte:
		return core.ID(v).String()
	case int64:
		switch as {
		case analytics.Timestamp:
			return core.Instant(v).String()
		case analytics.Date:
			return core.Instant(v * 86400_000).String()[:len(time.DateOnly)]
		}
	}
	return anyWord(as, v)
}

func anyWord(as analytics.Type, v any) string {
	switch {
	case v == nil:
		return null
	case as == analytics.Boolean:
		return fmt.Sprint(v == true || v == int64(1))
	case as == analytics.Number:
		return fmt.Sprintf("%.3f", v)
	}
	return fmt.Sprint(v)
}

// askedAbout is what the questions of docs/analytics.md are answered of. It begins at 22:13:20 UTC, so that midnight is in it.
func (w *world) askedAbout() {
	w.t.Helper()
	w.do(tenants[0],
		core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: codeOfText("success"), Active: true, Classification: core.Positive}},
		core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: codeOfText("not_home"), Active: true, Classification: core.Negative}})
	visit := func(provider string, channel core.Channel) {
		a := w.task(provider)
		a.ProviderActivityID, a.Channel = "", channel
		w.do(tenants[0], a, core.DispatchActivity{ActivityID: a.ActivityID, ProviderActivityID: provider})
	}
	says := func(provider, operator string, status core.ResultStatus, code string, override bool) {
		s := core.SubmitResult{ResultID: w.mint(), Submission: core.Submission{ProviderActivityID: provider, CommerceExternalID: "c", OccurredAt: w.clock + 1, Status: status, Result: code,
			HardOverride: override, Personal: core.Personal{OperatorExternalID: operator}.Seal()}}
		w.do(tenants[0], s)
	}
	after := func(seconds int) { w.clock += core.Instant(1000 * (seconds - 1)) } // the command itself takes one

	visit("door-1", "SALESMAN")
	after(60)
	says("door-1", "ana", core.ResultCompleted, "success", false)
	visit("door-2", "SALESMAN")
	after(600)
	says("door-2", "ben", core.ResultNotExecuted, "not_home", false)
	says("door-2", "ben", core.ResultCompleted, "success", true) // which lifts the guard
	visit("call-1", "CALLCENTER")
	after(120)
	says("call-1", "ana", core.ResultCompleted, "success", false)
	says("alone-1", "ben", core.ResultNotExecuted, "not_home", true) // with nothing to lift
	after(3600 * 2)
	says("alone-2", "ben", core.ResultPending, "not_home", false)
	says("alone-2", "ben", core.ResultPending, "not_home", false)
	says("alone-2", "ben", core.ResultNotExecuted, "not_home", false)
}

// answerWord is a value of an answer, however the engine counts.
func answerWord(v any) string {
	switch v := v.(type) {
	case nil:
		return null
	case time.Time:
		return v.Format(time.DateOnly)
	case float64:
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(fmt.Sprint(v), ".0") // PostgreSQL's decimal numbers show how they were rounded
}
