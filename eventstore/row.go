package eventstore

import (
	"bytes"
	"fmt"

	"resultlog/core"
)

// Row is an event as a backend stores it: the columns of the events table, which are the same on every backend.
type Row struct {
	core.Entry
	Slim []byte // core.EncodeSlim; nil: the event has none. May be there without data, personal and metadata, where the event is only to be replayed
}

// ToRow encodes a recorded event.
func ToRow(r core.Recorded) Row { return Row{Entry: core.NewEntry(r), Slim: core.EncodeSlim(r)} }

// Recorded decodes a stored event. The error names the position and wraps ErrUnreadable, and core.ErrUnknownEvent too if a newer program wrote it.
func (row Row) Recorded() (core.Recorded, error) {
	r, err := row.Entry.Recorded()
	if err != nil {
		return core.Recorded{}, row.unreadable(err)
	}
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
	r := row.Place()
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

func (row Row) unreadable(err error) error { return &RowError{Position: row.Position, Err: err} }

// RowError is the ErrUnreadable of one row, and says which: who verifies a log goes on behind it.
type RowError struct {
	Position core.Position
	Err      error
}

// Error implements error.
func (e *RowError) Error() string {
	return fmt.Sprintf("%v: event at position %d: %v", ErrUnreadable, e.Position, e.Err)
}

// Unwrap makes it an ErrUnreadable, beside what it is besides.
func (e *RowError) Unwrap() []error { return []error{ErrUnreadable, e.Err} }

// Scanned judges what scanning a row has come to. If its position is known, the row was there to be read, and what is wrong is one of the columns after it: a RowError. The same if the version
// is none that there is: cut to the size of one, it would pass for another.
func (row *Row) Scanned(version int64, err error) error {
	row.Version = core.Version(version)
	if err == nil && int64(row.Version) != version {
		err = fmt.Errorf("version %d is none that a stream can have", version)
	}
	if err == nil || row.Position == 0 {
		return err
	}
	return row.unreadable(err)
}
