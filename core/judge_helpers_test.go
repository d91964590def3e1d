package core

import (
	"errors"
	"regexp"
	"strconv"
	"testing"
)

// verdicts is all that a judge says of a history.
func verdicts(log []Recorded) (found []error) {
	j := NewJudge()
	for _, r := range log {
		err := j.Next(r)
		if err != nil {
			found = append(found, err)
		}
		if errors.Is(err, ErrOutOfOrder) {
			return found
		}
	}
	if err := j.End(); err != nil {
		found = append(found, err)
	}
	return found
}

var namedPosition = regexp.MustCompile(`position (\d+)`)

// places are the positions that errors name first, as a person reads them.
func places(found []error) (all []Position) {
	for _, err := range found {
		n, _ := strconv.Atoi(namedPosition.FindStringSubmatch(err.Error())[1])
		all = append(all, Position(n))
	}
	return all
}

// first is the position that the first error names; 0 if there is none.
func first(found []error) Position {
	if len(found) == 0 {
		return 0
	}
	return places(found[:1])[0]
}

// partOf is what an auditor of one tenant has: its events, with the tenant positions in place of the positions.
func partOf(log []Recorded, tenant ID) (part []Recorded) {
	for _, r := range log {
		if r.Stream.Tenant == tenant {
			r.Position = r.TenantPosition
			part = append(part, r)
		}
	}
	return part
}

// renumbered is a log as who changed it would put it back: every place in it gapless again.
func renumbered(log []Recorded) []Recorded {
	tenants, streams := map[ID]Position{}, map[Stream]Version{}
	for i := range log {
		r := &log[i]
		tenants[r.Stream.Tenant]++
		streams[r.Stream]++
		r.Position, r.TenantPosition, r.Version = Position(i+1), tenants[r.Stream.Tenant], streams[r.Stream]
	}
	return log
}

// recordedBy is the log of a script's lines, each of which must be accepted. The machine behind it knows it all.
func recordedBy(t *testing.T, lines ...string) []Recorded {
	t.Helper()
	p := newPlay()
	for _, text := range lines {
		if receipt, refusal, err := p.command(text); err != nil || refusal != nil || receipt.Replayed > 0 {
			t.Fatalf("%s: %v %v %v", text, receipt, refusal, err)
		}
	}
	p.commit()
	return p.log
}
