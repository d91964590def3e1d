package httpapi

import (
	"encoding"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"resultlog/core"
)

// parameter is something that the query string of a list may say: its name, and how its value is read into the query Q.
type parameter[Q any] struct {
	name string
	read func(*parameters, *Q)
}

// parameters reads a query string strictly: each parameter is one of those that there are, and comes once. What is wrong is gathered.
type parameters struct {
	query url.Values
	known []string
	name  string // of the parameter that is being read
	wrong []string
}

// readTable reads all parameters of a table that were sent.
func readTable[Q any](p *parameters, table []parameter[Q], into *Q) {
	for _, one := range table {
		if p.sent(one.name) {
			one.read(p, into)
		}
	}
}

// sent turns to a parameter, and reports whether there is something to read.
func (p *parameters) sent(name string) bool {
	p.name = name
	p.known = append(p.known, name)
	values := p.query[name]
	switch {
	case len(values) == 0:
		return false
	case len(values) > 1:
		p.bad("must come once")
	case values[0] == "":
		p.bad("must not be empty: leave it out if it is to say nothing")
	default:
		return true
	}
	return false
}

// end gives the error of all that is wrong; nil if nothing is.
func (p *parameters) end() error {
	var strangers []string
	for name := range p.query {
		if !slices.Contains(p.known, name) {
			strangers = append(strangers, fmt.Sprintf("there is no query parameter %q here", shorten(name)))
		}
	}
	slices.Sort(strangers)
	if p.wrong = append(p.wrong, strangers...); len(p.wrong) == 0 {
		return nil
	}
	return fail(codeInvalidQuery, "%s", strings.Join(p.wrong, "; "))
}

// bad notes what is wrong with the parameter that is being read.
func (p *parameters) bad(problem string) { p.fail("%s %s", p.name, problem) }

func (p *parameters) fail(format string, args ...any) {
	p.wrong = append(p.wrong, fmt.Sprintf(format, args...))
}

func (p *parameters) value() string { return p.query.Get(p.name) }

// text reads 1 to most characters.
func (p *parameters) text(most int) string {
	text := p.value()
	if !utf8.ValidString(text) {
		p.bad("is not UTF-8")
	} else if problem := judgeText(text, 1, most); problem != "" {
		p.bad(problem)
	}
	return text
}

// into reads what knows its own form and says what is allowed: ids, statuses, types, codes.
func (p *parameters) into(v encoding.TextUnmarshaler) {
	if err := v.UnmarshalText([]byte(p.value())); err != nil {
		p.bad(err.Error())
	}
}

// choice reads one of a list.
func choice[S ~string](p *parameters, list []S) S {
	i := slices.Index(list, S(p.value()))
	if i < 0 {
		p.bad(core.NotOneOf(list).Error())
		return ""
	}
	return list[i]
}

// number reads a whole number, in digits and nothing else.
func (p *parameters) number(least, most int) int {
	n, err := strconv.ParseUint(p.value(), 10, 63)
	if err != nil || n < uint64(least) || n > uint64(most) {
		p.bad(fmt.Sprintf("must be a whole number from %d to %d", least, most))
		return least
	}
	return int(n)
}

// position reads a tenant's position; 0 is before the first.
func (p *parameters) position() core.Position { return core.Position(p.number(0, math.MaxInt64)) }

// from reads the begin of a span, and to its end, after that: both belong to it.
func (p *parameters) from(s *core.Span) { s.From = p.instant() }

func (p *parameters) to(s *core.Span) {
	if s.To = p.instant(); s.From != nil && s.To != nil && *s.From > *s.To {
		p.bad("lies before the beginning of the same span")
	}
}

// plusIsSpace is for a time that came with a space in it.
const plusIsSpace = "the + of an offset is %2B in a query string, where + means a space"

func (p *parameters) instant() *core.Instant {
	i, err := core.ParseInstant(p.value())
	switch {
	case err == nil:
		return &i
	case strings.Contains(p.value(), " "): // most likely it was sent for the sign of an offset
		p.bad(err.Error() + "; " + plusIsSpace)
	default:
		p.bad(err.Error())
	}
	return nil
}

// eventual reads whether a read may skip the barrier, as readEventual does.
func (p *parameters) eventual() bool {
	if !p.sent("consistency") {
		return false
	}
	return choice(p, []string{"eventual"}) != ""
}

func (p *parameters) cursor() *core.Cursor {
	c, err := parseCursor(p.value())
	if err != nil {
		p.bad("is not one that this service gave: take nextCursor as it stands")
		return nil
	}
	return &c
}
