package core

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// entryLine reads a line of AppendJSON from its beginning. The members have a fixed order, so that each is found by what stands before it, and each value has one spelling.
type entryLine struct {
	rest []byte
	err  error

	entry Entry
	shown author // beside the metadata
	who   author // in it
	leaf  Digest
}

// read takes the line apart. Whether the parts belong together is for ParseEntry to say.
func (l *entryLine) read() {
	e := &l.entry
	e.TenantID = l.id(`{"tenantId":"`)
	e.TenantPosition = Position(l.integer(`","tenantPosition":`, 64))
	e.StreamID = l.id(`,"streamId":"`)
	e.Version = Version(l.integer(`","version":`, 32))
	e.EventID = l.id(`,"eventId":"`)
	e.Type = typeName(l.until(`","type":"`, '"'))
	e.SchemaVersion = int(l.integer(`","schema":`, strconv.IntSize))
	e.RecordedAt = l.instant(`,"recordedAt":"`)
	l.shown.actor = l.object(`","actor":`)
	if bytes.HasPrefix(l.rest, []byte(`,"requestId":`)) {
		l.shown.requestID = l.text(`,"requestId":`)
	}
	e.Metadata = l.metadata(`,"metadata":`)
	e.Data = l.data(`,"data":`)
	l.leaf = l.digest(`,"leaf":"`)
	l.begins(`"}`)
	if l.err == nil && len(l.rest) > 0 {
		l.err = errors.New("the line goes on after the event")
	}
}

// begins walks over what stands before a value.
func (l *entryLine) begins(opening string) bool {
	if l.err == nil && !bytes.HasPrefix(l.rest, []byte(opening)) {
		l.fail(opening)
	}
	if l.err != nil {
		return false
	}
	l.rest = l.rest[len(opening):]
	return true
}

// fail notes what cannot be read; what comes after it is not.
func (l *entryLine) fail(opening string) {
	if l.err == nil {
		const shown = 40
		l.err = fmt.Errorf("the line is no event as this service writes it: there should be %s and a value of that, and there is %q", opening, string(l.rest[:min(shown, len(l.rest))]))
	}
}

// take gives the next n bytes; none if there are not as many.
func (l *entryLine) take(n int) []byte {
	if n <= 0 || n > len(l.rest) {
		return nil
	}
	taken := l.rest[:n:n]
	l.rest = l.rest[n:]
	return taken
}

// until gives what comes before a byte.
func (l *entryLine) until(opening string, end byte) []byte {
	if !l.begins(opening) {
		return nil
	}
	text := l.take(bytes.IndexByte(l.rest, end))
	if text == nil {
		l.fail(opening)
	}
	return text
}

func (l *entryLine) id(opening string) (id ID) {
	if !l.begins(opening) {
		return id
	}
	if text := l.take(idText); id.UnmarshalText(text) != nil || hasUpperHex(text) {
		l.fail(opening)
	}
	return id
}

// hasUpperHex reports whether hexadecimal digits are spelled in upper case, which this service never does.
func hasUpperHex(digits []byte) bool {
	for _, c := range digits {
		if 'A' <= c && c <= 'F' {
			return true
		}
	}
	return false
}

// instant reads a time. Of so many characters there is one spelling of each: the one with three fractional digits and Z.
func (l *entryLine) instant(opening string) (i Instant) {
	if l.begins(opening) && i.UnmarshalText(l.take(len(instantLayout))) != nil {
		l.fail(opening)
	}
	return i
}

func (l *entryLine) integer(opening string, bits int) int64 {
	text := l.until(opening, ',')
	n, err := strconv.ParseInt(string(text), 10, bits)
	var again [20]byte // as long as there are any
	if err != nil || !bytes.Equal(strconv.AppendInt(again[:0], n, 10), text) {
		l.fail(opening)
	}
	return n
}

func (l *entryLine) object(opening string) []byte {
	if !l.begins(opening) {
		return nil
	}
	object := l.take(scanObject(l.rest, nil))
	if object == nil {
		l.fail(opening)
	}
	return object
}

func (l *entryLine) metadata(opening string) []byte {
	if !l.begins(opening) {
		return nil
	}
	who, length, err := authorIn(l.rest)
	if err != nil {
		l.fail(opening)
	}
	l.who = who
	return l.take(length)
}

func (l *entryLine) text(opening string) []byte {
	if !l.begins(opening) {
		return nil
	}
	s := scanner{text: l.rest}
	if s.string(); s.bad {
		l.fail(opening)
		return nil
	}
	return l.take(s.at)
}

// LeafOf gives the leaf that a line ends with which ParseEntry has taken: it was compared with the event, and need not be computed again.
func LeafOf(line []byte) (leaf Digest) {
	end := len(line) - len(`"}`)
	_, _ = hex.Decode(leaf[:], line[end-hex.EncodedLen(len(leaf)):end]) // they are hexadecimal digits
	return leaf
}

// leafEnd is the length of what follows the data.
const leafEnd = len(`,"leaf":"`) + 2*len(Digest{}) + len(`"}`)

// data is the last member but the leaf, whose length is known: it need not be scanned to find its end.
func (l *entryLine) data(opening string) []byte {
	if !l.begins(opening) {
		return nil
	}
	data := l.take(len(l.rest) - leafEnd)
	if data == nil {
		l.fail(opening)
	}
	return data
}

func (l *entryLine) digest(opening string) (d Digest) {
	if !l.begins(opening) {
		return d
	}
	digits := l.take(hex.EncodedLen(len(d)))
	if _, err := hex.Decode(d[:], digits); err != nil || digits == nil || hasUpperHex(digits) {
		l.err = fmt.Errorf("the leaf is not %d digits of lower-case hexadecimal", hex.EncodedLen(len(d)))
	}
	return d
}

// typeName gives a known name without making a text of it.
func typeName(name []byte) string {
	i := slices.IndexFunc(EventTypes, func(known string) bool { return known == string(name) })
	if i < 0 {
		return string(name)
	}
	return EventTypes[i]
}
