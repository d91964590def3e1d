package core

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrUnknownEvent means that the log holds an event of a type or schema that this program does not know: a newer one wrote it.
// Whoever meets it stops; it is never skipped.
var ErrUnknownEvent = errors.New("unknown event")

// Encoded is an event as it is stored.
type Encoded struct {
	Type     string
	Schema   int    // which shape Data has; Upcast brings older ones up
	Data     []byte // one JSON object, exact bytes: proofs are over these
	Personal []byte // one JSON object, or nil; may be erased
}

// eventBytes is the size that buffers for an event's data and metadata begin with: most fit.
const eventBytes = 512

// Encode writes an event in its newest schema. The same event always gives the same bytes.
func Encode(e Event) Encoded {
	o := OpenObject(make([]byte, 0, eventBytes))
	e.encode(&o)
	sealed := e.sealed()
	o.Digest("personal_sha256", sealed.SHA256)
	return Encoded{Type: e.Type(), Schema: newest(e.Type()), Data: o.Close(), Personal: sealed.Bytes}
}

// Decode reads a stored event, whatever its schema. ErrUnknownEvent if it is of a type or schema that this program does not know.
func Decode(enc Encoded) (Event, error) {
	data, err := upcast(enc.Type, enc.Schema, enc.Data)
	if err != nil {
		return nil, err
	}
	e, isPlain := decodePlain(enc.Type, data, enc.Personal)
	if !isPlain {
		e, err = decodeAny(enc.Type, data, enc.Personal)
	}
	switch {
	case err != nil:
		return nil, err
	case !e.complete():
		return nil, fmt.Errorf("%s: lacks what every event of this type has: %s", enc.Type, data)
	case enc.Personal != nil && e.sealed().SHA256 == Digest{}:
		return nil, fmt.Errorf("%s: has a personal part, but no digest of one", enc.Type)
	}
	return e, nil
}

// decodeAny decodes data of the newest schema, however its JSON is spelled.
func decodeAny(eventType string, data, personal []byte) (e Event, err error) {
	switch eventType {
	case "ActivityCreated":
		e, err = decodeAs[ActivityCreated](eventType, data)
	case "ResultSubmitted":
		e, err = decodeSubmitted(data, personal)
	case "ActivityTransitioned":
		e, err = decodeAs[ActivityTransitioned](eventType, data)
	case "ResultLinked":
		e, err = decodeAs[ResultLinked](eventType, data)
	case "PersonalErased":
		e, err = decodeAs[PersonalErased](eventType, data)
	case "ResultTypeConfigured":
		e, err = decodeAs[ResultTypeConfigured](eventType, data)
	case "APIKeyIssued":
		e, err = decodeAs[APIKeyIssued](eventType, data)
	case "APIKeyRevoked":
		e, err = decodeAs[APIKeyRevoked](eventType, data)
	default:
		return nil, fmt.Errorf("%w: type %q has schemas but no decoder", ErrUnknownEvent, eventType)
	}
	return e, err
}

// EncodeMetadata writes metadata as one JSON object. The same metadata always gives the same bytes.
func EncodeMetadata(m Metadata) []byte {
	o := OpenObject(make([]byte, 0, eventBytes))
	o.Object("actor", func(actor *Object) {
		actor.OptionalText("subject", m.Actor.Subject)
		actor.OptionalText("role", m.Actor.Role)
		actor.OptionalText("key", m.Actor.Key)
	})
	o.OptionalText("request_id", m.RequestID)
	o.OptionalText("traceparent", m.Traceparent)
	o.OptionalText("idempotency_key", m.Idempotency.Key)
	o.OptionalText("idempotency_endpoint", m.Idempotency.Endpoint)
	o.Digest("idempotency_body_sha256", m.Idempotency.Body)
	o.ID("causation_id", m.CausationID)
	return o.Close()
}

// DecodeMetadata reads what EncodeMetadata wrote.
func DecodeMetadata(data []byte) (Metadata, error) {
	if m, ok := plainMetadata(data); ok {
		return m, nil
	}
	return decodeAs[Metadata]("metadata", data)
}

// decodeSubmitted also takes the digest and the bytes of the personal part, which the event's own fields do not show.
func decodeSubmitted(data, personal []byte) (Event, error) {
	stored, err := decodeAs[struct {
		ResultSubmitted
		PersonalSHA256 Digest `json:"personal_sha256"`
	}]("ResultSubmitted", data)
	if err != nil {
		return nil, err
	}
	e := stored.ResultSubmitted
	e.Personal = Sealed{Bytes: personal, SHA256: stored.PersonalSHA256}
	return e, nil
}

