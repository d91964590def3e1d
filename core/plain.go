package core

import (
	"encoding"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// plain reads an object as Object writes it: its members in their order, no blanks, and no text in which anything is escaped. Nearly all that is stored is so, and is read at a fraction of what a decoder
// of any JSON costs. Whatever is not exactly so is left to that: plain says no rather than be wrong, and what it reads, the decoder reads alike.
type plain struct {
	rest  string // from the next member on
	comma bool   // one stands before it
	first bool   // no member has been read yet
	bad   bool
}

func openPlain(data []byte) plain {
	rest, ok := strings.CutPrefix(string(data), "{")
	return plain{rest: rest, first: true, bad: !ok}
}

// end reports whether the object ends here, and with it the text, and all of it was plain.
func (p *plain) end() bool { return !p.bad && !p.comma && p.rest == "}" }

// member goes to the value of the next member, if that has the name.
func (p *plain) member(name string) bool {
	n := len(name)
	if !p.first && !p.comma || len(p.rest) < n+3 || p.rest[0] != '"' || p.rest[1:1+n] != name || p.rest[1+n] != '"' || p.rest[2+n] != ':' {
		return false
	}
	p.rest, p.first = p.rest[n+3:], false
	return true
}

// next goes behind a value of so many bytes, and the comma after it.
func (p *plain) next(length int) {
	p.rest, p.comma = strings.CutPrefix(p.rest[length:], ",")
}

// optionalText is a text; empty if the next member has another name.
func (p *plain) optionalText(name string) string {
	if !p.member(name) {
		return ""
	}
	return p.quoted()
}

// text is one that must be there.
func (p *plain) text(name string) string {
	if !p.member(name) {
		p.bad = true
		return ""
	}
	return p.quoted()
}

// quoted reads a text in which nothing is escaped.
func (p *plain) quoted() string {
	if p.rest == "" || p.rest[0] != '"' {
		p.bad = true
		return ""
	}
	ascii := true
	for i := 1; i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			text := p.rest[1:i]
			p.bad = p.bad || !ascii && !utf8.ValidString(text)
			p.next(i + 1)
			return text
		case c < ' ' || c == '\\':
			p.bad = true
			return ""
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	p.bad = true
	return ""
}

// into reads a text that knows its own form; it is not touched if the next member has another name.
func (p *plain) into(name string, v encoding.TextUnmarshaler) {
	if p.member(name) && v.UnmarshalText([]byte(p.quoted())) != nil {
		p.bad = true
	}
}

func (p *plain) optionalInstant(name string) *Instant {
	if !p.member(name) {
		return nil
	}
	i, err := ParseInstant(p.quoted())
	p.bad = p.bad || err != nil
	return &i
}

func (p *plain) instant(name string) Instant {
	if i := p.optionalInstant(name); i != nil {
		return *i
	}
	p.bad = true
	return 0
}

// flag is true, or absent.
func (p *plain) flag(name string) bool {
	if !p.member(name) {
		return false
	}
	if !strings.HasPrefix(p.rest, "true") {
		p.bad = true
		return false
	}
	p.next(len("true"))
	return true
}

// optionalNumber is one as Object writes it.
func (p *plain) optionalNumber(name string) *float64 {
	if !p.member(name) {
		return nil
	}
	length := strings.IndexAny(p.rest, ",}")
	if length < 0 {
		p.bad = true
		return nil
	}
	n, err := strconv.ParseFloat(p.rest[:length], 64)
	if err != nil || strconv.FormatFloat(n, 'g', -1, 64) != p.rest[:length] || n-n != 0 { // which is so of all but the infinite
		p.bad = true
	}
	p.next(length)
	return &n
}

// decodePlain is Decode of data in the newest schema, if that is plain, and of one of the types that there are many of. The personal part of a ResultSubmitted is its bytes.
func decodePlain(eventType string, data, personal []byte) (Event, bool) {
	p := openPlain(data)
	var e Event
	switch eventType {
	case "ActivityCreated":
		e = p.created()
	case "ResultSubmitted":
		submitted := p.submitted()
		submitted.Personal.Bytes = personal
		e = submitted
	case "ActivityTransitioned":
		e = p.transitioned()
	case "ResultLinked":
		var linked ResultLinked
		p.into("result_id", &linked.ResultID)
		p.into("activity_id", &linked.ActivityID)
		linked.ProviderActivityID = p.text("provider_activity_id")
		e = linked
	default:
		return nil, false
	}
	return e, p.end()
}

func (p *plain) created() (e ActivityCreated) {
	p.into("activity_id", &e.ActivityID)
	p.into("type", &e.ActivityType)
	e.Reason = p.text("reason")
	e.Channel = Channel(p.text("channel"))
	p.into("commerce_id", &e.CommerceID)
	e.IdempotencyKey = p.text("idempotency_key")
	e.ScheduledAt = p.instant("scheduled_at")
	e.CommerceExternalID = p.optionalText("commerce_external_id")
	e.ProviderActivityID = p.optionalText("provider_activity_id")
	e.SuggestedExecutionTime = p.optionalText("suggested_execution_time")
	e.UserStatus = p.optionalText("user_status")
	e.Score = p.optionalNumber("score")
	e.AssignmentReason = p.optionalText("assignment_reason")
	p.into("assigned_route_id", &e.AssignedRouteID)
	p.into("assigned_operator_id", &e.AssignedOperatorID)
	return e
}

func (p *plain) submitted() (e ResultSubmitted) {
	p.into("result_id", &e.ResultID)
	e.Source = Source(p.text("source"))
	p.into("activity_id", &e.ActivityID)
	e.CreatedAt = p.instant("created_at")
	e.Overridden = p.flag("overridden")
	p.into("sent_activity_id", &e.SentActivityID)
	e.ProviderActivityID = p.optionalText("provider_activity_id")
	e.CommerceExternalID = p.text("commerce_external_id")
	e.OccurredAt = p.instant("occurred_at")
	p.into("status", &e.Status)
	e.ExternalStatus = p.optionalText("external_status")
	e.HardOverride = p.flag("hard_override")
	e.Submission.Result = p.text("result")
	e.ContactType = ContactType(p.optionalText("contact_type"))
	e.FutureScheduledAt = p.optionalInstant("future_scheduled_at")
	p.into("personal_sha256", &e.Personal.SHA256)
	return e
}

func (p *plain) transitioned() (e ActivityTransitioned) {
	p.into("activity_id", &e.ActivityID)
	p.into("from", &e.From)
	p.into("to", &e.To)
	e.Reason = Reason(p.text("reason"))
	p.into("result_id", &e.ResultID)
	e.Result = p.optionalText("result")
	e.Overridden = p.flag("overridden")
	e.ProviderActivityID = p.optionalText("provider_activity_id")
	return e
}

// plainPersonal is Sealed.Open of what is plain. Payloads point into the bytes.
func plainPersonal(data []byte) (v Personal, ok bool) {
	p := openPlain(data)
	p.bad = p.bad || decodeHex(v.Salt[:], p.text("salt")) != nil
	v.Comment, v.OperatorExternalID = p.optionalText("comment"), p.optionalText("operator_external_id")
	v.RawPayload, v.Payload = p.optionalObject("raw_payload", data), p.optionalObject("payload", data)
	return v, p.end()
}

// optionalObject is an object of any content, as it stands in the bytes that are read.
func (p *plain) optionalObject(name string, data []byte) []byte {
	if !p.member(name) {
		return nil
	}
	start, length := len(data)-len(p.rest), objectLength(p.rest)
	object := data[start : start+length : start+length]
	if length == 0 || !json.Valid(object) {
		p.bad = true
		return nil
	}
	p.next(length)
	return object
}

// objectLength is how many bytes the object takes that a text begins with; 0 if it begins with none, or none that ends. What is in it may be anything.
func objectLength(text string) int {
	if text == "" || text[0] != '{' {
		return 0
	}
	for place, depth := range Brackets(text) {
		if depth == 0 {
			return place + 1
		}
	}
	return 0
}

// plainMetadata is DecodeMetadata of what is plain.
func plainMetadata(data []byte) (m Metadata, ok bool) {
	p := openPlain(data)
	rest, ok := strings.CutPrefix(p.rest, `"actor":{`)
	if !ok {
		return m, false
	}
	p.rest = rest
	m.Actor = Actor{Subject: p.optionalText("subject"), Role: p.optionalText("role"), Key: p.optionalText("key")}
	if p.comma || !strings.HasPrefix(p.rest, "}") {
		return m, false
	}
	p.next(1)
	p.first = false
	m.RequestID = p.optionalText("request_id")
	m.Traceparent = p.optionalText("traceparent")
	m.Idempotency = Idempotency{Key: p.optionalText("idempotency_key"), Endpoint: p.optionalText("idempotency_endpoint")}
	p.into("idempotency_body_sha256", &m.Body)
	p.into("causation_id", &m.CausationID)
	return m, p.end()
}
