package core

import (
	"errors"
	"strings"
	"time"
)

// Instant is a point in time as the contract compares and shows it: milliseconds since the Unix epoch, UTC (contract §2.2).
type Instant int64

// instantLayout has exactly three fractional digits and Z (contract §1).
const instantLayout = "2006-01-02T15:04:05.000Z"

// InstantOf converts t to UTC and cuts off what is finer than a millisecond.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMilli()) }

// Time is the same instant as a time.Time in UTC.
func (i Instant) Time() time.Time { return time.UnixMilli(int64(i)).UTC() }

// String is RFC 3339 in UTC with three fractional digits, like 2025-01-16T14:30:00.000Z.
func (i Instant) String() string { return string(i.appendText(make([]byte, 0, len(instantLayout)))) }

// MarshalText implements encoding.TextMarshaler with the form of String.
func (i Instant) MarshalText() ([]byte, error) { return i.appendText(nil), nil }

// AppendText implements encoding.TextAppender with the form of String.
func (i Instant) AppendText(b []byte) ([]byte, error) { return i.appendText(b), nil }

// UnmarshalText implements encoding.TextUnmarshaler; see ParseInstant for what it accepts.
func (i *Instant) UnmarshalText(text []byte) (err error) {
	*i, err = ParseInstant(string(text))
	return err
}

var (
	errNotRFC3339 = errors.New("must be an RFC 3339 time with an offset or Z, like 2025-01-16T14:30:00.000Z")
	errNoSuchTime = errors.New("is no time that there is: a date, hour, minute, second or offset is out of range, or its year in UTC is not 0000 to 9999")
)

// ParseInstant reads a date-time of RFC 3339 §5.6, T and Z in upper case, and cuts off what is finer than a millisecond (contract §2.2, §2.3). It looks at the
// characters itself, since time.Parse also takes hours of one digit, a comma before the fraction, and offsets of up to 99 hours. A time whose year
// in UTC has not four digits is refused: it could not be written again.
func ParseInstant(text string) (Instant, error) {
	const date = "dddd-dd-ddTdd:dd:dd"
	if len(text) < len(date)+1 || !matches(text[:len(date)], date) {
		return 0, errNotRFC3339
	}
	zone := text[len(date):]
	if zone[0] == '.' {
		fraction := strings.TrimLeft(zone[1:], "0123456789")
		if len(fraction) == len(zone)-1 { // not one digit
			return 0, errNotRFC3339
		}
		zone = fraction
	}
	if zone != "Z" {
		if !matches(zone, "+dd:dd") && !matches(zone, "-dd:dd") {
			return 0, errNotRFC3339
		}
		if zone[1:3] > "23" || zone[4:6] > "59" {
			return 0, errNoSuchTime
		}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return 0, errNoSuchTime
	}
	if year := t.UTC().Year(); year < 0 || year > 9999 {
		return 0, errNoSuchTime
	}
	return InstantOf(t), nil
}

// matches reports whether text has the form of a pattern, in which d is a digit.
func matches(text, pattern string) bool {
	if len(text) != len(pattern) {
		return false
	}
	for i := range len(pattern) {
		digit := '0' <= text[i] && text[i] <= '9'
		if pattern[i] == 'd' && !digit || pattern[i] != 'd' && text[i] != pattern[i] {
			return false
		}
	}
	return true
}

// The first and the last millisecond that can be written with a year of four digits.
var (
	firstWritten = InstantOf(time.Date(0, time.January, 1, 0, 0, 0, 0, time.UTC))
	lastWritten  = InstantOf(time.Date(10_000, time.January, 1, 0, 0, 0, 0, time.UTC)) - 1
)

// hasFourDigitYear reports whether ParseInstant can read what String writes.
func (i Instant) hasFourDigitYear() bool { return firstWritten <= i && i <= lastWritten }

// appendText writes the digits itself: a layout is read anew each time, at three times the cost, and every answer and event has a handful of instants.
func (i Instant) appendText(b []byte) []byte {
	t := i.Time()
	if !i.hasFourDigitYear() {
		return t.AppendFormat(b, instantLayout)
	}
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = appendTwo(appendTwo(b, year/100), year%100)
	b = appendTwo(append(b, '-'), int(month))
	b = appendTwo(append(b, '-'), day)
	b = appendTwo(append(b, 'T'), hour)
	b = appendTwo(append(b, ':'), minute)
	b = appendTwo(append(b, ':'), second)
	thousandths := t.Nanosecond() / int(time.Millisecond)
	b = append(b, '.', byte('0'+thousandths/100))
	return append(appendTwo(b, thousandths%100), 'Z')
}

// appendTwo writes a number from 0 to 99 in two digits.
func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
