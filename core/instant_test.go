package core

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInstant(t *testing.T) {
	for text, want := range map[string]string{
		"2025-01-16T14:30:00.000Z":                 "2025-01-16T14:30:00.000Z",
		"2025-01-16T14:30:00Z":                     "2025-01-16T14:30:00.000Z",
		"2025-01-16T14:30:00.5Z":                   "2025-01-16T14:30:00.500Z",
		"2025-01-16T14:30:00.1239999999999Z":       "2025-01-16T14:30:00.123Z", // finer digits are cut off
		"2025-01-16T14:30:00.9999+00:00":           "2025-01-16T14:30:00.999Z",
		"2025-01-16T16:30:00+02:00":                "2025-01-16T14:30:00.000Z",
		"2025-01-16T09:00:00-05:30":                "2025-01-16T14:30:00.000Z",
		"2025-01-17T00:15:00+23:59":                "2025-01-16T00:16:00.000Z",
		"2025-01-16T14:30:00-00:00":                "2025-01-16T14:30:00.000Z",
		"1969-12-31T23:59:59.9999Z":                "1969-12-31T23:59:59.999Z", // before 1970 they are cut off too, not rounded towards it
		"1969-12-31T23:59:59.0001Z":                "1969-12-31T23:59:59.000Z",
		"1970-01-01T00:00:00Z":                     "1970-01-01T00:00:00.000Z",
		"0001-01-01T00:00:00Z":                     "0001-01-01T00:00:00.000Z",
		"0000-01-01T00:00:00Z":                     "0000-01-01T00:00:00.000Z",
		"9999-12-31T23:59:59.9999Z":                "9999-12-31T23:59:59.999Z",
		"9999-12-31T23:59:59.999+23:59":            "9999-12-31T00:00:59.999Z",
		"2024-02-29T00:00:00Z":                     "2024-02-29T00:00:00.000Z",
		"2025-01-16T14:30:00.0000000000000000009Z": "2025-01-16T14:30:00.000Z",
	} {
		i, err := ParseInstant(text)
		if err != nil || i.String() != want {
			t.Errorf("%s is read as %s %v, want %s", text, i, err, want)
		}
		written, err := i.MarshalText()
		var again Instant
		if err != nil || string(written) != want || again.UnmarshalText(written) != nil || again != i {
			t.Errorf("%s is written as %s %v and read as %s", text, written, err, again)
		}
	}
}

// TestInstantRefuses: RFC 3339 with an offset or Z, and nothing that could not be written again.
func TestInstantRefuses(t *testing.T) {
	for _, bad := range []string{
		"", "Z", "2025-01-16", "2025-01-16T14:30:00", "2025-01-16T14:30:00.000", "2025-01-16T14:30Z", "2025-01-16 14:30:00Z", "2025-01-16t14:30:00z", "20250116T143000Z",
		"2025-01-16T4:30:00Z", "2025-1-16T14:30:00Z", "2025-01-16T14:30:00,5Z", "2025-01-16T14:30:00.Z", "2025-01-16T14:30:00+02", "2025-01-16T14:30:00+0200", "2025-01-16T14:30:00 Z",
		"2025-01-16T14:30:00+24:00", "2025-01-16T14:30:00+02:60", "2025-01-16T14:30:00+99:99", "2025-01-16T14:30:00Z ", " 2025-01-16T14:30:00Z", "2025-01-16T14:30:00Zx", "2025-01-16T14:30:00ZZ",
		"2025-02-29T00:00:00Z", "2025-13-01T00:00:00Z", "2025-01-32T00:00:00Z", "2025-01-16T24:00:00Z", "2025-01-16T14:60:00Z", "2025-01-16T14:30:61Z", "1737037800", "now",
		"9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00", "12025-01-16T14:30:00Z", "+2025-01-16T14:30:00Z", "-001-01-16T14:30:00Z", "２025-01-16T14:30:00Z",
	} {
		if i, err := ParseInstant(bad); err == nil || i != 0 {
			t.Errorf("%q is read as %s", bad, i)
		} else if len(err.Error()) < 20 || strings.Contains(err.Error(), "parsing time") {
			t.Errorf("%q: %v: not a message that a person can act on", bad, err)
		}
	}
}

// TestInstantOf: time.Time and back, in UTC, at millisecond precision; the order of times is the order of instants.
func TestInstantOf(t *testing.T) {
	if start.Time() != time.Date(2025, 1, 16, 14, 30, 0, 0, time.UTC) {
		t.Errorf("start is %s", start)
	}
	seconds := rapid.Int64Range(-62_000_000_000, 250_000_000_000) // well within the years 0 to 9999
	nanos := rapid.Int64Range(0, 999_999_999)
	rapid.Check(t, func(t *rapid.T) {
		a := time.Unix(seconds.Draw(t, "a"), nanos.Draw(t, "a")).In(time.FixedZone("", 3600*rapid.IntRange(-12, 14).Draw(t, "zone")))
		b := time.Unix(seconds.Draw(t, "b"), nanos.Draw(t, "b"))
		ia, ib := InstantOf(a), InstantOf(b)
		if back := ia.Time(); back.After(a) || a.Sub(back) >= time.Millisecond || back.Location() != time.UTC || back.Nanosecond()%1e6 != 0 {
			t.Fatalf("%s becomes %s", a, back)
		}
		if a.Before(b) && ia > ib || b.Before(a) && ib > ia {
			t.Fatalf("%s and %s change places", a, b)
		}
		if read, err := ParseInstant(a.Format(time.RFC3339Nano)); err != nil || read != ia {
			t.Fatalf("%s is read as %s %v", a.Format(time.RFC3339Nano), read, err)
		}
	})
}

// FuzzInstant: whatever is read can be written, and read again as the same.
func FuzzInstant(f *testing.F) {
	for _, text := range []string{"2025-01-16T14:30:00.000Z", "9999-12-31T23:59:59-01:00", "0000-01-01T00:00:00+01:00", "2025-01-16T4:30:00,5Z", "1969-12-31T23:59:59.9999+05:30"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseInstant(text)
		if err != nil {
			return
		}
		written := i.String()
		if again, err := ParseInstant(written); err != nil || again != i || len(written) != len(instantLayout) {
			t.Fatalf("%q is read as %s, which is read as %s %v", text, written, again, err)
		}
	})
}

// What is written is what the layout says, for every instant that there is.
func TestPropertyInstantIsWrittenByTheLayout(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.OneOf(rapid.Custom(func(t *rapid.T) Instant { return Instant(rapid.Int64().Draw(t, "any")) }),
			rapid.Custom(func(t *rapid.T) Instant {
				return Instant(rapid.Int64Range(int64(firstWritten)-1, int64(lastWritten)+1).Draw(t, "with a year of four digits"))
			})).Draw(t, "instant")
		if got, want := i.String(), i.Time().Format(instantLayout); got != want {
			t.Fatalf("%d is written as %s, not %s", int64(i), got, want)
		}
	})
}
