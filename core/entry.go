package core

import (
	"crypto/sha256"
	"strconv"
)

// Entry is an event as the log holds it: its place, and its exact bytes, decoded by nobody. It is what auditors are shown, and what proofs are over.
type Entry struct {
	Position       Position
	TenantID       ID
	TenantPosition Position
	StreamID       ID
	Version        Version
	EventID        ID
	Type           string
	SchemaVersion  int
	Data           []byte // JSON text, exact bytes
	Personal       []byte // nil: nothing personal, or erased
	Metadata       []byte // JSON text
	RecordedAt     Instant
}

// NewEntry gives a recorded event as it is stored: encoded in its newest schema, unless it has been.
func NewEntry(r Recorded) Entry {
	if r.Stored != nil {
		return *r.Stored
	}
	e := Encode(r.Event)
	return Entry{
		Position: r.Position, TenantID: r.Stream.Tenant, TenantPosition: r.TenantPosition, StreamID: r.Stream.ID, Version: r.Version, EventID: r.EventID,
		Type: e.Type, SchemaVersion: e.Schema, Data: e.Data, Personal: e.Personal, Metadata: EncodeMetadata(r.Metadata), RecordedAt: r.RecordedAt,
	}
}

// Recorded decodes the event and its metadata; ErrUnknownEvent if a newer program wrote it.
func (e Entry) Recorded() (Recorded, error) {
	event, err := Decode(Encoded{Type: e.Type, Schema: e.SchemaVersion, Data: e.Data, Personal: e.Personal})
	if err != nil {
		return Recorded{}, err
	}
	metadata, err := DecodeMetadata(e.Metadata)
	if err != nil {
		return Recorded{}, err
	}
	r := e.Place()
	r.Metadata, r.Event = metadata, event
	return r, nil
}

// Place is what is known of an event without decoding it: all of Recorded but its metadata and the event itself.
func (e Entry) Place() Recorded {
	return Recorded{
		Position: e.Position, TenantPosition: e.TenantPosition, Stream: Stream{Tenant: e.TenantID, ID: e.StreamID}, Version: e.Version,
		EventID: e.EventID, RecordedAt: e.RecordedAt,
	}
}

// leafFormat begins what a leaf is the hash of: whoever changes what follows changes this, and no old proof passes for a new one.
const leafFormat = "resultlog event v1\n"

// Leaf is the hash by which an event stands in its tenant's Merkle tree (RFC 6962, section 2.1): SHA-256 of a zero byte and LeafData. It commits to all that the log says of the event but
// two things: its position in the whole log, which would tell of other tenants, and the personal part, which may be erased and whose digest is in Data.
func (e Entry) Leaf() Digest {
	buffer := make([]byte, 0, leafBytes)
	return sha256.Sum256(e.AppendLeafData(append(buffer, 0)))
}

// leafBytes is the size that buffers for a leaf's data begin with: most fit.
const leafBytes = 1536

// AppendLeafData writes what the leaf is the hash of: a line of format, then a line each with the tenant, the tenant position, the stream, the version, the event's id, its schema and when it
// was recorded, then its type, its metadata and its data, each on a line of its own after its length in bytes and a colon. The lengths make it unambiguous whatever the bytes are.
func (e Entry) AppendLeafData(b []byte) []byte {
	b = append(b, leafFormat...)
	b = append(e.TenantID.appendText(b), '\n')
	b = append(strconv.AppendInt(b, int64(e.TenantPosition), 10), '\n')
	b = append(e.StreamID.appendText(b), '\n')
	b = append(strconv.AppendInt(b, int64(e.Version), 10), '\n')
	b = append(e.EventID.appendText(b), '\n')
	b = append(strconv.AppendInt(b, int64(e.SchemaVersion), 10), '\n')
	b = append(e.RecordedAt.appendText(b), '\n')
	b = appendMeasured(b, e.Type)
	b = appendMeasured(b, e.Metadata)
	return appendMeasured(b, e.Data)
}

// appendMeasured writes a text after its length, and ends the line.
func appendMeasured[T string | []byte](b []byte, text T) []byte {
	b = append(strconv.AppendInt(b, int64(len(text)), 10), ':')
	return append(append(b, text...), '\n')
}
