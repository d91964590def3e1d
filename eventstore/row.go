package eventstore

import (
	"bytes"
	"fmt"

	"resultlog/core"
)

// Row is an event as a backend stores it: the columns of the events table, which are the same on every backend.
type Row struct {
	Position       core.Position
	TenantID       core.ID
	TenantPosition core.Position
	StreamID       core.ID
	Version        core.Version
	EventID        core.ID
	Type           string
	SchemaVersion  int
	Data           []byte // JSON text, exact bytes
	Personal       []byte // nil: nothing personal, or erased
	Metadata       []byte // JSON text
	Slim           []byte // core.EncodeSlim; nil: the event has none. May be there without data, personal and metadata, where the event is only to be replayed
	RecordedAt     core.Instant
}

// ToRow encodes a recorded event.
func ToRow(r core.Recorded) Row {
	e := core.Encode(r.Event)
	return Row{
		Position: r.Position, TenantID: r.Stream.Tenant, TenantPosition: r.TenantPosition, StreamID: r.Stream.ID, Version: r.Version, EventID: r.EventID,
		Type: e.Type, SchemaVersion: e.Schema, Data: e.Data, Personal: e.Personal, Metadata: core.EncodeMetadata(r.Metadata), Slim: core.EncodeSlim(r), RecordedAt: r.RecordedAt,
	}
}

// Recorded decodes a stored event. The error names the position and wraps ErrUnreadable, and core.ErrUnknownEvent too if a newer program wrote it.
func (row Row) Recorded() (core.Recorded, error) {
	event, err := core.Decode(core.Encoded{Type: row.Type, Schema: row.SchemaVersion, Data: row.Data, Personal: row.Personal})
	if err != nil {
		return core.Recorded{}, row.unreadable(err)
	}
	metadata, err := core.DecodeMetadata(row.Metadata)
	if err != nil {
		return core.Recorded{}, row.unreadable(err)
	}
	r := row.place()
	r.Metadata, r.Event = metadata, event
	return r, nil
}

// SlimRecorded decodes a stored event as far as a machine needs it to replay it: what it has a slim encoding of, from that. The error is that of Recorded.
func (row Row) SlimRecorded() (core.Recorded, error) {
	event, key, known, err := core.DecodeSlim(row.Type, row.SchemaVersion, row.StreamID, row.Slim)
	switch {
	case err != nil:
		return core.Recorded{}, row.unreadable(err)
	case !known:
		return row.Recorded()
	}
	r := row.place()
	r.Metadata.Idempotency, r.Event = key, event
	return r, nil
}

// Size is how many bytes of a row are not of fixed size: what bounds in bytes count.
func (row Row) Size() int {
	return len(row.Data) + len(row.Personal) + len(row.Metadata) + len(row.Slim)
}

// Differs names the first column in which two rows are not the same, to the byte; empty: none.
func (row Row) Differs(other Row) string {
	for _, column := range []struct {
		name string
		same bool
	}{
		{"position", row.Position == other.Position}, {"tenant_id", row.TenantID == other.TenantID}, {"tenant_position", row.TenantPosition == other.TenantPosition},
		{"stream_id", row.StreamID == other.StreamID}, {"version", row.Version == other.Version}, {"event_id", row.EventID == other.EventID}, {"type", row.Type == other.Type},
		{"schema_version", row.SchemaVersion == other.SchemaVersion}, {"data", bytes.Equal(row.Data, other.Data)}, {"personal", equal(row.Personal, other.Personal)},
		{"metadata", bytes.Equal(row.Metadata, other.Metadata)}, {"recorded_at", row.RecordedAt == other.RecordedAt}, {"slim", equal(row.Slim, other.Slim)},
	} {
		if !column.same {
			return column.name
		}
	}
	return ""
}

// equal compares columns in which nothing is not the same as an empty value.
func equal(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }

// place is what is known of a row without decoding it.
func (row Row) place() core.Recorded {
	return core.Recorded{
		Position: row.Position, TenantPosition: row.TenantPosition, Stream: core.Stream{Tenant: row.TenantID, ID: row.StreamID}, Version: row.Version,
		EventID: row.EventID, RecordedAt: row.RecordedAt,
	}
}

func (row Row) unreadable(err error) error {
	return fmt.Errorf("%w: event at position %d: %w", ErrUnreadable, row.Position, err)
}
