package core

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A slim event has only the fields that Evolve and the machine's indexes read. Its encoding stands in a column beside the event's data, so that a node which replays what others have
// appended, under the log's write lock, decodes no JSON. It can always be made again from the data, and holds nothing personal.
//
// The encoding is one byte of version, then the fields of the event's type, then the name of the idempotency key, if one came with it. Statuses, types and codes are the bytes that they
// are in memory: whoever changes those, or what Evolve reads, makes a new version; columns of an older one are then left unread, and the data is decoded.

// SlimVersion is the version of the encoding, and its first byte.
const SlimVersion = 1

// errSlim means that a slim encoding is not one.
var errSlim = errors.New("the event's slim encoding is damaged")

// EncodeSlim gives the slim encoding of a recorded event; nil for the types that are too rare to be worth one.
func EncodeSlim(r Recorded) []byte {
	b := append(make([]byte, 0, slimBytes), SlimVersion)
	switch e := r.Event.(type) {
	case ActivityCreated:
		b = append(b, byte(e.ActivityType))
		b = appendSlimText(b, e.IdempotencyKey)
		b = appendSlimText(b, e.ProviderActivityID)
	case ResultSubmitted:
		code, _ := ParseResultCode(e.Submission.Result) // 0 if it is none: Evolve reads it so too
		b = append(b, byte(e.Status), byte(code), bit(e.Source == Standalone))
		b = append(b, e.ActivityID[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(e.CreatedAt))
		if e.Source == Standalone {
			b = append(b, e.SentActivityID[:]...)
			b = appendSlimText(b, e.ProviderActivityID)
		}
	case ActivityTransitioned:
		b = append(b, byte(e.To))
		b = appendSlimText(b, e.ProviderActivityID)
	case ResultLinked:
		b = append(b, e.ActivityID[:]...)
	default:
		return nil
	}
	if r.Metadata.used() {
		name := r.Metadata.Name(r.Stream.Tenant)
		b = append(b, name[:]...)
	}
	return b
}

// slimBytes is the size that buffers for slim encodings begin with: most fit.
const slimBytes = 96

// DecodeSlim gives the event of a type, in a stream, that a slim encoding stands for, and what its metadata says of an idempotency key; known is false if there is no encoding, or
// if it is of another version: then the event's data must be decoded. The schema is that of the data: an event of a type or schema that this program does not know is ErrUnknownEvent
// in either form.
func DecodeSlim(eventType string, schema int, stream ID, encoding []byte) (e Event, key Idempotency, known bool, err error) {
	if _, err := chainFrom(eventType, schema); err != nil {
		return nil, key, false, err
	}
	if len(encoding) == 0 || encoding[0] != SlimVersion {
		return nil, key, false, nil
	}
	f := slimFields{rest: encoding[1:]}
	switch eventType {
	case "ActivityCreated":
		e = f.created(stream)
	case "ResultSubmitted":
		e = f.submitted(stream)
	case "ActivityTransitioned":
		e = ActivityTransitioned{ActivityID: stream, To: ActivityStatus(f.byte()), ProviderActivityID: f.text()}
	case "ResultLinked":
		e = ResultLinked{ResultID: stream, ActivityID: f.id()}
	default:
		return nil, key, false, fmt.Errorf("%s: %w: events of this type have none", eventType, errSlim)
	}
	if len(f.rest) > 0 {
		key.Hashed = KeyName(f.id())
	}
	if f.bad || len(f.rest) > 0 {
		return nil, key, false, fmt.Errorf("%s: %w", eventType, errSlim)
	}
	return e, key, true, nil
}

// slimFields reads an encoding from its beginning; bad is set once it is too short or says what cannot be.
type slimFields struct {
	rest []byte
	bad  bool
}

func (f *slimFields) created(stream ID) ActivityCreated {
	var e ActivityCreated
	e.ActivityID, e.ActivityType = stream, ActivityType(f.byte())
	e.IdempotencyKey, e.ProviderActivityID = f.text(), f.text()
	f.bad = f.bad || e.ActivityType == NoType || int(e.ActivityType) >= len(activityTypeNames)
	return e
}

func (f *slimFields) submitted(stream ID) ResultSubmitted {
	e := ResultSubmitted{ResultID: stream, Source: RetenActivity}
	e.Status = ResultStatus(f.byte())
	code, standalone := ResultCode(f.byte()), f.byte() == 1
	e.ActivityID = f.id()
	e.CreatedAt = Instant(binary.BigEndian.Uint64(f.take(8)))
	if standalone {
		e.Source, e.SentActivityID, e.ProviderActivityID = Standalone, f.id(), f.text()
	}
	f.bad = f.bad || int(e.Status) >= len(resultStatusNames) || int(code) > len(Catalog)
	if !f.bad && code > 0 {
		e.Submission.Result = code.String()
	}
	return e
}

// take gives the next n bytes; zeros if there are not as many.
func (f *slimFields) take(n int) []byte {
	if len(f.rest) < n {
		f.bad, f.rest = true, nil
		return make([]byte, n)
	}
	taken := f.rest[:n]
	f.rest = f.rest[n:]
	return taken
}

func (f *slimFields) byte() byte { return f.take(1)[0] }

func (f *slimFields) id() ID { return ID(f.take(len(ID{}))) }

// text reads what appendSlimText wrote.
func (f *slimFields) text() string {
	length, n := binary.Uvarint(f.rest)
	if n <= 0 || length > uint64(len(f.rest)-n) { // before anything of that length is made
		f.bad = true
		return ""
	}
	f.take(n)
	return string(f.take(int(length)))
}

// appendSlimText writes a text after its length.
func appendSlimText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}
