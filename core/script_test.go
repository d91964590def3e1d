package core

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A line of a script is a verb, its arguments, and options: submit r1 provider=ext-1 status=COMPLETED override comment="no answer".
// What stands in "…" or `…` may hold spaces. Every command is decided one second after the one before, unless it says at=SECONDS; a result occurred when it is
// decided, unless it says occurred=. The first argument of create and submit is the id that is minted for what may be new.
type line struct {
	verb    string
	args    []string
	options map[string]string
}

// play runs scripts on a machine.
type play struct {
	machine  *Machine
	log      []Recorded // what is durable
	clock    Instant
	commands int // so far; they number the minted event ids and the request ids
}

func newPlay() *play { return &play{machine: NewMachine(), clock: start} }

// command decides a line of the verb create or submit.
func (p *play) command(text string) (Receipt, *Error, error) {
	l, err := parseLine(text)
	if err != nil {
		return Receipt{}, nil, err
	}
	c, err := p.read(l)
	if err != nil {
		return Receipt{}, nil, fmt.Errorf("%s: %w", text, err)
	}
	if len(l.options) > 0 {
		return Receipt{}, nil, fmt.Errorf("%s: unknown options %v", text, l.options)
	}
	p.clock = c.At
	receipt, err := p.machine.Step(c)
	var refusal *Error
	if err != nil && !errors.As(err, &refusal) {
		return Receipt{}, nil, fmt.Errorf("%s: a refusal must be an *Error: %w", text, err)
	}
	return receipt, refusal, nil
}

// commit makes what is pending durable.
func (p *play) commit() int {
	n := len(p.machine.Pending())
	p.log = append(p.log, p.machine.Pending()...)
	p.machine.Commit()
	return n
}

// transition appends what another command, one that is not in this package yet, would: transition a1 READY CANCELED CANCELED. Nothing may be pending.
func (p *play) transition(text string) (Recorded, error) {
	l, err := parseLine(text)
	if err != nil || len(l.args) != 4 {
		return Recorded{}, fmt.Errorf("want: transition ID FROM TO REASON; got %s: %v", text, err)
	}
	e := ActivityTransitioned{Reason: Reason(l.args[3])}
	e.ActivityID, err = parseID(l.args[0])
	err = errors.Join(err, e.From.UnmarshalText([]byte(l.args[1])), e.To.UnmarshalText([]byte(l.args[2])))
	if err != nil {
		return Recorded{}, fmt.Errorf("%s: %w", text, err)
	}
	p.clock += 1000
	p.commands++
	activity := p.machine.base.state(e.ActivityID, ID{}).Activity
	r := Recorded{
		Position: p.machine.Head() + 1, TenantPosition: snapshotOf(p.machine.base).Tenants[activity.Tenant] + 1,
		Stream: Stream{Tenant: activity.Tenant, ID: e.ActivityID}, Version: activity.Version + 1,
		EventID: fixedID('e', p.commands*eventIDs), RecordedAt: p.clock, Event: e, Metadata: Metadata{Actor: Actor{Subject: "admin", Role: "ADMIN"}},
	}
	p.log = append(p.log, r)
	return r, p.machine.Replay(r)
}

// read makes a command of a line, and takes the options that it knows out of it.
func (p *play) read(l line) (c Command, err error) {
	if len(l.args) != 1 {
		return c, fmt.Errorf("%s needs the id to mint", l.verb)
	}
	minted, err := parseID(l.args[0])
	if err != nil {
		return c, err
	}
	p.commands++
	o := optionReader{l.options, nil}
	c = Command{
		Tenant: o.id("tenant", fixedID('t', 1)), At: o.instant("at", p.clock+1000), EventID: fixedID('e', p.commands*eventIDs),
		Metadata: Metadata{
			Actor:     Actor{Subject: o.text("actor", "integration"), Role: o.text("role", "FDE")},
			RequestID: fmt.Sprintf("req-%d", p.commands), IdempotencyKey: o.text("idempotency", ""), Traceparent: o.text("traceparent", ""),
		},
	}
	switch l.verb {
	case "create":
		c.Intent = CreateActivity{ActivityID: minted, ActivityDetails: o.details(l.args[0])}
	case "submit":
		c.Intent = SubmitResult{ResultID: minted, Submission: o.submission(c.At)}
	default:
		return c, fmt.Errorf("unknown command %q", l.verb)
	}
	return c, o.err
}

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

func parseLine(text string) (line, error) {
	words, err := splitWords(text)
	if err != nil || len(words) == 0 {
		return line{}, fmt.Errorf("%q: a line needs a verb: %w", text, err)
	}
	l := line{verb: words[0], options: map[string]string{}}
	for _, w := range words[1:] {
		key, value, isOption := strings.Cut(w, "=")
		switch {
		case isOption && (strings.HasPrefix(value, `"`) || strings.HasPrefix(value, "`")):
			if l.options[key], err = strconv.Unquote(value); err != nil {
				return l, fmt.Errorf("%s: %w", w, err)
			}
		case isOption:
			l.options[key] = value
		case w == "override":
			l.options[w] = ""
		default:
			l.args = append(l.args, w)
		}
	}
	return l, nil
}

// splitWords cuts a line at its spaces, but not inside "…" or `…`.
func splitWords(text string) ([]string, error) {
	var words []string
	var quote byte
	from := 0
	for i := 0; i <= len(text); i++ {
		switch {
		case i == len(text) || text[i] == ' ' && quote == 0:
			if i > from {
				words = append(words, text[from:i])
			}
			from = i + 1
		case quote == 0 && (text[i] == '"' || text[i] == '`'):
			quote = text[i]
		case text[i] == quote && (quote == '`' || text[i-1] != '\\'):
			quote = 0
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed in %s", text)
	}
	return words, nil
}
