package audit

import (
	"bytes"
	"strings"

	"resultlog/core"
)

// recorded is core.Entry.Recorded, and cheaper where the metadata is as it is nearly always.
func recorded(e core.Entry) (core.Recorded, error) {
	event, err := core.Decode(core.Encoded{Type: e.Type, Schema: e.SchemaVersion, Data: e.Data, Personal: e.Personal})
	if err != nil {
		return core.Recorded{}, err
	}
	metadata, err := decodeMetadata(e.Metadata)
	if err != nil {
		return core.Recorded{}, err
	}
	r := e.Place()
	r.Metadata, r.Event = metadata, event
	return r, nil
}

// decodeMetadata is core.DecodeMetadata. What core.EncodeMetadata has written is taken apart at a fraction of the cost: whether that was right is seen by writing it again. All else is
// decoded.
func decodeMetadata(data []byte) (core.Metadata, error) {
	if m, ok := splitMetadata(string(data)); ok && bytes.Equal(core.EncodeMetadata(m), data) {
		return m, nil
	}
	return core.DecodeMetadata(data)
}

// splitMetadata takes metadata apart as if nothing in it were escaped, every member were a text, and all were in the order in which they are written.
func splitMetadata(text string) (m core.Metadata, ok bool) {
	f := members{rest: text}
	f.skip(`{"actor":{`)
	m.Actor = core.Actor{Subject: f.take("subject"), Role: f.take("role"), Key: f.take("key")}
	f.skip(`}`)
	f.skip(`,`)
	m.RequestID, m.Traceparent = f.take("request_id"), f.take("traceparent")
	m.Idempotency = core.Idempotency{Key: f.take("idempotency_key"), Endpoint: f.take("idempotency_endpoint")}
	if body := f.take("idempotency_body_sha256"); body != "" && m.Body.UnmarshalText([]byte(body)) != nil {
		return m, false
	}
	if cause := f.take("causation_id"); cause != "" && m.CausationID.UnmarshalText([]byte(cause)) != nil {
		return m, false
	}
	return m, f.rest == "}"
}

// members are those of an object, from one on.
type members struct{ rest string }

func (f *members) skip(text string) { f.rest = strings.TrimPrefix(f.rest, text) }

// take gives the text of the next member if that has the name, and goes on behind it; else it gives none.
func (f *members) take(name string) string {
	rest, ok := strings.CutPrefix(f.rest, `"`+name+`":"`)
	if !ok {
		return ""
	}
	value, rest, _ := strings.Cut(rest, `"`)
	f.rest = strings.TrimPrefix(rest, `,`)
	return value
}
