package core

import (
	"strings"
	"testing"
)

// TestParseMoment has a row for every form.
func TestParseMoment(t *testing.T) {
	const neither = "must be a tenant position, like 42, or an RFC 3339 time"
	for _, row := range []struct {
		text, says string
		want       Moment
	}{
		{"0", "", AtPosition(0)},
		{"42", "", AtPosition(42)},
		{"007", "", AtPosition(7)},
		{"9223372036854775807", "", AtPosition(anyPosition)},
		{"9223372036854775808", "", AtPosition(anyPosition)},
		{"99999999999999999999999", "", AtPosition(anyPosition)},
		{"2025-01-16T14:30:00.000Z", "", AtTime(start)},
		{"2025-01-16T11:30:00.0019-03:00", "", AtTime(start + 1)},
		{"", neither, Moment{}},
		{"-1", neither, Moment{}},
		{"+1", neither, Moment{}},
		{"1e3", neither, Moment{}},
		{"0x10", neither, Moment{}},
		{"1_000", neither, Moment{}},
		{"4 2", neither, Moment{}},
		{"２", neither, Moment{}},
		{"2025-01-16", neither, Moment{}},
		{"2025-01-16T14:30:00", neither, Moment{}},
		{"2025-13-16T14:30:00Z", "is no time that there is", Moment{}},
	} {
		got, err := ParseMoment(row.text)
		switch {
		case row.says == "" && (err != nil || got != row.want):
			t.Errorf("%q: %+v, %v; want %+v", row.text, got, err, row.want)
		case row.says != "" && (err == nil || !strings.HasPrefix(err.Error(), row.says)):
			t.Errorf("%q: %+v, %v; want an error that begins with %s", row.text, got, err, row.says)
		}
	}
}

// TestMomentHolds: both ends are inclusive.
func TestMomentHolds(t *testing.T) {
	event := Recorded{TenantPosition: 7, RecordedAt: start, Position: 99}
	for _, row := range []struct {
		name string
		m    Moment
		want bool
	}{
		{"its own position", AtPosition(7), true},
		{"the one before", AtPosition(6), false},
		{"its own millisecond", AtTime(start), true},
		{"the one before", AtTime(start - 1), false},
		{"a time, but an earlier position", Moment{6, start}, false},
		{"a position, but an earlier time", Moment{7, start - 1}, false},
		{"both", Moment{7, start}, true},
	} {
		if row.m.Holds(event) != row.want {
			t.Errorf("%s: %v", row.name, !row.want)
		}
	}
}

// TestMomentSettles: a moment that has come is pinned to the last event, and one that has not is refused with what the last one is.
func TestMomentSettles(t *testing.T) {
	last := Recorded{TenantPosition: 7, RecordedAt: start}
	for _, row := range []struct {
		name  string
		m     Moment
		last  Recorded
		clock Instant
		want  Moment
		says  string
	}{
		{"the last position", AtPosition(7), last, start, AtPosition(7), ""},
		{"an earlier one", AtPosition(3), last, start, AtPosition(3), ""},
		{"the next one", AtPosition(8), last, start + 9000, Moment{}, "the tenant position 8 is not taken yet: this tenant's last is 7"},
		{"any number", AtPosition(anyPosition), last, start, Moment{}, "not taken yet"},
		{"before the first, where nothing is", AtPosition(0), Recorded{}, start, AtPosition(0), ""},
		{"the first, where nothing is", AtPosition(1), Recorded{}, start, Moment{}, "this tenant's last is 0"},
		{"the clock's millisecond", AtTime(start + 5), last, start + 5, Moment{7, start + 5}, ""},
		{"the next one", AtTime(start + 6), last, start + 5, Moment{}, "the time 2025-01-16T14:30:00.006Z lies in the future: it must not be after 2025-01-16T14:30:00.005Z"},
		{"the last event's, though the clock is behind", AtTime(start), last, start - 5, Moment{7, start}, ""},
		{"later than that, though the clock is behind", AtTime(start + 1), last, start - 5, Moment{}, "must not be after 2025-01-16T14:30:00.000Z"},
		{"where nothing is", AtTime(start), Recorded{}, start, Moment{0, start}, ""},
		{"one that is settled", Moment{4, start - 1}, last, start, Moment{4, start - 1}, ""},
	} {
		got, err := row.m.Settle(row.last, row.clock)
		e, refused := err.(*Error)
		switch {
		case row.says == "" && (err != nil || got != row.want):
			t.Errorf("%s: %+v, %v; want %+v", row.name, got, err, row.want)
		case row.says != "" && (!refused || e.Code != CodeFuture || !strings.Contains(e.Message, row.says)):
			t.Errorf("%s: %+v, %v; want a refusal that says %s", row.name, got, err, row.says)
		}
	}
}
