package core

import (
	"errors"
	"math"
	"strconv"
)

// Moment is a point in a tenant's history, for who asks how something was then. It holds the events up to a tenant position, that one included, and of them those that were recorded up to an
// instant, the whole of that millisecond included. Times never decrease along the log, so that either alone cuts the history in two, and so do both.
type Moment struct {
	Position Position // of the last event that it can hold
	Time     Instant  // at which the last event that it can hold was recorded
}

// The ends that a moment has which is asked for by the other.
const (
	anyPosition Position = math.MaxInt64
	anyTime     Instant  = math.MaxInt64
)

// AtPosition is the moment right after the event at a tenant position. One in the middle of what a command caused is a moment at which nobody could read.
func AtPosition(p Position) Moment { return Moment{p, anyTime} }

// AtTime is the moment at the end of an instant's millisecond.
func AtTime(i Instant) Moment { return Moment{anyPosition, i} }

var errNoMoment = errors.New("must be a tenant position, like 42, or an RFC 3339 time with an offset or Z, like 2025-01-16T14:30:00.000Z")

// ParseMoment reads a tenant position, in digits and nothing else, or a time as ParseInstant reads it. A number that no position can be is taken for the last that there can be, which no tenant
// has reached.
func ParseMoment(text string) (Moment, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return AtPosition(Position(n)), nil
	}
	at, err := ParseInstant(text)
	if errors.Is(err, errNotRFC3339) {
		return Moment{}, errNoMoment
	}
	return AtTime(at), err
}

// UnmarshalText implements encoding.TextUnmarshaler; see ParseMoment for what it accepts.
func (m *Moment) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMoment(string(text))
	return err
}

// Holds reports whether an event had been recorded by then.
func (m Moment) Holds(r Recorded) bool {
	return r.TenantPosition <= m.Position && r.RecordedAt <= m.Time
}

// Settle is the same moment in a history of which the last event is known, so that nothing that is recorded later belongs to it. The error is a *Error of CodeFuture if the moment has not come: if
// its position is not taken yet, or if its time is later than both the clock and the last event. (An event may carry a later time than the clock shows: on PostgreSQL it is the database's.)
func (m Moment) Settle(last Recorded, clock Instant) (Moment, error) {
	if m.Time == anyTime {
		if m.Position > last.TenantPosition {
			return m, refuse(CodeFuture, "the tenant position %d is not taken yet: this tenant's last is %d", m.Position, last.TenantPosition)
		}
		return m, nil
	}
	if now := max(clock, last.RecordedAt); m.Time > now {
		return m, refuse(CodeFuture, "the time %s lies in the future: it must not be after %s", m.Time, now)
	}
	m.Position = min(m.Position, last.TenantPosition)
	return m, nil
}
