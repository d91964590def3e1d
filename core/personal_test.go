package core

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestPersonalPayloads: payloads come back byte for byte, as they were sent.
func TestPersonalPayloads(t *testing.T) {
	big := `{"a":"` + strings.Repeat("0123456789abcdef", 16<<10) + `"}` // as large as a body may be
	for _, payload := range []string{
		`{}`, `{ }`, "{\n\t\"a\" :  1 }", `{"b":1,"a":2,"b":3}`, `{"n":[1.50,1e3,1E+3,-0,123456789012345678901234567890,0.1e-400]}`,
		`{"s":"\u0000\u0041\/\"\ud83d\ude00<>&é` + "\u2028\u007f" + `"}`, `{"":{"":[null,true,[]]}}`, big,
	} {
		p := Personal{Salt: fixtureSalt, RawPayload: []byte(payload), Payload: []byte(payload)}
		sealed := p.Seal()
		if !json.Valid(sealed.Bytes) || bytes.Count(sealed.Bytes, []byte(payload)) != 2 {
			t.Errorf("%.60s is sealed as %.120s", payload, sealed.Bytes)
		}
		got, err := sealed.Open()
		if diff := cmp.Diff(p, got); err != nil || diff != "" {
			t.Errorf("%.60s: %v\n%.500s", payload, err, diff)
		}
	}
}

// TestPersonalIsProved: the event's data holds the digest of the bytes, whether they are there or not.
func TestPersonalIsProved(t *testing.T) {
	p := Personal{Salt: fixtureSalt, Comment: "call back", OperatorExternalID: "op-9"}
	sealed := p.Seal()
	const want = `{"salt":"b81d0f5a4e77932c61ee0ad4385fc219","comment":"call back","operator_external_id":"op-9"}`
	if string(sealed.Bytes) != want || sealed.SHA256 != sha256.Sum256([]byte(want)) || sealed.Erased() {
		t.Errorf("sealed as %s", sealed.Bytes)
	}
	e := fixtures()[2].event.(ResultSubmitted)
	e.Personal = sealed
	before := Encode(e)
	if !strings.HasSuffix(string(before.Data), `,"personal_sha256":"`+hex.EncodeToString(sealed.SHA256[:])+`"}`) {
		t.Errorf("no digest in %s", before.Data)
	}

	e.Personal.Bytes = nil // the person is erased
	after := Encode(e)
	if !bytes.Equal(before.Data, after.Data) || after.Personal != nil {
		t.Errorf("erasing changed the data to %s", after.Data)
	}
	if !e.Personal.Erased() {
		t.Error("not erased")
	}
	if got, err := e.Personal.Open(); err != nil || !cmp.Equal(got, Personal{}) {
		t.Errorf("what was erased opens to %v %v", got, err)
	}
	again, err := Decode(after)
	if err != nil || !cmp.Equal(again, Event(e)) {
		t.Errorf("an erased event is read as %v %v", again, err)
	}
}

// TestPersonalNone: nothing personal leaves nothing, not even a salt.
func TestPersonalNone(t *testing.T) {
	sealed := Personal{Salt: fixtureSalt}.Seal()
	if sealed.Bytes != nil || sealed.SHA256 != [32]byte{} || sealed.Erased() {
		t.Errorf("sealed as %v", sealed)
	}
	if got, err := sealed.Open(); err != nil || !cmp.Equal(got, Personal{}) {
		t.Errorf("opens to %v %v", got, err)
	}
	if e := Encode(fixtures()[4].event); e.Personal != nil || bytes.Contains(e.Data, []byte("sha256")) {
		t.Errorf("written as %s with %s", e.Data, e.Personal)
	}
}

// TestPersonalSalt: the same words twice have two digests, so that nobody can guess them.
func TestPersonalSalt(t *testing.T) {
	a, b := Personal{Comment: "x"}.Seal(), Personal{Salt: fixtureSalt, Comment: "x"}.Seal()
	if a.SHA256 == b.SHA256 {
		t.Error("the salt does not count")
	}
}

func TestPersonalRefuses(t *testing.T) {
	for _, bad := range []string{``, `{}`, `{"salt":""}`, `{"salt":"00"}`, `{"salt":"` + strings.Repeat("0", 40) + `"}`, `{"salt":"` + strings.Repeat("x", 32) + `"}`, `[]`, `{"salt":`} {
		if got, err := (Sealed{Bytes: []byte(bad)}).Open(); err == nil {
			t.Errorf("%s opens to %v", bad, got)
		}
	}
}

func TestPersonalRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.SampledFrom([]string{"", `{}`, `{"a" : 1.0}`})
		p := Personal{Comment: rapid.String().Draw(t, "comment"), OperatorExternalID: rapid.String().Draw(t, "operator")}
		copy(p.Salt[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "salt"))
		if raw := object.Draw(t, "raw"); raw != "" {
			p.RawPayload = []byte(raw)
		}
		if payload := object.Draw(t, "payload"); payload != "" {
			p.Payload = []byte(payload)
		}
		want := p
		if p.Comment == "" && p.OperatorExternalID == "" && p.RawPayload == nil && p.Payload == nil {
			want = Personal{}
		}
		got, err := p.Seal().Open()
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v\n%s", err, diff)
		}
	})
}
