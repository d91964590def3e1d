package core

import (
	"testing"

	"pgregory.net/rapid"
)

// classifiedThen is what docs/events.md says of a submission: of the tenant's configurations of its code, the last one before it tells what the code counted as.
func classifiedThen(log []Recorded, submitted Recorded) Classification {
	as := Unclassified
	for _, r := range log {
		c, ok := r.Event.(ResultTypeConfigured)
		own := r.Stream == Stream{submitted.Stream.Tenant, submitted.Stream.Tenant}
		if ok && own && r.TenantPosition < submitted.TenantPosition && c.Code.String() == submitted.Event.(ResultSubmitted).Submission.Result {
			as = c.Classification
		}
	}
	return as
}

// TestPropertyClassificationThen: the tenant's own stream, up to a submission, gives the classification that the submission's code had when it was decided.
func TestPropertyClassificationThen(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		for range 4 { // few submissions have a code that is classified
			v, then := drawTrace(t).playClassified()
			for _, r := range v.log {
				if r.Event.Type() != "ResultSubmitted" {
					continue
				}
				if got := classifiedThen(v.log, r); got != then[r.EventID] {
					t.Fatalf("%s: the log says %q, the machine had %q when it was decided", brief(r), got, then[r.EventID])
				}
				seen["classified "+then[r.EventID].String()]++
			}
		}
	})
	checkSeen(t, seen, []string{"classified ", "classified POSITIVE", "classified NEGATIVE"})
}

// playClassified runs a trace to its end as play does, and gives what the code of each submission counted as when it was decided, by the event's id.
func (tr trace) playClassified() (*live, map[ID]Classification) {
	v, then := newLive(), map[ID]Classification{}
	for _, p := range tr {
		before, _ := v.overlay.tenants.get(p.Command.Tenant)
		v.do(p)
		if in, ok := p.Command.Intent.(SubmitResult); ok {
			code, _ := ParseResultCode(in.Submission.Result)
			then[p.Command.EventID] = before.Types.Classification(code)
		}
		switch {
		case p.Drops:
			v.Rollback()
		case p.Ends:
			v.commit()
		}
	}
	v.commit()
	return v, then
}
