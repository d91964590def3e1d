package core

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// plainLikeAny fails the test unless what is read as plain is what a decoder of any JSON reads. It reports whether it was plain.
func plainLikeAny(t rapid.TB, eventType string, data []byte) bool {
	t.Helper()
	fast, ok := decodePlain(eventType, data, nil)
	if !ok {
		return false
	}
	slow, err := decodeAny(eventType, data, nil)
	if err != nil || !reflect.DeepEqual(fast, slow) {
		t.Fatalf("%s %s\nas plain: %+v\nas JSON:  %+v (%v)", eventType, data, fast, slow, err)
	}
	return true
}

func plainMetadataLikeAny(t rapid.TB, data []byte) bool {
	t.Helper()
	fast, ok := plainMetadata(data)
	if !ok {
		return false
	}
	slow, err := decodeAs[Metadata]("metadata", data)
	if err != nil || fast != slow {
		t.Fatalf("%s\nas plain: %+v\nas JSON:  %+v (%v)", data, fast, slow, err)
	}
	return true
}

func plainPersonalLikeAny(t rapid.TB, data []byte) bool {
	t.Helper()
	fast, ok := plainPersonal(data)
	if !ok {
		return false
	}
	slow, err := openAny(data)
	if err != nil || !reflect.DeepEqual(fast, slow) {
		t.Fatalf("%s\nas plain: %+v\nas JSON:  %+v (%v)", data, fast, slow, err)
	}
	return true
}

// personalPart stands for the type of an event's personal part.
const personalPart = "personal"

// likeAny compares what is read as plain with what a decoder of any JSON reads, of whatever type.
func likeAny(t rapid.TB, eventType string, data []byte) bool {
	switch eventType {
	case "":
		return plainMetadataLikeAny(t, data)
	case personalPart:
		return plainPersonalLikeAny(t, data)
	default:
		return plainLikeAny(t, eventType, data)
	}
}

// plainFixtures are objects as they are stored, by the type of event that they are the data of; metadata has none.
func plainFixtures(t *testing.T) map[string][][]byte {
	t.Helper()
	all := map[string][][]byte{"": {
		[]byte(`{"actor":{}}`), []byte(`{"actor":{"subject":"u","role":"FDE"},"request_id":"r","idempotency_key":"k","idempotency_endpoint":"POST /x"}`),
		EncodeMetadata(Metadata{Actor: Actor{Subject: "u", Role: "FDE", Key: "k"}, RequestID: "r", Traceparent: "t", Idempotency: Idempotency{Key: "k", Endpoint: "e", Body: Digest{1}}, CausationID: ID{1}}),
		[]byte(`{"actor":{"key":"k"},"causation_id":"01890a5d-ac96-774b-bcce-b302099a8057"}`),
	}, personalPart: {
		Personal{Comment: "c"}.Seal().Bytes, Personal{OperatorExternalID: "é", RawPayload: []byte(`{}`)}.Seal().Bytes,
		Personal{Comment: "no está", RawPayload: []byte("{ \"a\":[{\"b\\\\\":\"}\\\"]\"}, 1e5 ]}"), Payload: []byte(`{"\u0000":"é"}`)}.Seal().Bytes,
	}}
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		eventType, _, _ := strings.Cut(filepath.Base(file), ".")
		if strings.HasSuffix(file, ".personal.json") {
			eventType = personalPart
		}
		all[eventType] = append(all[eventType], data)
	}
	return all
}

// plainTypes are those of what is read as plain.
var plainTypes = []string{"", personalPart, "ActivityCreated", "ResultSubmitted", "ActivityTransitioned", "ResultLinked"}

// What is stored is plain, but for texts that need escaping; or nothing would be gained.
func TestWhatIsStoredIsPlain(t *testing.T) {
	for eventType, all := range plainFixtures(t) {
		for _, data := range all {
			if !slices.Contains(plainTypes, eventType) {
				continue
			}
			texts, _, _ := strings.Cut(string(data), `payload":{`) // which may hold anything
			if isPlain := likeAny(t, eventType, data); isPlain == strings.Contains(texts, `\`) {
				t.Errorf("%s %s is plain: %t", eventType, data, isPlain)
			}
		}
	}
}

// Whatever the bytes are, what is read as plain is what any decoder reads: here, stored objects of which some bytes were changed, cut out, doubled or put in.
func TestPropertyPlain(t *testing.T) {
	fixtures := plainFixtures(t)
	plainOnes := 0
	rapid.Check(t, func(t *rapid.T) {
		eventType := rapid.SampledFrom(plainTypes).Draw(t, "type")
		data := append([]byte(nil), rapid.SampledFrom(fixtures[eventType]).Draw(t, "fixture")...)
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
			end := min(len(data), at+rapid.SampledFrom([]int{0, 1, 1, 5, 20}).Draw(t, "length"))
			with := rapid.SampledFrom([]string{"", "x", `"`, `\`, "{", "}", ",", ":", " ", "\n", "é", "\xff", "0", "-", "1e5", "null", "true", `,"a":1`, `"",`, "Z", string(data[at:end]) + string(data[at:end])}).Draw(t, "with")
			data = []byte(string(data[:at]) + with + string(data[end:]))
			if len(data) == 0 {
				return
			}
		}
		if likeAny(t, eventType, data) {
			plainOnes++
		}
	})
	if plainOnes == 0 {
		t.Error("nothing was plain, so that nothing is proven")
	}
}

func BenchmarkPlain(b *testing.B) {
	data, err := os.ReadFile("testdata/events/ResultSubmitted.v1.json")
	if err != nil {
		b.Fatal(err)
	}
	for name, decode := range map[string]func() (Event, error){
		"plain":    func() (Event, error) { return Decode(Encoded{Type: "ResultSubmitted", Schema: 1, Data: data}) },
		"any JSON": func() (Event, error) { return decodeAny("ResultSubmitted", data, nil) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decode(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A text is copied if encoding/json writes it as it is, and never otherwise.
func TestPropertyString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "é", "…", "\u2028", "\u2029", "\x7f", "\x00", "<", "&", `"`, `\`, "\xff", "\xe2\x80", "😀", "\ufffd"})).Draw(t, "text"), "")
		if got, want := string(appendString(nil, text)), string(appendEscaped(nil, text)); got != want {
			t.Fatalf("%q is written as %s, not %s", text, got, want)
		}
	})
}
