package httpapi

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
)

// FuzzSplitBatch: whatever comes, cutting it does not panic, and no item is lost or made up. Of arrays encoding/json says what the elements are, of lines a plain loop.
func FuzzSplitBatch(f *testing.F) {
	for _, body := range []string{
		array(minimal, documentedExample), lines(minimal, "", " {} ", "\r", "null"), "[", "[]", "[1,]", " [ 1 , \"a,]\\\"\" ,[[]], {\"a\":[]}\n]", "[1]2", "[1][2]", "\ufeff[]", "[\"\xff\"]", "[\xff]", "\n\n\x00\n",
		`[{"a":1,"a":2},"\ud800"]`, "{\r}\r\n[", array(slices.Repeat([]string{"1"}, MaxBatchItems+1)...), lines(slices.Repeat([]string{"1"}, MaxBatchItems)...),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := splitAs(mediaJSON, body)
		var elements []json.RawMessage
		if jsonErr := json.Unmarshal(body, &elements); (err == nil) != (jsonErr == nil && 0 < len(elements) && len(elements) <= MaxBatchItems) {
			t.Fatalf("cut with %v; encoding/json gives %d elements, %v", err, len(elements), jsonErr)
		}
		if err == nil && !slices.EqualFunc(got, elements, func(it batchItem, e json.RawMessage) bool { return bytes.Equal(it.raw, e) && it.line == 0 }) {
			t.Errorf("cut to %+v, want %s", got, elements)
		}

		var want []batchItem
		for i, line := range bytes.Split(body, []byte("\n")) {
			if line = bytes.Trim(line, " \r\t"); len(line) > 0 {
				want = append(want, batchItem{line: i + 1, raw: line})
			}
		}
		got, err = splitAs(mediaNDJSON, body)
		if (err == nil) != (0 < len(want) && len(want) <= MaxBatchItems) {
			t.Fatalf("cut with %v, of %d lines", err, len(want))
		}
		if err == nil && !slices.EqualFunc(got, want, func(a, b batchItem) bool { return bytes.Equal(a.raw, b.raw) && a.line == b.line }) {
			t.Errorf("cut to %+v, want %+v", got, want)
		}
	})
}

// splitAs cuts a body in a buffer of its own.
func splitAs(media string, body []byte) ([]batchItem, error) {
	b := new(buffers)
	b.in.Write(body)
	return b.split(media)
}
