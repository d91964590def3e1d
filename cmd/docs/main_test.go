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
	if err := os.Mkdir(filepath.Join(top, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(top, "docs", "lifecycle.md")
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
	if err := run(top, false, &out); err != nil || out.String() != "wrote docs/lifecycle.md\n" {
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
	if err := os.WriteFile(path, []byte(stale), 0o644); err != nil {
		t.Fatal(err)
	}
	check("-     READY --> FAILED: dispatch", "+     READY --> DISPATCHED: dispatch")
	if after, _ := os.ReadFile(path); string(after) != stale {
		t.Error("-check has written")
	}
	if err := os.WriteFile(path, append(written, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	check("another order, number or ending", "1 of 1 documents are stale")
}
