package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// converted gives what becomes of a YAML text.
func converted(t *testing.T, text string) (string, error) {
	t.Helper()
	top := t.TempDir()
	if err := os.Mkdir(filepath.Join(top, "docs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(top, "docs", "openapi.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	b, err := openAPI(top)
	return string(b), err
}

// TestOpenAPI has a row for everything that the YAML may hold.
func TestOpenAPI(t *testing.T) {
	for _, row := range []struct{ name, yaml, json string }{
		{"members keep their order", "b: 1\na: 2\n", `{"b":1,"a":2}`},
		{"numbers keep their spelling", "[1.50, -0, 1e3, 12345678901234567890]\n", `[1.50,-0,1e3,12345678901234567890]`},
		{"what is quoted is text", "['2025-01-16T14:30:00.000Z', '1', 'true', 'null']\n", `["2025-01-16T14:30:00.000Z","1","true","null"]`},
		{"true, false, null and nothing", "[true, false, null, ~]\n", `[true,false,null,null]`},
		{"text keeps what HTML would escape", "'<a> & \"b\" \\'\n", `"<a> & \"b\" \\"`},
		{"lines", "|\n  one\n  two\n", `"one\ntwo\n"`},
		{"anchors are written out", "a: &a {x: 1}\nb: *a\n", `{"a":{"x":1},"b":{"x":1}}`},
		{"what is merged stands where << stands", "a: &a {x: 1, y: 2}\nb:\n  first: 0\n  <<: *a\n  last: 3\n", `{"a":{"x":1,"y":2},"b":{"first":0,"x":1,"y":2,"last":3}}`},
		{"an anchor of what is merged", "a:\n  <<: &a {x: 1}\nb: *a\n", `{"a":{"x":1},"b":{"x":1}}`},
		{"nothing in it", "a: {}\nb: []\n", `{"a":{},"b":[]}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := converted(t, row.yaml)
			if compact := strings.NewReplacer("\n", "", "  ", "", `": `, `":`).Replace(got); err != nil || compact != row.json || !strings.HasSuffix(got, "\n") {
				t.Errorf("%s (%v), want %s", compact, err, row.json)
			}
		})
	}
}

// TestOpenAPIRefuses: what other readers of YAML would take for something else is refused, with its line.
func TestOpenAPIRefuses(t *testing.T) {
	for _, row := range []struct{ name, yaml, says string }{
		{"a time without quotes", "a: 2025-01-16T14:30:00.000Z\n", "line 1: quote 2025-01-16T14:30:00.000Z"},
		{"a number that is none in JSON", "a:\n  - 0x10\n", "line 2: quote 0x10"},
		{"infinity", "a: .inf\n", "quote .inf"},
		{"True", "a: True\n", "quote True"},
		{"a key that is a number", "a:\n  200: {}\n", "line 2: quote the key 200"},
		{"a key that comes twice", "a: 1\nb: 2\na: 3\n", `line 3: "a" comes twice`},
		{"a key that is merged and comes again", "a: &a {x: 1}\nb:\n  <<: *a\n  x: 2\n", `line 4: "x" comes twice`},
		{"merging a list", "a: &a [1]\nb:\n  <<: *a\n", "<< merges a mapping"},
		{"binary", "a: !!binary aGVsbG8=\n", "quote"},
		{"no YAML", "a: [\n", "yaml"},
		{"nothing", "", "nothing in it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got, err := converted(t, row.yaml); err == nil || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%q, %v; want an error that says %q", got, err, row.says)
			}
		})
	}
	if _, err := openAPI(t.TempDir()); err == nil {
		t.Error("a document that is not there was converted")
	}
}
