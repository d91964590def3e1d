package core

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A line of a script is a verb, its arguments, and options: submit r1 provider=ext-1 status=COMPLETED override comment="no answer".
// What stands in "…" or `…` may hold spaces. Every command is decided one second after the one before, unless it says at=SECONDS; a result occurred when it is
// decided, unless it says occurred=. The first argument of create and submit is the id that is minted for what may be new; that of dispatch and cancel is the activity meant,
// and that of erase the result or the activity.
// issue mints the API key that it names, revoke means one; configure says how the tenant has a code: configure not_home off class=NEGATIVE, or active. apikey= is the API key that a
// command comes with. idempotency= sends an Idempotency-Key, to the command's own endpoint unless it says endpoint=, with the body that body= says.
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

// command decides a line of a verb that intent knows.
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

// restart goes on with a new machine that has read the log. Nothing may be pending.
func (p *play) restart() (err error) {
	if n := len(p.machine.Pending()); n > 0 {
		return fmt.Errorf("restart with %d events pending", n)
	}
	p.machine, err = replayed(p.log)
	return err
}

// transition appends what no command does yet, but the lifecycle knows: transition a1 READY UNRESOLVED NO_ROUTE. Nothing may be pending.
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
	e.ResultID = activity.ResultID
	r := Recorded{
		Position: p.machine.Head() + 1, TenantPosition: snapshotOf(p.machine.base).Tenants[activity.Tenant].Head + 1,
		Stream: Stream{Tenant: activity.Tenant, ID: e.ActivityID}, Version: activity.Version + 1,
		EventID: fixedID('e', p.commands*eventIDs), RecordedAt: p.clock, Event: e, Metadata: Metadata{Actor: Actor{Subject: "admin", Role: "ADMIN"}},
	}
	p.log = append(p.log, r)
	return r, p.machine.Replay(r)
}

// read makes a command of a line, and takes the options that it knows out of it.
func (p *play) read(l line) (c Command, err error) {
	if n := argumentsOf(l.verb); len(l.args) != n {
		return c, fmt.Errorf("%s needs %d arguments", l.verb, n)
	}
	p.commands++
	o := optionReader{l.options, nil}
	c = Command{
		Tenant: o.id("tenant", fixedID('t', 1)), At: o.instant("at", p.clock+1000), EventID: fixedID('e', p.commands*eventIDs), APIKey: o.id("apikey", ID{}),
		Metadata: Metadata{RequestID: fmt.Sprintf("req-%d", p.commands), Traceparent: o.text("traceparent", ""), Idempotency: o.idempotency(l)},
	}
	c.Metadata.Actor = o.actor(c.APIKey)
	c.Intent = o.intent(l, c.At)
	return c, o.err
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
