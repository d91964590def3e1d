package core

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// slimOf is an event as it comes out of its slim encoding; itself if it has none.
func slimOf(t interface{ Fatalf(string, ...any) }, r Recorded) Recorded {
	e, key, known, err := DecodeSlim(r.Event.Type(), newest(r.Event.Type()), r.Stream.ID, EncodeSlim(r))
	if err != nil {
		t.Fatalf("%s: %v", r.Event.Type(), err)
	}
	if known {
		r.Event, r.Metadata = e, Metadata{Idempotency: key}
	}
	return r
}

// A machine that replays slim events knows the same as one that replays whole ones.
func TestPropertySlimEventsMakeTheSameMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, slim := NewMachine(), NewMachine()
		for _, r := range drawTrace(t).play().log {
			s := slimOf(t, r)
			if err := errors.Join(whole.Replay(r), slim.Replay(s)); err != nil {
				t.Fatal(err)
			}
			if again := EncodeSlim(s); !bytes.Equal(again, EncodeSlim(r)) {
				t.Fatalf("%s: %x, and again %x", r.Event.Type(), EncodeSlim(r), again)
			}
		}
		same(t, "whole and slim", whole, slim)
	})
}

// What is stored stays readable: the bytes of version 1, one event of each type. Whoever changes them makes version 2.
func TestSlimEncodingIsStable(t *testing.T) {
	id := func(n byte) ID { return ID{0: n, 15: n} }
	keyed := Metadata{Idempotency: Idempotency{Key: "k", Endpoint: "POST /here"}}
	for want, r := range map[string]Recorded{
		"0101036b2d31026578": {Event: ActivityCreated{ActivityID: id(1), ActivityDetails: ActivityDetails{ActivityType: Task, IdempotencyKey: "k-1", ProviderActivityID: "ex"}}},
		"01020100" + "03000000000000000000000000000003" + "00000000000000c8": {Event: ResultSubmitted{
			ResultID: id(2), Source: RetenActivity, ActivityID: id(3), CreatedAt: 200, Submission: Submission{Status: ResultCompleted, Result: "success", SentActivityID: id(3), ProviderActivityID: "ex"},
		}},
		"01010a01" + "00000000000000000000000000000000" + "00000000000000c8" + "04000000000000000000000000000004" + "026578": {Event: ResultSubmitted{
			ResultID: id(2), Source: Standalone, CreatedAt: 200, Submission: Submission{Status: ResultPending, Result: "other", SentActivityID: id(4), ProviderActivityID: "ex"},
		}},
		"010600": {Event: ActivityTransitioned{ActivityID: id(1), From: ActivityReady, To: ActivityFailed}},
		"01" + "01000000000000000000000000000001":       {Event: ResultLinked{ResultID: id(2), ActivityID: id(1), ProviderActivityID: "ex"}},
		"01010000" + "a3b2f3ecacf9cebe6ad8b4fbe58101e6": {Metadata: keyed, Event: ActivityCreated{ActivityID: id(1), ActivityDetails: ActivityDetails{ActivityType: Task}}},
	} {
		if got := hex.EncodeToString(EncodeSlim(r)); got != want {
			t.Errorf("%T: %s, want %s", r.Event, got, want)
		}
	}
	for _, rare := range []Event{APIKeyRevoked{}, PersonalErased{ResultID: id(2)}} {
		if got := EncodeSlim(Recorded{Event: rare}); got != nil {
			t.Errorf("%T, which is rare, has a slim encoding: %x", rare, got)
		}
	}
}

// A column that is cut off, goes on, or says what cannot be, is an error; one of another version is as good as none; an event of a newer program is unknown whatever stands in the column.
func TestSlimEncodingIsReadStrictly(t *testing.T) {
	r := Recorded{Metadata: Metadata{Idempotency: Idempotency{Key: "k", Endpoint: "e"}}, Event: ResultSubmitted{Source: Standalone, Submission: Submission{Status: ResultPending, Result: "other", ProviderActivityID: "ex"}}}
	good := EncodeSlim(r)
	whole := len(good) - len(KeyName{}) // where the key begins: cut off there, it is an event without one
	for cut := 1; cut < len(good); cut++ {
		if _, _, _, err := DecodeSlim("ResultSubmitted", 1, ID{}, good[:cut]); (err == nil) != (cut == whole) {
			t.Errorf("cut to %d of %d bytes: %v", cut, len(good), err)
		}
	}
	for name, bad := range map[string][]byte{"goes on": append(slices.Clone(good), 0), "status": {1, 99}, "length": {1, 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}} {
		eventType := map[string]string{"length": "ActivityTransitioned"}[name]
		if eventType == "" {
			eventType = "ResultSubmitted"
		}
		if _, _, _, err := DecodeSlim(eventType, 1, ID{}, bad); !errors.Is(err, errSlim) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, known, err := DecodeSlim("ResultSubmitted", 1, ID{}, append([]byte{2}, good[1:]...)); known || err != nil {
		t.Errorf("another version: %v, %v", known, err)
	}
	for _, newer := range []struct {
		eventType string
		schema    int
	}{{"ResultForeseen", 1}, {"ResultSubmitted", 2}} {
		if _, _, _, err := DecodeSlim(newer.eventType, newer.schema, ID{}, good); !errors.Is(err, ErrUnknownEvent) {
			t.Errorf("%+v: %v", newer, err)
		}
	}
}
