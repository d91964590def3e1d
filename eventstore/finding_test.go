package eventstore_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"resultlog/eventstore"
)

// TestTogether: a finding made of several is as bad as the worst, wherever that stands, and keeps what all say.
func TestTogether(t *testing.T) {
	fine, odd, bad := eventstore.Found("a %d", 1), eventstore.Found("b").Warn("do b"), eventstore.Found("c").Fail("do c")
	for _, c := range []struct {
		all  []eventstore.Finding
		want eventstore.Finding
	}{
		{[]eventstore.Finding{fine, fine}, eventstore.Finding{Health: eventstore.HealthOK, Found: "a 1; a 1"}},
		{[]eventstore.Finding{odd, fine}, eventstore.Finding{Health: eventstore.HealthWarn, Found: "b; a 1", Advice: "do b"}},
		{[]eventstore.Finding{bad, odd}, eventstore.Finding{Health: eventstore.HealthFail, Found: "c; b", Advice: "do c; do b"}},
		{[]eventstore.Finding{odd, bad, fine}, eventstore.Finding{Health: eventstore.HealthFail, Found: "b; c; a 1", Advice: "do b; do c"}},
	} {
		if got := eventstore.Together(c.all...); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}

// TestShape: an older one works and should be brought up, a newer one is for another program.
func TestShape(t *testing.T) {
	for now, want := range map[int64]struct {
		health eventstore.Health
		found  string
		advice string
	}{
		0: {eventstore.HealthWarn, "log: not there yet (2 is the newest)", "resultlog migrate"},
		1: {eventstore.HealthWarn, "log: 1, and 2 is the newest", "resultlog migrate"},
		2: {eventstore.HealthOK, "log: 2", ""},
		3: {eventstore.HealthFail, "log: 3, and this program knows 1 to 2", "upgrade this program"},
	} {
		got := eventstore.Shape{Of: "log", Now: now, Newest: 2}.Finding()
		if got.Health != want.health || got.Found != want.found || !strings.Contains(got.Advice, want.advice) || (got.Advice == "") != (want.advice == "") {
			t.Errorf("shape %d: %+v", now, got)
		}
	}
}

// TestNewestShape: it is by their numbers, not by their order, and a file without one is told of.
func TestNewestShape(t *testing.T) {
	if newest, err := eventstore.NewestShape(fstest.MapFS{"00009_a.sql": nil, "00010_b.sql": nil, "readme.txt": nil}); newest != 10 || err != nil {
		t.Errorf("%d, %v", newest, err)
	}
	if _, err := eventstore.NewestShape(fstest.MapFS{"a.sql": nil}); err == nil {
		t.Error("a migration without a number passes")
	}
}
