package core

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// indented is JSON text as a person reads it, with everything in it spelt as it was.
func indented(t *testing.T, data []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// keys are those of a JSON object.
func keys(t *testing.T, data []byte) []string {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(object))
}

// lacking is a JSON object without one of its members.
func lacking(t *testing.T, good, key string) string {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(good), &object); err != nil || object[key] == nil {
		t.Fatalf("%s in %s: %v", key, good, err)
	}
	delete(object, key)
	data, _ := json.Marshal(object)
	return string(data)
}

const (
	goodSubmitted  = `{"result_id":"770e8400-e29b-41d4-a716-446655440000","source":"STANDALONE","created_at":"2025-01-16T14:30:00.000Z","commerce_external_id":"s","occurred_at":"2025-01-16T14:30:00.000Z","status":"PENDING","result":"other"}`
	goodLinked     = `{"result_id":"770e8400-e29b-41d4-a716-446655440000","activity_id":"ee0e8400-e29b-41d4-a716-446655440000","provider_activity_id":"p"}`
	goodConfigured = `{"tenant_id":"01890a5d-ac96-774b-bcce-b302099a8057","code":"other","is_active":true,"classification":"POSITIVE"}`
	goodIssued     = `{"tenant_id":"01890a5d-ac96-774b-bcce-b302099a8057","key_id":"0194a3f0-5d2e-7c11-9a40-3f1be8d2c6a7","name":"a key","key_prefix":"rtn_sk_ab",` +
		`"key_sha256":"0000000000000000000000000000000000000000000000000000000000000001","permissions":["VIEW_EVENTS"]}`
	goodRevoked = `{"tenant_id":"01890a5d-ac96-774b-bcce-b302099a8057","key_id":"0194a3f0-5d2e-7c11-9a40-3f1be8d2c6a7","issued_version":3}`
)

