package core

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseID(t *testing.T) {
	const lower, upper = "01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057"
	want := ID{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57}
	for _, text := range []string{lower, upper, "01890a5d-AC96-774b-BCCE-b302099a8057"} {
		if id, err := ParseID(text); err != nil || id != want || id.String() != lower {
			t.Errorf("%s: %s %v", text, id, err)
		}
	}
	for name, bad := range map[string]string{
		"empty": "", "braces": "{" + lower + "}", "urn": "urn:uuid:" + lower, "no hyphens": strings.ReplaceAll(lower, "-", ""), "short": lower[:35], "long": lower + "0",
		"a hyphen too early": "01890a5-dac96-774b-bcce-b302099a8057", "no hexadecimal": strings.Replace(lower, "5d", "5g", 1), "a hyphen for a digit": strings.Replace(lower, "5d", "5-", 1),
		"a space before": " " + lower[:35], "all zero": "00000000-0000-0000-0000-000000000000", "36 bytes that are no ASCII": strings.Repeat("é", 18),
	} {
		if id, err := ParseID(bad); err == nil || !id.IsZero() {
			t.Errorf("%s: %q is read as %s", name, bad, id)
		}
	}
}

// TestIDText: an ID is a string of 36 characters in JSON, and nothing where there is none.
func TestIDText(t *testing.T) {
	type holder struct {
		ID ID `json:"id,omitzero"`
	}
	for text, want := range map[string]holder{`{"id":"aaaaaaaa-0000-7000-8000-000000000001"}`: {mustID("a1")}, `{}`: {}} {
		var got holder
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s is read as %v %v", text, got, err)
		}
		if b, err := json.Marshal(want); err != nil || string(b) != text {
			t.Errorf("%v is written as %s %v", want, b, err)
		}
	}
	if (ID{}).String() != "00000000-0000-0000-0000-000000000000" || !(ID{}).IsZero() || mustID("o1").IsZero() {
		t.Error("the zero ID")
	}
}

// TestEventIDs: the events of a command have ids of their own, and stay UUIDs of the kind and time that was minted.
func TestEventIDs(t *testing.T) {
	if MaxEvents > eventIDs {
		t.Fatalf("%d events, but %d ids", MaxEvents, eventIDs)
	}
	rapid.Check(t, func(t *rapid.T) {
		var minted ID
		copy(minted[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "minted"))
		seen := map[ID]bool{}
		for n := range MaxEvents {
			id := minted.event(n)
			if [15]byte(id[:15]) != [15]byte(minted[:15]) || id[15]/eventIDs != minted[15]/eventIDs {
				t.Fatalf("%s gives %s", minted, id)
			}
			seen[id] = true
			if next := minted; next[15] < 0xff-eventIDs {
				next[15] += eventIDs
				if seen[next.event(n)] {
					t.Fatalf("%s and %s share an id", minted, next)
				}
			}
		}
		if len(seen) != MaxEvents {
			t.Fatalf("%d different ids of %s", len(seen), minted)
		}
	})
}

// FuzzParseID: whatever is read is written as the same text in lower case.
func FuzzParseID(f *testing.F) {
	for _, text := range []string{"01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057", "", "00000000-0000-0000-0000-000000000000", strings.Repeat("-", 36)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseID(text)
		if err != nil {
			if !id.IsZero() {
				t.Fatalf("%q is refused, and gives %s", text, id)
			}
			return
		}
		if id.IsZero() || id.String() != strings.ToLower(text) {
			t.Fatalf("%q is read as %s", text, id)
		}
	})
}
