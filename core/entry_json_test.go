package core

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anEntryOfToday is a submission as this program records it.
func anEntryOfToday() Entry {
	return NewEntry(Recorded{
		Position: 9, TenantPosition: 7, Stream: Stream{Tenant: ID{0: 1}, ID: ID{0: 2}}, Version: 3, EventID: ID{0: 4}, RecordedAt: 1_736_949_000_123,
		Metadata: Metadata{Actor: Actor{Subject: "someone", Role: "FDE"}, RequestID: "r-1", Traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
		Event: ResultSubmitted{ResultID: ID{0: 2}, Source: RetenActivity, ActivityID: ID{0: 5}, CreatedAt: 1_736_949_000_123, Submission: Submission{
			ProviderActivityID: "ext-123", CommerceExternalID: "store-001", OccurredAt: 1_736_948_000_000, Status: ResultCompleted, Result: "success", ContactType: "OUTBOUND",
			Personal: Personal{Comment: "at home", RawPayload: []byte(`{"a": 1}`)}.Seal(),
		}},
	})
}

// The form of a line is a promise: exports are compared byte by byte, and read by programs of others. docs/audit.md describes it.
func TestEntryLineIsWhatTheDocumentationSays(t *testing.T) {
	const line = `{"tenantId":"01000000-0000-0000-0000-000000000000","tenantPosition":7,"streamId":"02000000-0000-0000-0000-000000000000","version":3,` +
		`"eventId":"04000000-0000-0000-0000-000000000000","type":"ResultSubmitted","schema":1,"recordedAt":"2025-01-15T13:50:00.123Z","actor":{"key":"k"},"requestId":"r\u0020",` +
		`"metadata":{"actor":{"key":"k"},"request_id":"r\u0020","x":[1.0]},"data":{"a": 1e0},"leaf":"`
	e := anEntry()
	e.Metadata, e.Data = []byte(`{"actor":{"key":"k"},"request_id":"r\u0020","x":[1.0]}`), []byte(`{"a": 1e0}`)
	want := line + e.Leaf().String() + `"}`
	got, err := e.AppendJSON([]byte("before "))
	if err != nil || string(got) != "before "+want {
		t.Fatalf("%v\ngot  %s\nwant %s", err, got, want)
	}
	if !json.Valid([]byte(want)) || strings.Contains(want, "salt") || strings.Contains(want, `"position"`) {
		t.Errorf("%s", want)
	}
	e.Metadata = []byte(`{}`)
	if got, err = e.AppendJSON(nil); err != nil || !strings.Contains(string(got), `"actor":{},"metadata":{},`) {
		t.Errorf("without an actor and a request: %v %s", err, got)
	}
}

// TestWhatIsNoLine: what cannot stand on one line as JSON is an error, and nothing is written.
func TestWhatIsNoLine(t *testing.T) {
	for name, change := range map[string]func(*Entry){
		"a line feed in the data":             func(e *Entry) { e.Data = []byte("{\"a\":\n1}") },
		"a carriage return in the data":       func(e *Entry) { e.Data = []byte("{\"a\":1\r}") },
		"a line feed in a string of the data": func(e *Entry) { e.Data = []byte("{\"a\":\"\n\"}") },
		"data that is no object":              func(e *Entry) { e.Data = []byte(`[1]`) },
		"no data":                             func(e *Entry) { e.Data = nil },
		"data that goes on":                   func(e *Entry) { e.Data = []byte(`{"a":1}{"b":2}`) },
		"data that ends too early":            func(e *Entry) { e.Data = []byte(`{"a":1`) },
		"data that ends the member":           func(e *Entry) { e.Data = []byte(`{"a":1},"data":{}`) },
		"data that is not UTF-8":              func(e *Entry) { e.Data = []byte("{\"a\":\"\xff\"}") },
		"data that is nested too deep": func(e *Entry) {
			e.Data = []byte(strings.Repeat(`{"a":`, maxScanDepth) + "{}" + strings.Repeat("}", maxScanDepth))
		},
		"a line feed in the metadata":             func(e *Entry) { e.Metadata = []byte("{\"request_id\":\n\"r\"}") },
		"metadata that is no object":              func(e *Entry) { e.Metadata = []byte(`"r"`) },
		"no metadata":                             func(e *Entry) { e.Metadata = nil },
		"metadata with an actor that is none":     func(e *Entry) { e.Metadata = []byte(`{"actor":"me"}`) },
		"metadata with two actors":                func(e *Entry) { e.Metadata = []byte(`{"actor":{"key":"a"},"actor":{"key":"b"}}`) },
		"metadata with a request that is none":    func(e *Entry) { e.Metadata = []byte(`{"request_id":1}`) },
		"metadata with two requests":              func(e *Entry) { e.Metadata = []byte(`{"request_id":"a","request_id":"b"}`) },
		"a type that is no name":                  func(e *Entry) { e.Type = `A","x":"` },
		"no type":                                 func(e *Entry) { e.Type = "" },
		"no tenant":                               func(e *Entry) { e.TenantID = ID{} },
		"no stream":                               func(e *Entry) { e.StreamID = ID{} },
		"no id":                                   func(e *Entry) { e.EventID = ID{} },
		"a time that no reader of times can read": func(e *Entry) { e.RecordedAt = lastWritten + 1 },
		"a time before all calendars":             func(e *Entry) { e.RecordedAt = firstWritten - 1 },
	} {
		e := anEntry()
		change(&e)
		if got, err := e.AppendJSON([]byte("x")); err == nil || string(got) != "x" || !strings.HasPrefix(err.Error(), "tenant position 7: ") {
			t.Errorf("%s: %v %s", name, err, got)
		}
	}
	for _, at := range []Instant{firstWritten, lastWritten} {
		e := anEntry()
		e.RecordedAt = at
		mustComeBack(t, e)
	}
}

// mustComeBack writes an entry and reads it again.
func mustComeBack(t interface{ Fatalf(string, ...any) }, e Entry) []byte {
	line, err := e.AppendJSON(nil)
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	got, err := ParseEntry(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	e.Position, e.Personal = 0, nil
	if !reflect.DeepEqual(got, e) {
		t.Fatalf("%s\ncame back as\n%+v, and was\n%+v", line, got, e)
	}
	if leaf := LeafOf(line); leaf != e.Leaf() {
		t.Fatalf("%s\nits leaf is read as %s", line, leaf)
	}
	return line
}

// drawnEntry is any entry that can be written.
func drawnEntry(t *rapid.T) Entry {
	id := rapid.Custom(func(t *rapid.T) ID {
		return ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Filter(func(b []byte) bool { return ID(b) != ID{} }).Draw(t, "id"))
	})
	var value *rapid.Generator[any]
	value = rapid.Deferred(func() *rapid.Generator[any] {
		return rapid.OneOf(rapid.String().AsAny(), rapid.Float64Range(-1e300, 1e300).AsAny(), rapid.Int().AsAny(), rapid.Bool().AsAny(), rapid.Just[any](nil),
			rapid.SliceOfN(value, 0, 3).AsAny(), rapid.MapOfN(rapid.String(), value, 0, 3).AsAny())
	})
	object := func(name string, members map[string]any) []byte {
		for k, v := range rapid.MapOfN(rapid.String(), value, 0, 4).Draw(t, name) {
			if _, taken := members[k]; !taken && k != "actor" && k != "request_id" {
				members[k] = v
			}
		}
		text, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	who := map[string]any{}
	if rapid.Bool().Draw(t, "has an actor") {
		who["actor"] = map[string]string{"subject": rapid.String().Draw(t, "subject")}
	}
	if rapid.Bool().Draw(t, "has a request") {
		who["request_id"] = rapid.String().Draw(t, "request")
	}
	return Entry{
		TenantID: id.Draw(t, "tenant"), TenantPosition: Position(rapid.Int64().Draw(t, "position")), StreamID: id.Draw(t, "stream"), Version: Version(rapid.Int32().Draw(t, "version")),
		EventID: id.Draw(t, "event"), Type: rapid.OneOf(rapid.SampledFrom(EventTypes), rapid.StringMatching(`[A-Za-z0-9]{1,30}`)).Draw(t, "type"), SchemaVersion: rapid.Int().Draw(t, "schema"),
		RecordedAt: Instant(rapid.Int64Range(int64(firstWritten), int64(lastWritten)).Draw(t, "recorded at")), Metadata: object("metadata", who), Data: object("data", map[string]any{}),
	}
}

// What was written comes back, and every line is JSON. A line in which one byte was changed never passes for the entry that it was made of, nor, with another leaf, for any.
func TestEntriesComeBackAndNothingElseDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawnEntry(t)
		line := mustComeBack(t, e)
		if !json.Valid(line) || bytes.ContainsAny(line, "\r\n") {
			t.Fatalf("not a line of JSON: %q", line)
		}
		spoilt := bytes.Clone(line)
		at := rapid.IntRange(0, len(line)-1).Draw(t, "at")
		spoilt[at] = rapid.Byte().Filter(func(b byte) bool { return b != line[at] }).Draw(t, "byte")
		if got, err := ParseEntry(spoilt); err == nil {
			t.Fatalf("byte %d of\n%s\nwas changed to\n%s\nand it passes for %+v", at, line, spoilt, got)
		}
	})
}

