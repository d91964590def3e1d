package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// openAPI is docs/openapi.json: docs/openapi.yaml, in the same order, with its anchors written out.
func openAPI(top string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(top, "docs", "openapi.yaml"))
	if err != nil {
		return nil, err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, err
	}
	if root.Kind != yaml.DocumentNode {
		return nil, fmt.Errorf("there is nothing in it")
	}
	compact, err := appendNode(nil, root.Content[0])
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// appendNode writes a YAML node as JSON.
func appendNode(b []byte, n *yaml.Node) ([]byte, error) {
	switch n.Kind {
	case yaml.AliasNode:
		return appendNode(b, n.Alias)
	case yaml.SequenceNode:
		return appendArray(b, n.Content)
	case yaml.MappingNode:
		return appendObject(b, n)
	default:
		return appendScalar(b, n)
	}
}

func appendArray(b []byte, items []*yaml.Node) (_ []byte, err error) {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendNode(b, item); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, n *yaml.Node) ([]byte, error) {
	members, err := membersOf(n)
	if err != nil {
		return nil, err
	}
	b = append(b, '{')
	seen := map[string]bool{}
	for i, m := range members {
		if seen[m.key.Value] {
			return nil, fmt.Errorf("line %d: %q comes twice", m.key.Line, m.key.Value)
		}
		seen[m.key.Value] = true
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendText(b, m.key.Value); err != nil {
			return nil, err
		}
		if b, err = appendNode(append(b, ':'), m.value); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

type member struct{ key, value *yaml.Node }

// membersOf lists the members of a mapping; those that << merges stand where it stands.
func membersOf(n *yaml.Node) (members []member, err error) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("line %d: << merges a mapping, and this is none", n.Line)
	}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch key.ShortTag() {
		case "!!merge":
			merged, err := membersOf(value)
			if err != nil {
				return nil, err
			}
			members = append(members, merged...)
		case "!!str":
			members = append(members, member{key, value})
		default: // 200 without quotes, say: some readers of YAML keep the number, and then miss the key
			return nil, fmt.Errorf("line %d: quote the key %s", key.Line, key.Value)
		}
	}
	return members, nil
}

// appendScalar writes text, numbers, booleans and null. A number keeps its spelling, so it must be one in JSON too.
func appendScalar(b []byte, n *yaml.Node) ([]byte, error) {
	switch n.ShortTag() {
	case "!!str":
		return appendText(b, n.Value)
	case "!!null":
		return append(b, "null"...), nil
	case "!!bool", "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return append(b, n.Value...), nil
		}
	}
	return nil, fmt.Errorf("line %d: quote %s, or write it as in JSON: YAML takes it for %s", n.Line, n.Value, n.ShortTag())
}

func appendText(b []byte, text string) ([]byte, error) {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false) // people read it
	if err := e.Encode(text); err != nil {
		return nil, err
	}
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte{'\n'})...), nil
}
