package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	"resultlog/core"
)

// TestDescriptionIsValid: docs/openapi.json is OpenAPI 3.1, and each of its examples is what its schema says.
func TestDescriptionIsValid(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	if err := documented().spec.Validate(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestOperations: the router's table and the document have the same operations, and the document names the permission of each.
func TestOperations(t *testing.T) {
	described := map[string]*openapi3.Operation{}
	for pattern, item := range documented().spec.Paths.Map() {
		for method, operation := range item.Operations() {
			described[method+" "+strings.NewReplacer("{", ":", "}", "").Replace(pattern)] = operation
		}
	}
	for _, rt := range newWorld(t).server.routes() {
		name := rt.method + " " + rt.pattern
		operation, ok := described[name]
		if !ok {
			t.Errorf("%s is not described", name)
			continue
		}
		delete(described, name)
		says := "Needs the permission `" + rt.needs.String() + "` (" + strings.Join(holders(rt.needs), ", ") + ")."
		if rt.needs == public {
			says = "Needs no credential."
		}
		if !strings.HasSuffix(strings.TrimSpace(operation.Description), says) {
			t.Errorf("the description of %s does not end with %q", name, says)
		}
		if open := operation.Security != nil && len(*operation.Security) == 0; open != (rt.needs == public) {
			t.Errorf("%s is described with security: [] or without it: %t", name, open)
		}
	}
	for name := range described {
		t.Errorf("there is no %s", name)
	}
}

// holders are the roles that have a permission, the one with most first, as the contract lists them.
func holders(needs core.Permissions) (names []string) {
	for _, role := range slices.Backward(roles) {
		if role.holds.Has(needs) {
			names = append(names, role.name)
		}
	}
	return names
}

// member walks down a JSON document.
func member(t *testing.T, text []byte, names ...string) json.RawMessage {
	t.Helper()
	for _, name := range names {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil || members[name] == nil {
			t.Fatalf("there is no %s in the document (%v)", strings.Join(names, "/"), err)
		}
		text = members[name]
	}
	return text
}

// TestDocumentedExampleIsTheFirst: the example of the API's own document is the first of the operation, request and answer, with every member in its place.
func TestDocumentedExampleIsTheFirst(t *testing.T) {
	reference, err := os.ReadFile("../docs/reference/submitting-results.md")
	if err != nil {
		t.Fatal(err)
	}
	between := func(from, to string) string {
		_, text, _ := strings.Cut(string(reference), from)
		text, _, _ = strings.Cut(text, to)
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(text)); err != nil {
			t.Fatalf("between %q and %q: %v", from, to, err)
		}
		return compact.String()
	}
	post := member(t, documented().json, "paths", submitPath, "post")
	for _, row := range []struct{ want, got json.RawMessage }{
		{json.RawMessage(between("-d '", "'import")), member(t, post, "requestBody", "content", "application/json", "examples")},
		{json.RawMessage(between("Response 201 Created", "Task Result Types")), member(t, post, "responses", "201", "content", "application/json", "examples")},
	} {
		if first := keysOf(t, row.got)[0]; first != "documented" {
			t.Errorf("the first example is %s", first)
		}
		var got bytes.Buffer
		if err := json.Compact(&got, member(t, row.got, "documented", "value")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(row.want), got.String()); diff != "" {
			t.Errorf("-in the reference +here:\n%s", diff)
		}
	}
}
