// Command docs writes the documents that are made from the code or from another document, or checks that they are up to date:
//
//	go run ./cmd/docs          writes docs/lifecycle.md, docs/openapi.json, the tables of columns in docs/analytics.md, and the views that have these columns
//	go run ./cmd/docs -check   exits 1 and says what differs, if it is stale
//
// Run it at the top of the repository.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"resultlog/core"
	"resultlog/projections/analytics"
)

// document is one generated file, and what is written in it; top is the top of the repository.
type document struct {
	path  string
	write func(top string) ([]byte, error)
}

var documents = []document{
	{"docs/lifecycle.md", func(string) ([]byte, error) { return lifecycle() }},
	{"docs/openapi.json", openAPI},
	{"docs/analytics.md", analyticsPage},
	{viewsOf("sqlite"), func(string) ([]byte, error) { return []byte(analytics.SQLite()), nil }},
	{viewsOf("postgres"), func(string) ([]byte, error) { return []byte(analytics.Postgres()), nil }},
}

func main() {
	check := flag.Bool("check", false, "write nothing; exit 1 if a document is not up to date")
	flag.Parse()
	if err := run(".", *check, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// run writes or checks every document under the folder top.
func run(top string, check bool, out io.Writer) error {
	stale := 0
	for _, d := range documents {
		want, err := d.write(top)
		if err != nil {
			return fmt.Errorf("%s: %w", d.path, err)
		}
		path := filepath.Join(top, d.path)
		got, err := os.ReadFile(path)
		if err == nil && bytes.Equal(got, want) {
			continue
		}
		if !check {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				return err
			}
			_, _ = fmt.Fprintln(out, "wrote", d.path)
			continue
		}
		stale++
		_, _ = fmt.Fprintf(out, "%s is not up to date:\n%s", d.path, differences(string(got), string(want)))
	}
	if stale > 0 {
		return fmt.Errorf("%d of %d documents are stale; run: go run ./cmd/docs", stale, len(documents))
	}
	return nil
}

// differences lists the lines that only one of two texts has: - for what is there, + for what should be.
func differences(got, want string) string {
	var b strings.Builder
	only := func(mark, text, other string) {
		have := map[string]bool{}
		for l := range strings.Lines(other) {
			have[strings.TrimRight(l, "\r\n")] = true
		}
		for l := range strings.Lines(text) {
			if l = strings.TrimRight(l, "\r\n"); !have[l] {
				fmt.Fprintf(&b, "%s %s\n", mark, l)
			}
		}
	}
	only("-", got, want)
	only("+", want, got)
	if b.Len() == 0 {
		return "  the same lines, in another order, number or ending\n"
	}
	return b.String()
}

// lifecycle is docs/lifecycle.md: both status machines, drawn from the law itself, and what a result does to its activity.
func lifecycle() ([]byte, error) {
	result, activity, err := core.NewLifecycle().Mermaid()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = fmt.Fprintf(&b, lifecycleText, outcomes(), diagram(result), diagram(activity))
	return b.Bytes(), err
}

// outcomes is the table of contract §1, from the one place in the code where it stands.
func outcomes() string {
	var b strings.Builder
	for s := core.ResultPending; s <= core.ResultTransferred; s++ {
		after, terminal := "no change", "no"
		if to := s.ActivityStatus(); to != core.NoActivity {
			after, terminal = to.String(), "yes"
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", s, after, terminal)
	}
	return b.String()
}

func diagram(mermaid string) string {
	return "```mermaid\n" + strings.TrimRight(mermaid, "\n") + "\n```"
}

const lifecycleText = `# The lifecycle of results and activities

<!-- Generated from core/lifecycle.go and core/status.go by: go run ./cmd/docs. Do not edit; CI runs go run ./cmd/docs -check. -->

This page is generated from the code: ` + "`go run ./cmd/docs`" + ` writes it, ` + "`go run ./cmd/docs -check`" + ` fails if it is stale.
The machines are [looplab/fsm](https://github.com/looplab/fsm) definitions in ` + "`core/lifecycle.go`" + `. They are the law, not the memory: one definition judges every result and
activity there is, and what status each is in follows from its stream.

## What a result does to its activity

| result status | the activity becomes | terminal |
|---|---|---|
%s
A result that asks for the status its activity already has, or for no change, appends no ` + "`ActivityTransitioned`" + `.

## Result

An event's name is the status that a submission asks for. NONE means that there is no result yet. Nothing leads out of a terminal status, the same status included,
but a submission with ` + "`hard_override: true`" + `, which no arrow shows; such an event says ` + "`overridden`" + `.

%s

## Activity

NONE means that there is no activity yet. The events ` + "`result_…`" + ` are what results do, by the table above, at once or by late linking;
` + "`hard_override`" + ` lifts the law for them too.

%s
`
