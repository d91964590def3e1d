package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// arrows is the house: which of its own packages each package may import. An arrow that is not here needs an argument in docs/decisions first.
var arrows = map[string][]string{
	"resultlog/core":                             {},
	"resultlog/eventstore":                       {"core"},
	"resultlog/eventstore/memory":                {"core", "eventstore"},
	"resultlog/eventstore/sqlite":                {"core", "eventstore"},
	"resultlog/eventstore/postgres":              {"core", "eventstore"},
	"resultlog/eventstore/postgres/postgrestest": {},
	"resultlog/eventstore/eventstoretest":        {"core", "eventstore"},
	"resultlog/projections":                      {"core"},
	"resultlog/projections/audit":                {"core"},
	"resultlog/projections/analytics":            {"core"},
	"resultlog/projections/export":               {"core", "projections/analytics"},
	"resultlog/http":                             {"core"},
	"resultlog/docs":                             {},
	"resultlog/cmd/resultlog":                    {"core", "docs", "eventstore", "eventstore/postgres", "eventstore/sqlite", "http", "projections", "projections/analytics", "projections/audit", "projections/export"},
	"resultlog/cmd/resultlog/programtest":        {"eventstore/postgres/postgrestest"},
	"resultlog/cmd/resultlog/crashtest":          {}, // tests only
	"resultlog/cmd/resultlog/failovertest":       {}, // tests only
	"resultlog/cmd/resultlog/observetest":        {}, // tests only
	"resultlog/cmd/resultlog/soaktest":           {}, // tests only
	"resultlog/cmd/bench":                        {"core", "eventstore", "eventstore/postgres", "eventstore/postgres/postgrestest", "eventstore/sqlite", "http", "projections", "projections/audit"},
	"resultlog/cmd/docs":                         {"core", "projections/analytics"},
}

func TestNoArrowIsAddedToTheHouse(t *testing.T) {
	list := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{join .Imports " "}}`, "resultlog/...")
	list.Stderr = os.Stderr // apart from the answer: it tells what it downloads
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		path, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		allowed, known := arrows[path]
		if !known {
			t.Errorf("package %s is not in the house", path)
		}
		for _, imported := range strings.Fields(imports) {
			room, ours := strings.CutPrefix(imported, "resultlog/")
			if ours && !slices.Contains(allowed, room) {
				t.Errorf("%s imports %s", path, imported)
			}
			if path == "resultlog/core" && strings.Contains(imported, ".") && imported != "github.com/looplab/fsm" {
				t.Errorf("core imports %s: it has the standard library and looplab/fsm", imported)
			}
		}
	}
}

// TestTopLevel: someone new sees the architecture from the folder list.
func TestTopLevel(t *testing.T) {
	want := []string{"CHANGELOG.md", "LICENSE", "Makefile", "README.md", "cmd", "core", "docs", "eventstore", "go.mod", "go.sum", "http", "projections"}
	out, err := exec.Command("git", "-C", "../..", "ls-files").Output()
	var names []string
	if err == nil {
		for name := range strings.Lines(string(out)) {
			names = append(names, strings.TrimSpace(strings.SplitN(name, "/", 2)[0]))
		}
	} else { // not a checkout: an archive of the sources
		entries, err := os.ReadDir("../..")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !strings.HasPrefix(name, ".") && !slices.Contains(want, name) && name != "bin" && name != "data" {
			t.Errorf("%s stands at the top level", name)
		}
	}
}
