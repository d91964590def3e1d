package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDocumentsAreUpToDate is what CI asks.
func TestDocumentsAreUpToDate(t *testing.T) {
	var out strings.Builder
	if err := run("../..", true, &out); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
}

func TestRun(t *testing.T) {
	top := t.TempDir()
	for _, d := range documents {
		if err := os.MkdirAll(filepath.Join(top, filepath.Dir(d.path)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(top, "docs", "lifecycle.md")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(top, "docs", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("openapi.yaml", "openapi: 3.1.0\n")
	write("analytics.md", "By hand.\n"+columnsBegin+"Stale.\n"+columnsEnd+"By hand too.\n")
	check := func(want ...string) {
		t.Helper()
		var out strings.Builder
		err := run(top, true, &out)
		if (err != nil) != (len(want) > 0) {
			t.Fatalf("checked: %v", err)
		}
		for _, w := range want {
			if !strings.Contains(err.Error()+"\n"+out.String(), w) {
				t.Errorf("%v\n%s\ndoes not say %q", err, &out, w)
			}
		}
	}

	check("docs/lifecycle.md", "+ | PENDING | no change | no |", "go run ./cmd/docs") // there is none yet
	var out strings.Builder
	if err := run(top, false, &out); err != nil || strings.Count(out.String(), "wrote ") != len(documents) || !strings.HasPrefix(out.String(), "wrote docs/lifecycle.md\nwrote docs/openapi.json\n") {
		t.Fatalf("%v %s", err, &out)
	}
	check()

	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"| TRANSFERRED | COMPLETED | yes |", "    READY --> DISPATCHED: dispatch\n", "    PENDING --> PENDING: PENDING\n", "Do not edit"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("it lacks %q", want)
		}
	}
	stale := strings.Replace(string(written), "READY --> DISPATCHED: dispatch", "READY --> FAILED: dispatch", 1)
	write("lifecycle.md", stale)
	check("-     READY --> FAILED: dispatch", "+     READY --> DISPATCHED: dispatch")
	if after, _ := os.ReadFile(path); string(after) != stale {
		t.Error("-check has written")
	}
	write("lifecycle.md", string(written)+"\n")
	check("another order, number or ending", "1 of 5 documents are stale")
	write("lifecycle.md", string(written))
	write("openapi.yaml", "openapi: 3.1.1\n")
	check("docs/openapi.json", `-   "openapi": "3.1.0"`, `+   "openapi": "3.1.1"`)
}

// What is written by hand around the tables of columns stays.
func TestAnalyticsPageIsWrittenBetweenItsLines(t *testing.T) {
	top := t.TempDir()
	path := filepath.Join(top, "docs", "analytics.md")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for text, whole := range map[string]bool{
		"before\n" + columnsBegin + "stale\n" + columnsEnd + "after\n": true, "before\n" + columnsBegin + "after\n": false, columnsEnd + "before\n" + columnsBegin: false, "": false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		page, err := analyticsPage(top)
		if (err == nil) != whole {
			t.Errorf("%q: %v", text, err)
		}
		if got := string(page); whole && (!strings.HasPrefix(got, "before\n") || !strings.HasSuffix(got, columnsEnd+"after\n") || strings.Contains(got, "stale") ||
			!strings.Contains(got, "| `occurred_at` | timestamptz | text, RFC 3339 |  | when it happened, as the sender says |\n")) {
			t.Errorf("%q becomes\n%s", text, got)
		}
	}
}
