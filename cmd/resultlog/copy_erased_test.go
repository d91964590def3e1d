package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

// eraseIn runs the subcommand.
func eraseIn(t *testing.T, place string, result core.ID) {
	t.Helper()
	command(t, append([]string{"erase", "--result", result.String(), "--tenant", testTenant, "--sub", "maria"}, in(place)...)...)
}

// personalOf are the personal parts of a result's submissions, as a store's log has them.
func personalOf(t *testing.T, place string, result core.ID) (parts []string) {
	t.Helper()
	for _, row := range stored(t, place) {
		if row.StreamID == result && row.Type == "ResultSubmitted" {
			parts = append(parts, string(row.Personal))
		}
	}
	return parts
}

// An erasure is brought to a copy by the next one, in either direction and on either engine, and leaves nothing in its files; a copy never brings back what is erased.
func TestACopyErasesToo(t *testing.T) {
	dir, dsn, late := t.TempDir(), postgrestest.Own(t).DSN("postgres"), t.TempDir()
	result := poisonedResult(t, dir)
	if r := copyStore(t, dir, dsn); r.Erased != 0 || len(filesWith(t, dsn, "raw"+secret)) == 0 {
		t.Fatalf("before: %+v", r)
	}
	eraseIn(t, dir, result)
	if r := copyStore(t, dir, dsn); r.Copied != 1 || r.Erased != 2 {
		t.Errorf("to PostgreSQL: %+v", r)
	}
	if found := filesWith(t, dsn, secret); len(found) > 0 || len(filesWith(t, dsn, "raw"+kept)) == 0 {
		t.Errorf("in the copy it stands in %v", found)
	}
	if r := copyStore(t, dir, dsn); r.Copied != 0 || r.Erased != 0 {
		t.Errorf("again: %+v", r)
	}
	copyStore(t, dsn, late)
	if found := filesWith(t, late, secret); len(found) > 0 {
		t.Errorf("in a copy of the copy it stands in %v", found)
	}
	for _, place := range []string{dir, dsn, late} {
		withLogOf(t, place, func(log storedLog) { eventsOf(t, log) })
	}
}

// An erasure that has emptied nothing yet where it was recorded, and all of it in the copy: the copy stays as it is.
func TestACopyDoesNotBringBackWhatIsErased(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	result := poisonedResult(t, from)
	withLogOf(t, from, func(log storedLog) {
		tenant := stored(t, from)[0].TenantID
		var out bytes.Buffer
		if _, err := decideOn(t.Context(), console{out: &out, err: &out}, log, tenant, "maria", core.ErasePersonal{ResultID: result}); err != nil {
			t.Fatal(err)
		}
	})
	copyStore(t, from, to)
	eraseIn(t, to, result)
	if r := copyStore(t, from, to); r.Copied != 0 || r.Erased != 0 {
		t.Errorf("%+v", r)
	}
	if got := personalOf(t, to, result); !slices.Equal(got, []string{"", ""}) {
		t.Errorf("the copy has %q", got)
	}
	if got := personalOf(t, from, result); len(got) != 2 || !strings.Contains(got[0], secret) {
		t.Errorf("where it came from there is %q", got)
	}
}

// What is gone on one side without an erasure that says so is a fault, wherever it stands, and nothing is copied on top of it; so is what has another erasure, and what is otherwise different beside one.
func TestACopyTellsAFaultFromAnErasure(t *testing.T) {
	row := func(n byte, version core.Version, eventType, personal string) eventstore.Row {
		r := eventstore.Row{Entry: core.Entry{Position: core.Position(n), TenantID: core.ID{1}, StreamID: core.ID{2}, Version: version, Type: eventType}}
		if personal != "" {
			r.Personal = []byte(personal)
		}
		return r
	}
	other := row(3, 1, "PersonalErased", "")
	other.StreamID = core.ID{3}
	spoilt := row(1, 1, "ResultSubmitted", "")
	spoilt.Metadata = []byte("x")
	for name, c := range map[string]struct {
		want, got eventstore.Row
		then      []eventstore.Row
		column    string
		open      core.Position
		erased    core.Version
	}{
		"the same":                             {row(1, 1, "ResultSubmitted", "p"), row(1, 1, "ResultSubmitted", "p"), nil, "", 0, 0},
		"erased at its origin":                 {row(1, 1, "ResultSubmitted", ""), row(1, 1, "ResultSubmitted", "p"), []eventstore.Row{row(2, 2, "PersonalErased", "")}, "", 0, 2},
		"erased in the copy":                   {row(1, 1, "ResultSubmitted", "p"), row(1, 1, "ResultSubmitted", ""), []eventstore.Row{row(2, 2, "PersonalErased", "")}, "", 0, 0},
		"gone at its origin, no erasure":       {row(1, 1, "ResultSubmitted", ""), row(1, 1, "ResultSubmitted", "p"), []eventstore.Row{row(2, 2, "ResultSubmitted", "p")}, "", 1, 0},
		"gone in the copy, no erasure":         {row(1, 1, "ResultSubmitted", "p"), row(1, 1, "ResultSubmitted", ""), nil, "", 1, 0},
		"gone, with the erasure of another":    {row(1, 1, "ResultSubmitted", ""), row(1, 1, "ResultSubmitted", "p"), []eventstore.Row{other}, "", 1, 0},
		"erased, and different":                {row(1, 1, "ResultSubmitted", "p"), spoilt, []eventstore.Row{row(2, 2, "PersonalErased", "")}, "metadata", 0, 0},
		"another personal part":                {row(1, 1, "ResultSubmitted", "p"), row(1, 1, "ResultSubmitted", "q"), []eventstore.Row{row(2, 2, "PersonalErased", "")}, "personal", 0, 0},
		"erased, by what the copy has not yet": {row(1, 1, "ResultSubmitted", ""), row(1, 1, "ResultSubmitted", "p"), []eventstore.Row{row(9, 2, "PersonalErased", "")}, "", 0, 0},
	} {
		e := newErasures()
		column := e.differs(c.want, c.got)
		for _, r := range c.then {
			e.meet(r, r.Position < 9)
		}
		if erased := e.inTheCopy[core.Stream{Tenant: core.ID{1}, ID: core.ID{2}}]; column != c.column || column == "" && (e.first() != c.open || erased != c.erased) {
			t.Errorf("%s: %q, open at %d, to be erased before version %d", name, column, e.first(), erased)
		}
	}
}
