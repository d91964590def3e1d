package core

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// optionReader takes options out of a line, one by one, and remembers the first that is malformed.
type optionReader struct {
	options map[string]string
	err     error
}

func (o *optionReader) details(name string) ActivityDetails {
	return ActivityDetails{
		ActivityType: readAs[ActivityType](o, "type", Task), Reason: o.text("reason", "visit"), Channel: Channel(o.text("channel", "SALESMAN")),
		CommerceID: o.id("commerce", fixedID('c', 1)), IdempotencyKey: o.text("key", "key-"+name), ScheduledAt: o.instant("scheduled", start),
		CommerceExternalID: o.text("external", ""), ProviderActivityID: o.text("provider", ""),
		AssignedRouteID: o.id("route", ID{}), AssignedOperatorID: o.id("operator", ID{}),
	}
}

func (o *optionReader) submission(at Instant) Submission {
	s := Submission{
		SentActivityID: o.id("activity", ID{}), ProviderActivityID: o.text("provider", ""), CommerceExternalID: o.text("external", "store-001"),
		OccurredAt: o.instant("occurred", at), Status: readAs[ResultStatus](o, "status", ResultCompleted), ExternalStatus: o.text("external_status", ""),
		HardOverride: o.flag("override"), Result: o.text("code", "success"), ContactType: ContactType(o.text("contact", "")),
	}
	if text := o.text("future", ""); text != "" {
		future, err := parseInstant(text)
		s.FutureScheduledAt, o.err = &future, errors.Join(o.err, err)
	}
	s.Personal = Personal{
		Salt: [16]byte{15: 1}, Comment: o.text("comment", ""), OperatorExternalID: o.text("operator", ""),
		RawPayload: o.json("raw_payload"), Payload: o.json("payload"),
	}.Seal()
	return s
}

// endpoints are where the commands come in (contract §1, §2.7 to §2.9).
var endpoints = map[string]string{
	"create": "POST /api/activities", "submit": "POST /api/activity-results/tasks", "dispatch": "POST /api/activities/tasks/%s/dispatch", "cancel": "PATCH /api/activities/%s/cancel",
	"configure": "PUT /api/task-result-types/%s", "issue": "POST /api/api-keys", "revoke": "POST /api/api-keys/%s/revoke", "erase": "resultlog erase %s",
}

func (o *optionReader) idempotency(l line) Idempotency {
	key := o.text("idempotency", "")
	if key == "" {
		return Idempotency{}
	}
	endpoint := endpoints[l.verb]
	if strings.Contains(endpoint, "%s") {
		endpoint = fmt.Sprintf(endpoint, spelled(l.args[0]))
	}
	return Idempotency{Key: key, Endpoint: o.text("endpoint", endpoint), Body: sha256.Sum256([]byte(o.text("body", "{}")))}
}

// spelled is what a line calls something, as a path has it: a UUID, or a code of the catalogue.
func spelled(text string) string {
	if id, err := parseID(text); err == nil {
		return id.String()
	}
	return text
}

func (o *optionReader) text(key, otherwise string) string {
	text, ok := o.options[key]
	if !ok {
		return otherwise
	}
	delete(o.options, key)
	return text
}

func (o *optionReader) flag(key string) bool {
	_, ok := o.options[key]
	delete(o.options, key)
	return ok
}

func (o *optionReader) id(key string, otherwise ID) ID {
	text := o.text(key, "")
	if text == "" {
		return otherwise
	}
	id, err := parseID(text)
	o.err = errors.Join(o.err, err)
	return id
}

func (o *optionReader) instant(key string, otherwise Instant) Instant {
	text := o.text(key, "")
	if text == "" {
		return otherwise
	}
	i, err := parseInstant(text)
	o.err = errors.Join(o.err, err)
	return i
}

func (o *optionReader) json(key string) []byte {
	if text := o.text(key, ""); text != "" {
		return []byte(text)
	}
	return nil
}

// readAs reads an option by the type's own UnmarshalText.
func readAs[T any, P interface {
	*T
	UnmarshalText([]byte) error
}](o *optionReader, key string, otherwise T) T {
	text := o.text(key, "")
	if text == "" {
		return otherwise
	}
	var v T
	o.err = errors.Join(o.err, P(&v).UnmarshalText([]byte(text)))
	return v
}
