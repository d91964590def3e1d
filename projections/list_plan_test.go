package projections_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"strings"
	"sync"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// asked is a query that was sent to the read tables.
type asked struct {
	text string
	args []any
}

// notebook is a connector whose connections note every query.
type notebook struct {
	driver.Connector
	meanwhile func(notes int) // happens before a query is run, beside how many were noted since it was called last, that one included; nil: nothing
	mu        sync.Mutex
	notes     []asked
}

func (n *notebook) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := n.Connector.Connect(ctx)
	return noting{c, n}, err
}

// taken gives what was noted since it was called last.
func (n *notebook) taken() (notes []asked) {
	n.mu.Lock()
	defer n.mu.Unlock()
	notes, n.notes = n.notes, nil
	return notes
}

type noting struct {
	driver.Conn
	notebook *notebook
}

func (c noting) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

func (c noting) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	note := asked{text: query}
	for _, arg := range args {
		note.args = append(note.args, arg.Value)
	}
	c.notebook.mu.Lock()
	c.notebook.notes = append(c.notebook.notes, note)
	n := len(c.notebook.notes)
	c.notebook.mu.Unlock()
	if c.notebook.meanwhile != nil {
		c.notebook.meanwhile(n)
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

// noted opens the read tables for queries that are noted.
func (w *world) noted() (*projections.Queries, *notebook) {
	base, err := w.engine.connector(w.place)
	if err != nil {
		w.t.Fatal(err)
	}
	n := &notebook{Connector: base}
	db := sql.OpenDB(n)
	w.t.Cleanup(func() {
		if err := db.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return projections.NewQueries(db), n
}

// plan is what SQLite says of how it would run a query.
func (w *world) plan(query asked) (steps []string) {
	w.t.Helper()
	rows, err := w.tables.Read.Query("EXPLAIN QUERY PLAN "+query.text, query.args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			w.t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if rows.Err() != nil {
		w.t.Fatal(rows.Err())
	}
	return steps
}

// planned is a list that is asked for, the index that finds its rows, and the one that gives its order; empty: the same. If they are not the same, the rows that fit are sorted.
type planned struct {
	name  string
	query any // core.ResultQuery, core.ActivityQuery or core.APIKeyQuery
	index string
	order string
}

var (
	instant = core.Instant(1_700_000_000_000)
	since   = core.Span{From: &instant}
	start   = core.Position(0)
	byTime  = &core.Cursor{Page: 2, CreatedAt: instant, ID: core.ID{1}}
	byPlace = &core.Cursor{Page: 2, ByPosition: true, Position: 7}
)

func resultPlans() []planned {
	type query = core.ResultQuery
	updated, occurred, synced := core.Paging{Sort: core.SortUpdated}, core.Paging{Sort: core.SortOccurred, Ascending: true}, core.Paging{After: &start}
	return []planned{
		{"no filter", query{}, "results_by_creation", ""},
		{"cursor", query{Paging: core.Paging{Cursor: byTime}}, "results_by_creation", ""},
		{"sort=updatedAt", query{Paging: updated}, "results_by_update", ""},
		{"sort=occurredAt, ascending", query{Paging: occurred}, "results_by_occurrence", ""},
		{"after_position", query{Paging: synced}, "results_by_position", ""},
		{"after_position with a cursor", query{Paging: core.Paging{After: &start, Cursor: byPlace}}, "results_by_position", ""},
		{"after_position and sort", query{Paging: core.Paging{After: &start, Sort: core.SortUpdated}}, "results_by_position", "results_by_update"},
		{"after_position and a word", query{Status: core.ResultPending, Paging: synced}, "results_by_position", ""},

		// One result at most, or a few that were sent with the same id: they are sorted in no time.
		{"activity_id", query{ActivityID: core.ID{1}}, "results_by_activity", "results_by_creation"},
		{"provider_activity_id", query{ProviderActivityID: "p"}, "results_by_provider", "results_by_creation"},

		{"commerce_external_id", query{CommerceExternalID: "c"}, "results_by_commerce", ""},
		{"commerce_external_id with a cursor", query{CommerceExternalID: "c", Paging: core.Paging{Cursor: byTime}}, "results_by_commerce", ""},
		{"operator_external_id", query{OperatorExternalID: "o"}, "results_by_operator", ""},
		{"an id in another order", query{CommerceExternalID: "c", Paging: updated}, "results_by_commerce", "results_by_update"},
		{"an id, and what changed", query{CommerceExternalID: "c", Paging: synced}, "results_by_commerce", "results_by_position"},
		{"ids and words and spans", query{CommerceExternalID: "c", OperatorExternalID: "o", Status: core.ResultPending, Occurred: since, Updated: since}, "results_by_commerce", ""},

		// Words share one index, so that any combination is found: that cannot go on in creation order.
		{"status", query{Status: core.ResultPending}, "results_by_words", "results_by_creation"},
		{"source", query{Source: core.Standalone}, "results_by_words", "results_by_creation"},
		{"result", query{Result: 1}, "results_by_words", "results_by_creation"},
		{"contact_type", query{ContactType: "INBOUND"}, "results_by_words", "results_by_creation"},
		{"all words", query{Status: core.ResultPending, Source: core.Standalone, Result: 1, ContactType: "INBOUND"}, "results_by_words", "results_by_creation"},
		{"a word with a cursor", query{Result: 1, Paging: core.Paging{Cursor: byTime}}, "results_by_words", "results_by_creation"},
		{"a word in another order", query{Status: core.ResultPending, Paging: occurred}, "results_by_words", "results_by_occurrence"},

		// A classification is the codes that the tenant holds to be so: a word of several values.
		{"classification", query{Classification: core.Positive}, "results_by_words", "results_by_creation"},
		{"classification with a cursor", query{Classification: core.Positive, Paging: core.Paging{Cursor: byTime}}, "results_by_words", "results_by_creation"},
		{"classification, sort=updatedAt", query{Classification: core.Positive, Paging: updated}, "results_by_words", "results_by_update"},
		{"classification, sort=occurredAt, ascending", query{Classification: core.Positive, Paging: occurred}, "results_by_words", "results_by_occurrence"},
		{"classification and status", query{Classification: core.Positive, Status: core.ResultPending}, "results_by_words", "results_by_creation"},
		{"classification and result", query{Classification: core.Positive, Result: 1}, "results_by_words", "results_by_creation"},
		{"classification and all words", query{Classification: core.Positive, Status: core.ResultPending, Source: core.Standalone, ContactType: "INBOUND"}, "results_by_words", "results_by_creation"},
		{"classification and status with a cursor", query{Classification: core.Positive, Status: core.ResultPending, Paging: core.Paging{Cursor: byTime}}, "results_by_words", "results_by_creation"},
		{"classification and an id", query{Classification: core.Positive, CommerceExternalID: "c"}, "results_by_commerce", ""},
		{"classification and what changed", query{Classification: core.Positive, Paging: synced}, "results_by_position", ""},
		{"classification and what changed, with a cursor", query{Classification: core.Positive, Paging: core.Paging{After: &start, Cursor: byPlace}}, "results_by_position", ""},
		{"classification and occurred_from", query{Classification: core.Positive, Occurred: since}, "results_by_occurrence", "results_by_creation"},
		{"classification and updated_from in its own order", query{Classification: core.Positive, Updated: since, Paging: updated}, "results_by_update", ""},

		// No index has the rows of a stretch of one time in the order of another.
		{"occurred_from", query{Occurred: since}, "results_by_occurrence", "results_by_creation"},
		{"updated_to", query{Updated: core.Span{To: &instant}}, "results_by_update", "results_by_creation"},
		{"occurred_from and a word", query{Occurred: since, Status: core.ResultPending}, "results_by_occurrence", "results_by_creation"},
		{"occurred_from in its own order", query{Occurred: since, Status: core.ResultPending, Paging: occurred}, "results_by_occurrence", ""},
		{"updated_from in its own order", query{Updated: since, Paging: updated}, "results_by_update", ""},
	}
}

func activityPlans() []planned {
	type query = core.ActivityQuery
	return []planned{
		{"no filter", query{}, "activities_by_creation", ""},
		{"cursor", query{Paging: core.Paging{Cursor: byTime}}, "activities_by_creation", ""},
		{"after_position", query{Paging: core.Paging{After: &start}}, "activities_by_position", ""},
		{"after_position with a cursor", query{Paging: core.Paging{After: &start, Cursor: byPlace}}, "activities_by_position", ""},
		{"provider_activity_id", query{ProviderActivityID: "p"}, "activities_by_provider", "activities_by_creation"}, // one at most
		{"commerce_external_id", query{CommerceExternalID: "c"}, "activities_by_commerce_external", ""},
		{"commerce_id", query{CommerceID: core.ID{1}}, "activities_by_commerce", ""},
		{"commerce_id with a cursor", query{CommerceID: core.ID{1}, Paging: core.Paging{Cursor: byTime}}, "activities_by_commerce", ""},
		{"status", query{Status: core.ActivityReady}, "activities_by_words", "activities_by_creation"},
		{"type", query{ActivityType: core.Task}, "activities_by_words", "activities_by_creation"},
		{"channel", query{Channel: "SMS"}, "activities_by_words", "activities_by_creation"},
		{"scheduled_from", query{Scheduled: since}, "activities_by_schedule", "activities_by_creation"},
		{"search", query{Search: "a"}, "activities_by_reason activities_by_commerce_external activities_by_provider", "activities_by_creation"},
		{"search and a word", query{Search: "a", Status: core.ActivityReady}, "activities_by_reason activities_by_commerce_external activities_by_provider", "activities_by_creation"},
		{"search by the last character that there is", query{Search: "\U0010FFFF"}, "activities_by_reason activities_by_commerce_external activities_by_provider", "activities_by_creation"},
	}
}

func apiKeyPlans() []planned {
	type query = core.APIKeyQuery
	return []planned{
		{"no filter", query{}, "api_keys_by_creation", ""},
		{"cursor", query{Paging: core.Paging{Cursor: byTime}}, "api_keys_by_creation", ""},
		{"after_position", query{Paging: core.Paging{After: &start}}, "api_keys_by_position", ""},
		{"after_position with a cursor", query{Paging: core.Paging{After: &start, Cursor: byPlace}}, "api_keys_by_position", ""},
	}
}

func allPlans() []planned { return slices.Concat(resultPlans(), activityPlans(), apiKeyPlans()) }

// table is the one that the rows of a query stand in.
func (p planned) table() string {
	switch p.query.(type) {
	case core.ResultQuery:
		return "results"
	case core.ActivityQuery:
		return "activities"
	default:
		return "api_keys"
	}
}

// primary is the index of the key of the table.
func (p planned) primary() string { return "sqlite_autoindex_" + p.table() + "_1" }

// counts is the index by which the rows are counted: any, if all are.
func (p planned) counts() string {
	switch query := p.query.(type) {
	case core.ResultQuery:
		if query.Paging = (core.Paging{After: query.After}); query == (core.ResultQuery{}) {
			return ""
		}
	case core.ActivityQuery:
		if query.Paging = (core.Paging{After: query.After}); query == (core.ActivityQuery{}) {
			return ""
		}
	case core.APIKeyQuery:
		return ""
	}
	return p.index
}

// planRun asks for the list, and gives what was asked of its table. What was asked before that, of others, must have been looked up by a key.
func (w *world) planRun(t *testing.T, p planned, q *projections.Queries, n *notebook) []asked {
	t.Helper()
	queries := p.ask(t, q, n)
	first := slices.IndexFunc(queries, func(query asked) bool { return strings.Contains(query.text, "FROM "+p.table()+" ") })
	if first < 0 {
		t.Fatalf("nothing was asked of %s: %v", p.table(), queries)
	}
	for _, query := range queries[:first] {
		if steps := w.plan(query); len(steps) != 1 || !strings.HasPrefix(steps[0], "SEARCH ") {
			t.Errorf("%s\nplans to %s", query.text, strings.Join(steps, "; "))
		}
	}
	return queries[first:]
}

// ask asks for the list, and gives what was asked of the tables.
func (p planned) ask(t *testing.T, q *projections.Queries, n *notebook) []asked {
	t.Helper()
	var err error
	switch query := p.query.(type) {
	case core.ResultQuery:
		query.Page, query.Limit = 1, 20
		_, err = q.Results(t.Context(), 0, tenants[0], query)
	case core.ActivityQuery:
		query.Page, query.Limit = 1, 20
		_, err = q.Activities(t.Context(), 0, tenants[0], query)
	case core.APIKeyQuery:
		query.Page, query.Limit = 1, 20
		_, err = q.APIKeys(t.Context(), 0, tenants[0], query)
	}
	if err != nil {
		t.Fatal(err)
	}
	return n.taken()
}

// judge verifies that a query looks for its rows by those indexes and no others (none named: by any), and that it sorts or not.
func (w *world) judge(t *testing.T, query asked, indexes string, sorts bool) {
	t.Helper()
	steps := w.plan(query)
	var used []string
	sorted := false
	for _, step := range steps {
		switch {
		case strings.HasPrefix(step, "SEARCH "):
			_, after, _ := strings.Cut(step, " INDEX ")
			used = append(used, strings.Fields(after + " ?")[0])
		case strings.HasPrefix(step, "USE TEMP B-TREE"):
			sorted = true
		case step != "CO-ROUTINE counted" && step != "SCAN counted" && step != "MULTI-INDEX OR" && !strings.HasPrefix(step, "INDEX "):
			t.Errorf("%s\nplans to: %s", query.text, step)
		}
	}
	if got := strings.Join(used, " "); got == "" || indexes != "" && got != indexes || sorted != sorts {
		t.Errorf("%s\nplans to %s\nwant the index %s, sorted: %t", query.text, strings.Join(steps, "; "), indexes, sorts)
	}
}

// narrows verifies that a query looks for more in its indexes than whose the rows are.
func (w *world) narrows(t *testing.T, query asked) {
	t.Helper()
	for _, step := range w.plan(query) {
		if strings.HasPrefix(step, "SEARCH ") && strings.HasSuffix(step, " (tenant_id=?)") {
			t.Errorf("%s\nlooks at all rows of the tenant: %s", query.text, step)
		}
	}
}

// Every filter alone, every order, cursor, after_position and search finds its rows by an index: none looks at all rows of a tenant, and what is sorted is said.
func TestListsUseTheirIndexes(t *testing.T) {
	w := sqliteWorld(t)
	q, n := w.noted()
	w.crowd(1)
	for _, p := range allPlans() {
		t.Run(p.table()+" by "+p.name, func(t *testing.T) {
			queries := w.planRun(t, p, q, n)
			w.judge(t, queries[0], p.counts(), false)
			w.judge(t, queries[1], p.index, p.order != "")
			if p.counts() != "" {
				w.narrows(t, queries[0])
				w.narrows(t, queries[1])
			}
			if strings.Count(queries[1].text, "last_position > ") > 1 {
				t.Errorf("a walk by position begins where it stands, and not where it began:\n%s", queries[1].text)
			}
			if len(queries) > 2 {
				w.judge(t, queries[2], p.primary(), false)
			}
		})
	}
}

// Where more rows fit than are counted, nothing is sorted: they are met along the order.
func TestListsOfManyRowsSortNothing(t *testing.T) {
	unraced(t)
	w := sqliteWorld(t)
	q, n := w.noted()
	w.crowd(core.MaxTotal + 1)
	for _, p := range allPlans() {
		if p.order == "" || strings.Contains(p.name, "activity_id") { // those are never so many
			continue
		}
		t.Run(p.table()+" by "+p.name, func(t *testing.T) {
			queries := w.planRun(t, p, q, n)
			w.judge(t, queries[0], p.counts(), false)
			w.judge(t, queries[1], p.order, false)
		})
	}
}

// Each index is the way to some list: it costs every event that is projected, and one that nothing needs must go.
func TestEveryIndexIsNeeded(t *testing.T) {
	w := sqliteWorld(t)
	rows, err := w.tables.Read.Query(`SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name IN ('results', 'activities', 'api_keys', 'task_result_types') AND sql IS NOT NULL`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	needed := make(map[string]bool)
	for _, p := range allPlans() {
		for _, index := range strings.Fields(p.index) {
			needed[index] = true
		}
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if !needed[name] {
			t.Errorf("no list needs %s", name)
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
}