// TestDecodeRefuses: what is not an event of a schema that is known stops whoever reads it. Nothing is skipped, and nothing is dropped.
func TestDecodeRefuses(t *testing.T) {
	with := func(field string) string { return strings.TrimSuffix(goodSubmitted, "}") + "," + field + "}" }
	without := func(key string) string { return lacking(t, goodSubmitted, key) }
	replace := func(good, old, new string) []byte {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s in %s", old, good)
		}
		return []byte(strings.Replace(good, old, new, 1))
	}
	tests := []struct {
		name    string
		stored  Encoded
		unknown bool // it wraps ErrUnknownEvent
	}{
		{"an unknown type", Encoded{"ResultVanished", 1, []byte(`{}`), nil}, true},
		{"no type", Encoded{"", 1, []byte(`{}`), nil}, true},
		{"a type in another case", Encoded{"resultLinked", 1, []byte(goodLinked), nil}, true},
		{"a newer schema", Encoded{"ResultLinked", 2, []byte(goodLinked), nil}, true},
		{"schema 0", Encoded{"ResultLinked", 0, []byte(goodLinked), nil}, true},
		{"a negative schema", Encoded{"ResultLinked", -1, []byte(goodLinked), nil}, true},
		{"an unknown field", Encoded{"ResultSubmitted", 1, []byte(with(`"mood":"good"`)), nil}, false},
		{"an unknown field in another type", Encoded{"ResultLinked", 1, []byte(`{"x":1,` + goodLinked[1:]), nil}, false},
		{"another object after it", Encoded{"ResultLinked", 1, []byte(goodLinked + `{}`), nil}, false},
		{"a letter after it", Encoded{"ResultLinked", 1, []byte(goodLinked + ` x`), nil}, false},
		{"half of it", Encoded{"ResultLinked", 1, []byte(goodLinked[:40]), nil}, false},
		{"nothing", Encoded{"ResultLinked", 1, nil, nil}, false},
		{"an array", Encoded{"ResultLinked", 1, []byte(`[]`), nil}, false},
		{"an unknown status", Encoded{"ResultSubmitted", 1, []byte(strings.Replace(goodSubmitted, "PENDING", "DONE", 1)), nil}, false},
		{"the status that is none", Encoded{"ResultSubmitted", 1, []byte(strings.Replace(goodSubmitted, "PENDING", "NONE", 1)), nil}, false},
		{"a malformed id", Encoded{"ResultLinked", 1, []byte(strings.Replace(goodLinked, "770e8400-", "770e8400+", 1)), nil}, false},
		{"a time without an offset", Encoded{"ResultSubmitted", 1, []byte(strings.Replace(goodSubmitted, "000Z", "000", 1)), nil}, false},
		{"a digest that is too long", Encoded{"ResultSubmitted", 1, []byte(with(`"personal_sha256":"` + strings.Repeat("0", 80) + `"`)), nil}, false},
		{"a digest that is too short", Encoded{"ResultSubmitted", 1, []byte(with(`"personal_sha256":"00"`)), nil}, false},
		{"a digest that is no digest", Encoded{"ResultSubmitted", 1, []byte(with(`"personal_sha256":"` + strings.Repeat("g", 64) + `"`)), nil}, false},
		{"a digest that is empty", Encoded{"ResultSubmitted", 1, []byte(with(`"personal_sha256":""`)), nil}, false},
		{"a personal part without a digest", Encoded{"ResultSubmitted", 1, []byte(goodSubmitted), []byte(`{}`)}, false},
		{"a personal part where none can be", Encoded{"ResultLinked", 1, []byte(goodLinked), []byte(`{}`)}, false},
		{"no result id", Encoded{"ResultSubmitted", 1, []byte(without("result_id")), nil}, false},
		{"no status", Encoded{"ResultSubmitted", 1, []byte(without("status")), nil}, false},
		{"no source", Encoded{"ResultSubmitted", 1, []byte(without("source")), nil}, false},
		{"an activity, though STANDALONE", Encoded{"ResultSubmitted", 1, []byte(with(`"activity_id":"ee0e8400-e29b-41d4-a716-446655440000"`)), nil}, false},
		{"no activity, though RETEN_ACTIVITY", Encoded{"ResultSubmitted", 1, []byte(strings.Replace(goodSubmitted, "STANDALONE", "RETEN_ACTIVITY", 1)), nil}, false},
		{"null for the status", Encoded{"ResultSubmitted", 1, []byte(strings.Replace(goodSubmitted, `"PENDING"`, "null", 1)), nil}, false},

		{"a code that is not in the catalogue", Encoded{"ResultTypeConfigured", 1, replace(goodConfigured, "other", "nonsense"), nil}, false},
		{"a code that is none", Encoded{"ResultTypeConfigured", 1, replace(goodConfigured, "other", ""), nil}, false},
		{"no code", Encoded{"ResultTypeConfigured", 1, []byte(lacking(t, goodConfigured, "code")), nil}, false},
		{"no tenant of a configuration", Encoded{"ResultTypeConfigured", 1, []byte(lacking(t, goodConfigured, "tenant_id")), nil}, false},
		{"an unknown classification", Encoded{"ResultTypeConfigured", 1, replace(goodConfigured, "POSITIVE", "NEUTRAL"), nil}, false},
		{"the classification that is none", Encoded{"ResultTypeConfigured", 1, replace(goodConfigured, "POSITIVE", "NONE"), nil}, false},
		{"an unknown field of a configuration", Encoded{"ResultTypeConfigured", 1, replace(goodConfigured, "{", `{"label":"Otro",`), nil}, false},
		{"a newer configuration", Encoded{"ResultTypeConfigured", 2, []byte(goodConfigured), nil}, true},

		{"an unknown permission", Encoded{"APIKeyIssued", 1, replace(goodIssued, "VIEW_EVENTS", "VIEW_ALL"), nil}, false},
		{"an unknown permission beside a known one", Encoded{"APIKeyIssued", 1, replace(goodIssued, `"VIEW_EVENTS"`, `"VIEW_EVENTS","view_events"`), nil}, false},
		{"permissions as a number", Encoded{"APIKeyIssued", 1, replace(goodIssued, `["VIEW_EVENTS"]`, "64"), nil}, false},
		{"permissions as a text", Encoded{"APIKeyIssued", 1, replace(goodIssued, `["VIEW_EVENTS"]`, `"VIEW_EVENTS"`), nil}, false},
		{"an empty array of permissions", Encoded{"APIKeyIssued", 1, replace(goodIssued, `["VIEW_EVENTS"]`, "[]"), nil}, false},
		{"null for the permissions", Encoded{"APIKeyIssued", 1, replace(goodIssued, `["VIEW_EVENTS"]`, "null"), nil}, false},
		{"no permissions", Encoded{"APIKeyIssued", 1, []byte(lacking(t, goodIssued, "permissions")), nil}, false},
		{"no digest of the key's text", Encoded{"APIKeyIssued", 1, []byte(lacking(t, goodIssued, "key_sha256")), nil}, false},
		{"no id of an issued key", Encoded{"APIKeyIssued", 1, []byte(lacking(t, goodIssued, "key_id")), nil}, false},
		{"no tenant of an issued key", Encoded{"APIKeyIssued", 1, []byte(lacking(t, goodIssued, "tenant_id")), nil}, false},
		{"an expiry without an offset", Encoded{"APIKeyIssued", 1, replace(goodIssued, "{", `{"expires_at":"2025-01-17T14:30:00.000",`), nil}, false},
		{"the text of the key", Encoded{"APIKeyIssued", 1, replace(goodIssued, "{", `{"plaintext_key":"rtn_sk_abc",`), nil}, false},
		{"a personal part of a key", Encoded{"APIKeyIssued", 1, []byte(goodIssued), []byte(`{}`)}, false},
		{"no id of a revoked key", Encoded{"APIKeyRevoked", 1, []byte(lacking(t, goodRevoked, "key_id")), nil}, false},
		{"no version of a revoked key's issue", Encoded{"APIKeyRevoked", 1, []byte(lacking(t, goodRevoked, "issued_version")), nil}, false},
		{"no tenant of a revoked key", Encoded{"APIKeyRevoked", 1, []byte(lacking(t, goodRevoked, "tenant_id")), nil}, false},
		{"an unknown field of a revocation", Encoded{"APIKeyRevoked", 1, replace(goodRevoked, "{", `{"reason":"lost",`), nil}, false},
	}
	for eventType := range upcasters {
		for _, data := range []string{`{}`, `null`} {
			tests = append(tests, struct {
				name    string
				stored  Encoded
				unknown bool
			}{eventType + " " + data, Encoded{eventType, 1, []byte(data), nil}, false})
		}
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			event, err := Decode(tt.stored)
			if err == nil || event != nil || errors.Is(err, ErrUnknownEvent) != tt.unknown {
				t.Errorf("%v, %v", event, err)
			}
		})
	}
	for eventType, data := range map[string]string{"ResultSubmitted": goodSubmitted, "ResultLinked": " " + goodLinked + "\n", "ResultTypeConfigured": goodConfigured, "APIKeyIssued": goodIssued, "APIKeyRevoked": goodRevoked} {
		if _, err := Decode(Encoded{Type: eventType, Schema: 1, Data: []byte(data)}); err != nil {
			t.Errorf("%s, which the others are made of: %v", eventType, err)
		}
	}
}