// decodeHex fills dst with the bytes that text spells; it must spell exactly as many.
func decodeHex(dst []byte, text string) error {
	if len(text) != hex.EncodedLen(len(dst)) {
		return fmt.Errorf("%q is not %d bytes of hexadecimal", text, len(dst))
	}
	_, err := hex.Decode(dst, []byte(text))
	return err
}

// decodeAs reads one JSON object and nothing after it. A field that the newest schema lacks is an error: nothing that was recorded is silently dropped.
func decodeAs[T any](what string, data []byte) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("%s: %w", what, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return v, fmt.Errorf("%s: data goes on after the object", what)
	}
	return v, nil
}

func (e ActivityCreated) encode(o *Object) {
	o.ID("activity_id", e.ActivityID)
	o.Text("type", e.ActivityType.String())
	o.Text("reason", e.Reason)
	o.Text("channel", string(e.Channel))
	o.ID("commerce_id", e.CommerceID)
	o.Text("idempotency_key", e.IdempotencyKey)
	o.Instant("scheduled_at", e.ScheduledAt)
	o.OptionalText("commerce_external_id", e.CommerceExternalID)
	o.OptionalText("provider_activity_id", e.ProviderActivityID)
	o.OptionalText("suggested_execution_time", e.SuggestedExecutionTime)
	o.OptionalText("user_status", e.UserStatus)
	o.OptionalNumber("score", e.Score)
	o.OptionalText("assignment_reason", e.AssignmentReason)
	o.ID("assigned_route_id", e.AssignedRouteID)
	o.ID("assigned_operator_id", e.AssignedOperatorID)
}

func (e ResultSubmitted) encode(o *Object) {
	o.ID("result_id", e.ResultID)
	o.Text("source", string(e.Source))
	o.ID("activity_id", e.ActivityID)
	o.Instant("created_at", e.CreatedAt)
	o.Flag("overridden", e.Overridden)
	o.ID("sent_activity_id", e.SentActivityID)
	o.OptionalText("provider_activity_id", e.ProviderActivityID)
	o.Text("commerce_external_id", e.CommerceExternalID)
	o.Instant("occurred_at", e.OccurredAt)
	o.Text("status", e.Status.String())
	o.OptionalText("external_status", e.ExternalStatus)
	o.Flag("hard_override", e.HardOverride)
	o.Text("result", e.Submission.Result)
	o.OptionalText("contact_type", string(e.ContactType))
	o.OptionalInstant("future_scheduled_at", e.FutureScheduledAt)
}

func (e ActivityTransitioned) encode(o *Object) {
	o.ID("activity_id", e.ActivityID)
	o.Text("from", e.From.String())
	o.Text("to", e.To.String())
	o.Text("reason", string(e.Reason))
	o.ID("result_id", e.ResultID)
	o.OptionalText("result", e.Result)
	o.Flag("overridden", e.Overridden)
	o.OptionalText("provider_activity_id", e.ProviderActivityID)
}

func (e ResultLinked) encode(o *Object) {
	o.ID("result_id", e.ResultID)
	o.ID("activity_id", e.ActivityID)
	o.Text("provider_activity_id", e.ProviderActivityID)
}

func (e PersonalErased) encode(o *Object) { o.ID("result_id", e.ResultID) }

func (e ResultTypeConfigured) encode(o *Object) {
	o.ID("tenant_id", e.TenantID)
	o.Text("code", e.Code.String())
	o.Flag("is_active", e.Active)
	o.OptionalText("classification", e.Classification.String())
}

func (e APIKeyIssued) encode(o *Object) {
	o.ID("tenant_id", e.TenantID)
	o.ID("key_id", e.KeyID)
	o.Text("name", e.Name)
	o.Text("key_prefix", e.Prefix)
	o.Digest("key_sha256", e.Digest)
	o.Texts("permissions", e.Permissions.Names())
	o.OptionalInstant("expires_at", e.ExpiresAt)
}

func (e APIKeyRevoked) encode(o *Object) {
	o.ID("tenant_id", e.TenantID)
	o.ID("key_id", e.KeyID)
	o.Integer("issued_version", int64(e.IssuedVersion))
}
