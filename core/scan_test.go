package core

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// judgeScan holds the scanner against encoding/json: an object that stands on one line is what both take, and the members are those that it has.
func judgeScan(t interface{ Errorf(string, ...any) }, text []byte) {
	members := 0
	length := scanObject(text, func(key, value []byte) {
		members++
		if !json.Valid(key) || !json.Valid(value) || key[0] != '"' {
			t.Errorf("%q: the member %q is %q", text, key, value)
		}
	})
	var object map[string]json.RawMessage
	is := json.Unmarshal(text, &object) == nil && object != nil && text[0] == '{' && text[len(text)-1] == '}'
	whole := length > 0 && length == len(text)
	if bytes.ContainsAny(text, "\r\n") || strings.Count(string(text), "{")+strings.Count(string(text), "[") > maxScanDepth {
		is = is && whole // the scanner may refuse it
	}
	if whole != is || whole && members < len(object) {
		t.Errorf("%q: %d bytes of %d are an object of %d members; encoding/json takes it: %t", text, length, len(text), members, is)
	}
}

func TestScanObject(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"a":1}`, `{ "a" : 1 , "b":[ 1 , 2 ] }`, "{\t}", `{"a":[]}`, `{"a":[[],{}]}`, `{"a":"\"}"}`, `{"a":"\\"}`, `{"a":"\u00e9\ud800"}`, `{"a":-0.5e+10,"b":0,"c":1E1}`, `{"a":true,"b":false,"c":null}`, `{"":""}`,
		``, `{`, `}`, `{]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{"a":1 "b":2}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":+1}`, `{"a":1e}`, `{"a":-}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"\u12"}`, `{"a":tru}`, `{"a":nul}`, `{"a":"`, `{"a":[1,]}`,
		`{"a":[1`, `{a:1}`, `{"a":1}}`, `{"a":1} `, `[1]`, `"a"`, "{\"a\":\"\x00\"}", "{\"a\":\"\x1f\"}", "{\"a\":\"\x7f\"}", "{\"a\":1\n}", "{\"a\"\r:1}", `{"a":'1'}`, `{"a":1/**/}`, `{"a":NaN}`, `{"a":{"b":{"c":[{"d":1}]}}}`,
	} {
		judgeScan(t, []byte(text))
	}
	for depth, fits := range map[int]bool{maxScanDepth: true, maxScanDepth + 1: false} {
		text := []byte(strings.Repeat(`{"a":`, depth-1) + `{}` + strings.Repeat(`}`, depth-1))
		if (scanObject(text, nil) == len(text)) != fits {
			t.Errorf("%d deep: %t, want %t", depth, !fits, fits)
		}
		text = []byte(`{"a":` + strings.Repeat(`[`, depth-1) + strings.Repeat(`]`, depth-1) + `}`)
		if (scanObject(text, nil) == len(text)) != fits {
			t.Errorf("arrays, %d deep: %t, want %t", depth, !fits, fits)
		}
	}
	if text := []byte(`{"a":"}"},"b":{}`); scanObject(text, nil) != len(`{"a":"}"}`) {
		t.Error("it does not end where the object does")
	}
}

func TestScannedAsEncodingJSONDoes(t *testing.T) {
	piece := rapid.SampledFrom([]string{`{`, `}`, `[`, `]`, `,`, `:`, `"a"`, `"`, `\`, `\u0041`, `1`, `-`, `0`, `.5`, `e1`, `true`, `null`, ` `, "\t", "\n", `"a":`, `{}`, `"\\"`, "\x01"})
	rapid.Check(t, func(t *rapid.T) {
		judgeScan(t, []byte("{"+strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "")+"}"))
	})
}

func FuzzScanObject(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\u0041"}],"c":null}`))
	f.Fuzz(func(t *testing.T, text []byte) { judgeScan(t, text) })
}