// TestUpcasterChain gives one event a history of three schemas.
func TestUpcasterChain(t *testing.T) {
	before := upcasters["ResultLinked"]
	defer func() { upcasters["ResultLinked"] = before }()
	replace := func(old, new string) upcaster {
		return func(data []byte) ([]byte, error) {
			if !bytes.Contains(data, []byte(old)) {
				return nil, fmt.Errorf("no %s in %s", old, data)
			}
			return bytes.Replace(data, []byte(old), []byte(new), 1), nil
		}
	}
	upcasters["ResultLinked"] = []upcaster{replace(`"one"`, `"two"`), replace(`"two"`, `"provider_activity_id"`)}
	want := ResultLinked{ResultID: fixtureResult, ActivityID: fixtureActivity, ProviderActivityID: "p"}

	for schema, key := range []string{1: "one", 2: "two", 3: "provider_activity_id"} {
		if schema == 0 {
			continue
		}
		stored := Encoded{Type: "ResultLinked", Schema: schema, Data: []byte(strings.Replace(goodLinked, "provider_activity_id", key, 1))}
		if got, err := Decode(stored); err != nil || got != Event(want) {
			t.Errorf("schema %d: %v %v", schema, got, err)
		}
	}
	if got := Encode(want); got.Schema != 3 {
		t.Errorf("written in schema %d", got.Schema)
	}
	for schema, unknown := range map[int]bool{0: true, 4: true, 1: false} { // the last: an upcaster that fails
		if _, err := Decode(Encoded{Type: "ResultLinked", Schema: schema, Data: []byte(goodLinked)}); err == nil || errors.Is(err, ErrUnknownEvent) != unknown {
			t.Errorf("schema %d: %v", schema, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	for name, want := range map[string]Metadata{
		"full": {
			Actor: Actor{Subject: "maría <ops>", Role: "FDE", Key: "rtn_sk_ab"}, RequestID: "req-1", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
			Idempotency: Idempotency{Key: `k"1`}, CausationID: fixtureOther, // as it was written on every event of a command, before keys were replayed
		},
		"keyed": {
			Actor: Actor{Subject: "integration", Role: "FDE"}, RequestID: "req-3",
			Idempotency: Idempotency{Key: "order-4711/1", Endpoint: "POST /api/activity-results/tasks", Body: sha256.Sum256([]byte(`{"status":"COMPLETED"}`))},
		},
		"apikey":  {Actor: Actor{Key: fixtureKey.String()}, RequestID: "req-4"},
		"typical": {Actor: Actor{Subject: "integration", Role: "FDE"}, RequestID: "req-2", CausationID: mustID("e8")},
		"minimal": {},
	} {
		stored, err := os.ReadFile("testdata/metadata/" + name + ".json") // like an event's fixture, it must decode for ever
		if err != nil {
			t.Fatal(err)
		}
		if got := EncodeMetadata(want); !bytes.Equal(got, stored) {
			t.Errorf("written as %s\nwant       %s", got, stored)
		}
		if got, err := DecodeMetadata(stored); err != nil || got != want {
			t.Errorf("%s is read as %+v %v", stored, got, err)
		}
	}
	for _, bad := range []string{``, `{"actor":{}} {}`, `{"who":"me"}`, `{"actor":{"mood":1}}`, `{"causation_id":"x"}`, `{"idempotency_body_sha256":""}`, `{"idempotency_body_sha256":[1]}`,
		`{"idempotency_body_sha256":"` + strings.Repeat("0", 62) + `"}`, `{"idempotency_body_sha256":"` + strings.Repeat("x", 64) + `"}`} {
		if got, err := DecodeMetadata([]byte(bad)); err == nil {
			t.Errorf("%s is read as %+v", bad, got)
		}
	}
}

// TestPropertyMetadata: whatever a client and its credential put into metadata, it is read back as it was.
func TestPropertyMetadata(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String()
		m := Metadata{Actor: Actor{text.Draw(t, "subject"), text.Draw(t, "role"), text.Draw(t, "key")}, RequestID: text.Draw(t, "request")}
		m.Idempotency = Idempotency{Key: text.Draw(t, "idempotency"), Endpoint: text.Draw(t, "endpoint")}
		copy(m.Idempotency.Body[:], rapid.SliceOfN(rapid.Byte(), 0, len(Digest{})).Draw(t, "body"))
		if got, err := DecodeMetadata(EncodeMetadata(m)); err != nil || got != m {
			t.Fatalf("%s: %+v %v", EncodeMetadata(m), got, err)
		}
	})
}

// TestAppendString: whatever a string holds, it is written as JSON that means the same as what encoding/json writes; and means the string, if it is valid UTF-8.
func TestAppendString(t *testing.T) {
	check := func(s string) error {
		reference, _ := json.Marshal(s)
		var want, got string
		if err := errors.Join(json.Unmarshal(reference, &want), json.Unmarshal(appendString(nil, s), &got)); err != nil {
			return err
		}
		if got != want || utf8.ValidString(s) && got != s || string(appendString([]byte("x"), s)) != "x"+string(appendString(nil, s)) {
			return fmt.Errorf("%q is written as %s and read as %q, want %q", s, appendString(nil, s), got, want)
		}
		return nil
	}
	for _, s := range []string{"", "plain", "<a href='x'>&", "\u2028\u2029", "\x7f", "\x00\x1f\n\t\r", `"`, `\`, `\u0041`, "é<", "日本語", "😀", "\xff\xfe", "\xed\xa0\x80", "a\xc3", "\ufeff", "\ufffd"} {
		if err := check(s); err != nil {
			t.Error(err)
		}
	}
	for c := range 256 {
		if err := check(string([]byte{'a', byte(c), 'z'})); err != nil {
			t.Error(err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]*`), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "s")
		if err := check(s); err != nil {
			t.Fatal(err)
		}
	})
}