// TestEveryByteCounts changes each byte of a line in several ways, cuts it off everywhere, and puts something in everywhere.
func TestEveryByteCounts(t *testing.T) {
	line := mustComeBack(t, anEntryOfToday())
	for i := range line {
		for _, other := range []byte{line[i] ^ 1, line[i] ^ 0x20, '0', 'a', ' ', '"', '\\', '}', ',', '\n', 0} {
			if other == line[i] {
				continue
			}
			spoilt := bytes.Clone(line)
			spoilt[i] = other
			if _, err := ParseEntry(spoilt); err == nil {
				t.Errorf("byte %d may be %q: %s", i, other, spoilt)
			}
		}
		if _, err := ParseEntry(line[:i]); err == nil {
			t.Errorf("it may end at byte %d", i)
		}
		for _, more := range []string{" ", "\t", "\n", "0"} {
			if _, err := ParseEntry([]byte(string(line[:i]) + more + string(line[i:]))); err == nil {
				t.Errorf("%q may stand before byte %d", more, i)
			}
		}
	}
	if _, err := ParseEntry(append(bytes.Clone(line), '\n')); err == nil {
		t.Error("it may end with a line feed")
	}
}

// TestWhatIsWrongWithALine: a leaf that does not belong to the event is told apart from a line that is none.
func TestWhatIsWrongWithALine(t *testing.T) {
	line := string(mustComeBack(t, anEntryOfToday()))
	leaf := anEntryOfToday().Leaf().String()
	other := strings.Map(func(r rune) rune { return map[bool]rune{true: '1', false: '0'}[r == '0'] }, leaf)
	for _, row := range []struct {
		sentence, old, new string
		isLeaf             bool
		says               string
	}{
		{"another leaf", leaf, other, true, "tenant position 7: the leaf is not that of the event, which is " + leaf},
		{"other data", "store-001", "store-002", true, "the leaf is not that of the event"},
		{"another tenant position", `"tenantPosition":7`, `"tenantPosition":8`, true, "tenant position 8: the leaf is not"},
		{"another actor than in the metadata", `"actor":{"subject":"someone"`, `"actor":{"subject":"anybody"`, false, "its actor and requestId are not those of its metadata"},
		{"another request than in the metadata", `"requestId":"r-1"`, `"requestId":"r-2"`, false, "its actor and requestId are not those of its metadata"},
		{"an id in upper case", `"eventId":"04000000-0000-0000-0000-000000000000"`, `"eventId":"0A000000-0000-0000-0000-000000000000"`, false, `there should be ,"eventId":" and a value of that`},
		{"a leaf in upper case", leaf, strings.ToUpper(leaf), false, "64 digits of lower-case hexadecimal"},
		{"a number with a zero in front", `"version":3`, `"version":03`, false, `there should be ","version": and a value of that`},
		{"a number that is none", `"version":3`, `"version":3.0`, false, `there should be ","version": and a value of that`},
		{"a number that is too large", `"version":3`, `"version":3000000000`, false, `"version":`},
		{"a time with an offset", `13:50:00.123Z`, `13:50:00.123+00:00`, false, `"recordedAt":`},
		{"members in another order", `"version":3,"eventId":"04000000-0000-0000-0000-000000000000"`, `"eventId":"04000000-0000-0000-0000-000000000000","version":3`, false, `"version":`},
		{"no request, where the metadata has one", `,"requestId":"r-1"`, ``, false, "its actor and requestId"},
		{"a member that is missing", `,"schema":1`, ``, false, `there should be ","schema": and a value of that`},
		{"one that is not known", `"data":`, `"more":1,"data":`, false, `there should be ,"data":`},
		{"metadata that is none", `"metadata":{`, `"metadata":[`, false, `there should be ,"metadata": and a value of that`},
		{"data that is none", `"data":{"result_id":"`, `"data":{"result_id:"`, false, "its data is not one JSON object on one line"},
		{"nothing", line, ``, false, `there should be {"tenantId":" and a value of that`},
	} {
		changed := strings.Replace(line, row.old, row.new, 1)
		if changed == line {
			t.Fatalf("%s: there is no %s in %s", row.sentence, row.old, line)
		}
		_, err := ParseEntry([]byte(changed))
		if err == nil || errors.Is(err, ErrLeaf) != row.isLeaf || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: %v; want %q", row.sentence, err, row.says)
		}
	}
}

// FuzzParseEntry: whatever is read is written again the same.
func FuzzParseEntry(f *testing.F) {
	for _, e := range []Entry{anEntry(), anEntryOfToday()} {
		line, err := e.AppendJSON(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := ParseEntry(line)
		if err != nil {
			return
		}
		if again, err := e.AppendJSON(nil); err != nil || !bytes.Equal(again, line) || !json.Valid(line) {
			t.Errorf("%q was read, and is written as %q, %v", line, again, err)
		}
	})
}

func BenchmarkAppendEntry(b *testing.B) {
	e := anEntryOfToday()
	buffer := make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		line, err := e.AppendJSON(buffer)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(line)))
	}
}

func BenchmarkParseEntry(b *testing.B) {
	line, err := anEntryOfToday().AppendJSON(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseEntry(line); err != nil {
			b.Fatal(err)
		}
	}
}
