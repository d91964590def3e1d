package core

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"unicode/utf8"
)

// ErrLeaf means that the leaf of a line is not that of what stands beside it: one of the two was changed.
var ErrLeaf = errors.New("the leaf is not that of the event")

// AppendJSON writes the event as auditors are shown it: one JSON object on one line, without the line's end, its members always in this order. The same entry always gives the same bytes.
//
// Two columns are never in it. The personal part may be erased, and an export cannot be: its digest is in data. The position is the place in the whole log, which would tell one tenant how much
// the others do. What is left is what the leaf commits to.
//
// An entry that cannot be shown so is an error, and nothing is written: metadata and data must each be one JSON object that stands on one line. What this program appends always is; a row that is not
// was changed by somebody else.
func (e Entry) AppendJSON(b []byte) ([]byte, error) {
	who, length, err := authorIn(e.Metadata)
	if err == nil && length < len(e.Metadata) {
		err = errors.New("its metadata goes on after the JSON object")
	}
	if err == nil {
		err = e.judge()
	}
	if err != nil {
		return b, fmt.Errorf("tenant position %d: %w", e.TenantPosition, err)
	}
	o := OpenObject(b)
	o.ID("tenantId", e.TenantID)
	o.Integer("tenantPosition", int64(e.TenantPosition))
	o.ID("streamId", e.StreamID)
	o.Integer("version", int64(e.Version))
	o.ID("eventId", e.EventID)
	o.Text("type", e.Type)
	o.Integer("schema", int64(e.SchemaVersion))
	o.Instant("recordedAt", e.RecordedAt)
	o.Raw("actor", who.actor)
	o.Raw("requestId", who.requestID)
	o.Raw("metadata", e.Metadata)
	o.Raw("data", e.Data)
	leaf := e.Leaf()
	o.key("leaf")
	o.b = append(hex.AppendEncode(append(o.b, '"'), leaf[:]), '"')
	return o.Close(), nil
}

// judge says what keeps an entry from being shown, if anything but its metadata does.
func (e Entry) judge() error {
	switch {
	case e.TenantID.IsZero() || e.StreamID.IsZero() || e.EventID.IsZero():
		return errors.New("it lacks the id of its tenant, of its stream, or its own")
	case !isTypeName(e.Type):
		return fmt.Errorf("%q is no name of an event type", e.Type)
	case !e.RecordedAt.hasFourDigitYear():
		return errors.New("it was recorded in a year that has not four digits")
	case !utf8.Valid(e.Metadata) || !utf8.Valid(e.Data):
		return errors.New("its metadata or its data is not UTF-8")
	case len(e.Data) == 0 || scanObject(e.Data, nil) != len(e.Data):
		return errors.New("its data is not one JSON object on one line")
	}
	return nil
}

// author is who caused an event, and by which request, as it stands in its metadata; a request that is not there is nil.
type author struct{ actor, requestID []byte }

// authorIn finds the author in the metadata that a text begins with, and gives the length of that. Each of the two must come once at most, so that nobody can read another than is shown.
func authorIn(text []byte) (who author, length int, err error) {
	wrong := false
	length = scanObject(text, func(key, value []byte) {
		switch string(key) {
		case `"actor"`:
			wrong = wrong || who.actor != nil || value[0] != '{'
			who.actor = value
		case `"request_id"`:
			wrong = wrong || who.requestID != nil || value[0] != '"'
			who.requestID = value
		}
	})
	switch {
	case length == 0:
		return who, 0, errors.New("its metadata is not one JSON object on one line")
	case wrong:
		return who, 0, errors.New("its metadata has an actor that is no object, a request_id that is no string, or one of them twice")
	case who.actor == nil:
		who.actor = []byte("{}")
	}
	return who, length, nil
}

// isTypeName reports whether a text is a name as event types have them: letters and digits.
func isTypeName(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return name != ""
}

// ParseEntry reads a line that AppendJSON wrote, and nothing else: a line that is the same to every reader of JSON, and yet spelled otherwise, is an error too, so that two exports of one log
// are the same file. ErrLeaf if only the leaf is wrong. What the entry has no column for in the line, its position and its personal part, is left empty; its data and metadata point into the line.
func ParseEntry(line []byte) (Entry, error) {
	l := entryLine{rest: line}
	if l.read(); l.err != nil {
		return Entry{}, l.err
	}
	err := l.entry.judge()
	switch leaf := l.entry.Leaf(); {
	case err != nil:
	case !bytes.Equal(l.who.actor, l.shown.actor) || !bytes.Equal(l.who.requestID, l.shown.requestID):
		err = errors.New("its actor and requestId are not those of its metadata")
	case leaf != l.leaf:
		err = fmt.Errorf("%w, which is %s", ErrLeaf, leaf)
	default:
		return l.entry, nil
	}
	return Entry{}, fmt.Errorf("tenant position %d: %w", l.entry.TenantPosition, err)
}