// TestEncodeIsStable: the same event gives the same bytes, in memory of their own.
func TestEncodeIsStable(t *testing.T) {
	for _, f := range fixtures() {
		a, b := Encode(f.event), Encode(f.event)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s:\n%s", f.name, diff)
		}
		if a.Data[0] = 'x'; b.Data[0] != '{' {
			t.Errorf("%s: two encodings share memory", f.name)
		}
	}
}

// FuzzDecode: nothing that a log may hold makes Decode panic, and whatever decodes is written as something that decodes to the same.
func FuzzDecode(f *testing.F) {
	for _, x := range fixtures() {
		e := Encode(x.event)
		f.Add(e.Type, e.Schema, e.Data, e.Personal)
	}
	for eventType := range upcasters {
		f.Add(eventType, 1, []byte(`{}`), []byte(nil))
	}
	f.Add("ResultSubmitted", 1, []byte(strings.TrimSuffix(goodSubmitted, "}")+`,"personal_sha256":"`+strings.Repeat("0", 80)+`"}`), []byte(`{"salt":"`+strings.Repeat("0", 40)+`"}`))
	f.Add("ResultSubmitted", 1, []byte(strings.Replace(goodSubmitted, "2025-01-16T14:30:00.000Z", "9999-12-31T23:59:59-01:00", 1)), []byte(nil))
	f.Fuzz(func(t *testing.T, eventType string, schema int, data, personal []byte) {
		event, err := Decode(Encoded{Type: eventType, Schema: schema, Data: data, Personal: personal})
		if err != nil {
			return
		}
		_, _ = event.sealed().Open() // must not panic either
		again, err := Decode(Encode(event))
		if err != nil {
			t.Fatalf("%s is written as %s: %v", data, Encode(event).Data, err)
		}
		if diff := cmp.Diff(event, again); diff != "" {
			t.Fatalf("%s is read differently the second time:\n%s", data, diff)
		}
	})
}
