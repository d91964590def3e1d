package main

import (
	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/analytics"
	"resultlog/projections/export"
)

// eventColumns are what an event is in a table: what a line of resultlog events says, but for the leaf, which is made of the rest. As there, what is personal is left out, since it may be erased;
// and so is the position in the whole log, which would tell one tenant how much the others do.
func eventColumns() []analytics.Column {
	there := func(name string, t analytics.Type, comment string) analytics.Column {
		return analytics.Column{Name: name, Type: t, Comment: comment}
	}
	optional := func(name string, t analytics.Type, comment string) analytics.Column {
		return analytics.Column{Name: name, Type: t, Nullable: true, Comment: comment}
	}
	return []analytics.Column{
		there("tenant_id", analytics.UUID, "whose it is"),
		there("tenant_position", analytics.Integer, "its place among the tenant's events, gapless from 1"),
		there("stream_id", analytics.UUID, "the activity, the result or the tenant that it is about"),
		there("version", analytics.Integer, "its place in its stream, gapless from 1"),
		there("event_id", analytics.UUID, "of the event"),
		{Name: "type", Type: analytics.Enum, Values: core.EventTypes, Comment: "what happened"},
		there("schema_version", analytics.Integer, "the shape of data"),
		there("recorded_at", analytics.Timestamp, "when it was recorded"),
		optional("actor_subject", analytics.Text, "who caused it: the subject of the token that the command came with"),
		optional("actor_role", analytics.Text, "the role in that token"),
		optional("actor_key", analytics.Text, "the id of the API key that the command came with"),
		optional("request_id", analytics.Text, "the request that the command came with"),
		optional("causation_id", analytics.UUID, "the event that it follows from; NULL: it follows from the command"),
		optional("idempotency_key", analytics.Text, "the key of the request, on the first event of its command"),
		there("metadata", analytics.JSON, "all that is known of who caused it, and how"),
		there("data", analytics.JSON, "what happened; docs/events.md has what is in it for each type"),
	}
}

// eventRows writes events as rows of those columns.
type eventRows struct {
	export.Writer
	row []export.Value
}

func (w *eventRows) writeEvent(e core.Entry) error {
	m, err := core.DecodeMetadata(e.Metadata)
	if err != nil {
		return &eventstore.RowError{Position: e.Position, Err: err}
	}
	text := func(text string) export.Value { return export.Value{Text: text} }
	optional := func(text string) export.Value { return export.Value{Text: text, Null: text == ""} }
	id := func(id core.ID) export.Value { return export.Value{UUID: id, Null: id.IsZero()} }
	number := func(n int64) export.Value { return export.Value{Int: n} }
	w.row = append(w.row[:0],
		id(e.TenantID), number(int64(e.TenantPosition)), id(e.StreamID), number(int64(e.Version)), id(e.EventID), text(e.Type), number(int64(e.SchemaVersion)), number(int64(e.RecordedAt)),
		optional(m.Actor.Subject), optional(m.Actor.Role), optional(m.Actor.Key), optional(m.RequestID), id(m.CausationID), optional(m.Idempotency.Key), text(string(e.Metadata)), text(string(e.Data)),
	)
	return w.Write(w.row)
}
