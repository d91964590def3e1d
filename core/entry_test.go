package core

import (
	"crypto/sha256"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anEntry is one whose every column has something in it.
func anEntry() Entry {
	return Entry{
		Position: 9, TenantID: ID{0: 1}, TenantPosition: 7, StreamID: ID{0: 2}, Version: 3, EventID: ID{0: 4}, Type: "ResultSubmitted", SchemaVersion: 1,
		Data: []byte(`{"a":1}`), Personal: []byte(`{"salt":"x"}`), Metadata: []byte(`{"request_id":"r"}`), RecordedAt: 1_736_949_000_123,
	}
}

// The form of a leaf is a promise: proofs that were given out rest on it, and auditors compute it with programs of their own. docs/audit.md describes it.
func TestLeafIsWhatTheDocumentationSays(t *testing.T) {
	const data = "resultlog event v1\n" +
		"01000000-0000-0000-0000-000000000000\n7\n02000000-0000-0000-0000-000000000000\n3\n04000000-0000-0000-0000-000000000000\n1\n2025-01-15T13:50:00.123Z\n" +
		"15:ResultSubmitted\n" + `18:{"request_id":"r"}` + "\n" + `7:{"a":1}` + "\n"
	e := anEntry()
	if got := string(e.AppendLeafData(nil)); got != data {
		t.Errorf("got\n%s\nwant\n%s", got, data)
	}
	if want := Digest(sha256.Sum256([]byte("\x00" + data))); e.Leaf() != want {
		t.Errorf("leaf %s, want %s", e.Leaf(), want)
	}
}

// A leaf commits to every column but position and personal: any other that changes changes it.
func TestLeafCommitsToEveryColumn(t *testing.T) {
	whole := reflect.TypeFor[Entry]()
	for i := range whole.NumField() {
		column := whole.Field(i).Name
		e := anEntry()
		switch v := reflect.ValueOf(&e).Elem().Field(i); v.Kind() {
		case reflect.Array:
			v.Index(15).SetUint(1)
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Slice:
			v.SetBytes(append(v.Bytes(), 'x'))
		default:
			v.SetInt(v.Int() + 1)
		}
		left := column == "Position" || column == "Personal"
		if same := e.Leaf() == anEntry().Leaf(); same != left {
			t.Errorf("%s: the leaf stays the same: %t, want %t", column, same, left)
		}
	}
}

// No two entries have the same leaf data, however the bytes of one column look like the beginning of the next.
func TestLeafDataIsUnambiguous(t *testing.T) {
	text := rapid.StringMatching(`[0-9:\n{}a]{0,12}`)
	draw := func(t *rapid.T, name string) Entry {
		e := anEntry()
		e.Type, e.Data, e.Metadata = text.Draw(t, name+" type"), []byte(text.Draw(t, name+" data")), []byte(text.Draw(t, name+" metadata"))
		return e
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		same := a.Type == b.Type && string(a.Data) == string(b.Data) && string(a.Metadata) == string(b.Metadata)
		if got := string(a.AppendLeafData(nil)) == string(b.AppendLeafData(nil)); got != same {
			t.Fatalf("the same leaf data: %t, the same columns: %t", got, same)
		}
	})
}

// An event whose answer shows its leaf again (Idempotency-Key) is encoded anew for that: as long as its type has one schema, that gives the bytes that are stored. Whoever adds a schema must
// let the receipt of a replay take the leaf from the log.
func TestAReplayedReceiptHasTheStoredLeaf(t *testing.T) {
	if newest("ResultSubmitted") != 1 {
		t.Error("ResultSubmitted has a second schema: see above")
	}
}

func BenchmarkLeaf(b *testing.B) {
	e := anEntry()
	e.Data, e.Metadata = []byte(fmt.Sprintf(`{"a":"%s"}`, strings.Repeat("x", 500))), []byte(strings.Repeat("m", 150))
	b.ReportAllocs()
	for b.Loop() {
		e.Leaf()
	}
}
