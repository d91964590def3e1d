package core

import (
	"fmt"
	"slices"
	"strings"
)

// The oracle says what the contract says, as dully as it can: lists, searched from the front, statuses as words. It shares no code with what it judges
// but the names of things, and it is written from the contract's sentences, which stand beside its lines.

type oracleActivity struct {
	tenant, id, result ID
	kind, status       string
	key, provider      string
	version            int
}

type oracleResult struct {
	tenant, id, activity ID
	status, code         string
	created, updated     Instant
	version              int
	erased               bool     // nothing was submitted since it was
	names                []string // every id that an accepted standalone submission carried
}

// oracleKey is an acceptance that came with an Idempotency-Key.
type oracleKey struct {
	tenant        ID
	endpoint, key string
	position      int // of its first event
}

type oracle struct {
	activities []oracleActivity
	results    []oracleResult
	keys       []oracleKey
	settings   []oracleSetting
	apiKeys    []oracleAPIKey
	ownStream  []ID // the tenant of each event in a tenant's own stream
	appended   []ID // the tenant of each event
	clock      Instant

	met []string // what the last command came upon that its answer does not show, for counting
}

// oracleAnswer is what a sender hears: a refusal, or the events; or that it was accepted before.
type oracleAnswer struct {
	refusal  string
	events   []string
	replayed int // the position of the first event of the first acceptance
}

// Contract §1: result status → parent activity.
var oracleTable = map[string]string{"PENDING": "", "COMPLETED": "COMPLETED", "NOT_EXECUTED": "FAILED", "CANCELED": "CANCELED", "TRANSFERRED": "COMPLETED"}

const oracleCodes = " success not_home is_closed no_interest rescheduled wrong_address b2b_purchase no_answer callback_requested other "

// copied is the same state, apart.
func (o oracle) copied() oracle {
	o.activities, o.results, o.keys, o.appended = slices.Clone(o.activities), slices.Clone(o.results), slices.Clone(o.keys), slices.Clone(o.appended)
	o.settings, o.apiKeys, o.ownStream = slices.Clone(o.settings), slices.Clone(o.apiKeys), slices.Clone(o.ownStream)
	for i := range o.results {
		o.results[i].names = slices.Clone(o.results[i].names)
	}
	return o
}

// decide answers a command.
func (o *oracle) decide(c Command) oracleAnswer {
	at := c.At
	if at < o.clock {
		at = o.clock // "never decreases along the log"
	}
	o.met = nil
	sent := oracleKey{tenant: c.Tenant, endpoint: c.Metadata.Endpoint, key: c.Metadata.Key, position: len(o.appended) + 1}
	first := o.accepted(sent)
	if wrong := o.credential(c, at); wrong != "" {
		o.met = append(o.met, "an API key that is "+wrong)
		if first > 0 {
			o.met = append(o.met, "a retry with an API key that is "+wrong)
		}
		return oracleAnswer{refusal: "refused unauthenticated"} // "Order of checks: […] → 401 → […] → replay or 422"
	}
	if first > 0 {
		return oracleAnswer{replayed: first}
	}
	answer := o.decideAnew(c, at)
	if sent.key != "" && answer.refusal == "" { // "only accepted submissions are stored"
		o.keys = append(o.keys, sent)
	}
	return answer
}

// accepted is where the first acceptance with an Idempotency-Key is, or 0: "it is decided before the guards, per tenant and endpoint […]; same key […] → the first answer".
func (o *oracle) accepted(sent oracleKey) int {
	for _, k := range o.keys {
		if sent.key != "" && k.tenant == sent.tenant && k.endpoint == sent.endpoint && k.key == sent.key {
			return k.position
		}
	}
	return 0
}

func (o *oracle) decideAnew(c Command, at Instant) oracleAnswer {
	switch in := c.Intent.(type) {
	case CreateActivity:
		return o.create(c.Tenant, at, in)
	case DispatchActivity:
		return o.dispatch(c.Tenant, at, in)
	case CancelActivity:
		return o.cancel(c.Tenant, at, in)
	case ErasePersonal:
		return o.erase(c.Tenant, at, in)
	case ConfigureResultType:
		return o.configure(c.Tenant, at, in)
	case IssueAPIKey:
		return o.issue(c.Tenant, at, in)
	case RevokeAPIKey:
		return o.revoke(c.Tenant, at, in)
	default:
		return o.submit(c.Tenant, at, in.(SubmitResult))
	}
}

// meaning is what one id names: an activity, or a standalone result, by their places in the lists; -1 for nothing.
func (o *oracle) meaning(tenant ID, activityID ID, provider string) (activity, result int) {
	activity, result = -1, -1
	for i, a := range o.activities {
		if a.tenant == tenant && (!activityID.IsZero() && a.id == activityID || provider != "" && a.provider == provider) {
			return i, -1
		}
	}
	for i, r := range o.results {
		if r.tenant == tenant && (!activityID.IsZero() && slices.Contains(r.names, "activity "+activityID.String()) || provider != "" && slices.Contains(r.names, "provider "+provider)) {
			result = i
		}
	}
	if result >= 0 && !o.results[result].activity.IsZero() {
		return o.activityOf(result), -1 // a linked result stands for its activity
	}
	return -1, result
}

func (o *oracle) activityOf(result int) int {
	return slices.IndexFunc(o.activities, func(a oracleActivity) bool { return a.id == o.results[result].activity })
}

func (o *oracle) submit(tenant ID, at Instant, s SubmitResult) oracleAnswer {
	activity, result := o.meaning(tenant, s.SentActivityID, "")
	otherActivity, otherResult := o.meaning(tenant, ID{}, s.ProviderActivityID)
	// "The ids sent name two different activities, or two different standalone results → 400."
	if activity >= 0 && otherActivity >= 0 && activity != otherActivity || result >= 0 && otherResult >= 0 && result != otherResult {
		return oracleAnswer{refusal: "refused ambiguous_ids"}
	}
	// "One names something, the other nothing → what is named." And an activity goes before a standalone result.
	activity, result = max(activity, otherActivity), max(result, otherResult)
	if activity >= 0 {
		result = slices.IndexFunc(o.results, func(r oracleResult) bool { return r.id == o.activities[activity].result })
		// "The matched activity is a MESSAGE, not a TASK → 400."
		if o.activities[activity].kind == "MESSAGE" {
			return oracleAnswer{refusal: "refused activity_not_task"}
		}
	}
	if o.refusesCode(tenant, s.Submission.Result, result) {
		return oracleAnswer{refusal: "refused validation_failed"}
	}
	refusal, overridden, overriddenMove := o.guard(activity, result, s)
	if refusal != "" {
		return oracleAnswer{refusal: refusal}
	}
	return o.record(tenant, at, s, activity, result, overridden, overriddenMove)
}

// guard is §2.2: "Order of the guards: temporal first, then state."
func (o *oracle) guard(activity, result int, s SubmitResult) (refusal string, overridden, overriddenMove bool) {
	existing := ""
	if result >= 0 {
		r := o.results[result]
		existing = fmt.Sprintf(", existing %s %s %s", short(r.id), r.status, seconds(r.updated))
		if s.OccurredAt <= r.updated {
			return "refused stale_result" + existing, false, false
		}
		overridden = r.status != "PENDING" // "Terminal → anything, the same status included, is refused without hard_override."
	}
	if activity >= 0 {
		// "if the activity is already terminal, a submission that would move it elsewhere is invalid_transition unless overridden;
		// one that asks for the state it is in, or for no change, is accepted"
		is, asked := o.activities[activity].status, oracleTable[s.Status.String()]
		overriddenMove = slices.Contains([]string{"COMPLETED", "CANCELED", "FAILED"}, is) && asked != "" && asked != is
		overridden = overridden || overriddenMove
	}
	if overridden && !s.HardOverride {
		return "refused invalid_transition" + existing, false, false
	}
	return "", overridden, overriddenMove
}

// record is what an accepted submission leaves behind.
func (o *oracle) record(tenant ID, at Instant, s SubmitResult, activity, result int, overridden, overriddenMove bool) (answer oracleAnswer) {
	if result < 0 {
		o.results = append(o.results, oracleResult{tenant: tenant, id: s.ResultID, created: at})
		result = len(o.results) - 1
	}
	r := &o.results[result]
	if r.erased {
		o.met = append(o.met, "submitted after it was erased")
	}
	r.status, r.code, r.updated, r.erased = s.Status.String(), s.Submission.Result, at, false
	r.version++
	source, of := "STANDALONE", ID{}
	if activity >= 0 {
		source, of = "RETEN_ACTIVITY", o.activities[activity].id
		r.activity, o.activities[activity].result = of, r.id
	} else {
		// "Every id that an accepted standalone submission carried becomes a name of its result"
		r.names = append(r.names, "activity "+s.SentActivityID.String(), "provider "+s.ProviderActivityID)
	}
	o.append(tenant, at, &answer, fmt.Sprintf("ResultSubmitted %s v%d %s %s of %s%s", short(r.id), r.version, r.status, source, short(of), suffix(overridden)))
	if activity >= 0 {
		o.move(tenant, at, &answer, activity, oracleTable[r.status], "RESULT", r.id, overriddenMove)
	}
	return answer
}

func (o *oracle) move(tenant ID, at Instant, answer *oracleAnswer, activity int, to, reason string, by ID, overridden bool) {
	a := &o.activities[activity]
	if to == "" || to == a.status {
		return // "appends no ActivityTransitioned"
	}
	a.version++
	o.append(tenant, at, answer, fmt.Sprintf("ActivityTransitioned %s v%d %s to %s by %s %s%s", short(a.id), a.version, a.status, to, reason, short(by), suffix(overridden)))
	a.status = to
}

func (o *oracle) append(tenant ID, at Instant, answer *oracleAnswer, event string) {
	answer.events = append(answer.events, event)
	o.appended = append(o.appended, tenant)
	o.clock = at
}

// describe is a snapshot's describe.
func (o *oracle) describe() string {
	var all []string
	for _, a := range o.activities {
		all = append(all, fmt.Sprintf("%s %s %s v%d of %s, result %s", short(a.id), a.kind, a.status, a.version, short(a.tenant), short(a.result)))
	}
	for _, r := range o.results {
		text := fmt.Sprintf("%s %s %s v%d of %s, created %s, updated %s", short(r.id), r.status, r.code, r.version, short(r.activity), seconds(r.created), seconds(r.updated))
		if r.erased {
			text += ", erased"
		}
		all = append(all, text)
	}
	of := map[ID]int{}
	for _, tenant := range o.appended {
		of[tenant]++
	}
	for tenant, n := range of {
		all = append(all, fmt.Sprintf("%s at %d%s", short(tenant), n, o.describeOwn(tenant)))
	}
	for _, k := range o.apiKeys {
		all = append(all, k.describe())
	}
	if len(o.keys) > 0 {
		var keys []int
		for _, k := range o.keys {
			keys = append(keys, k.position) // in order
		}
		all = append(all, fmt.Sprintf("keys at %v", keys))
	}
	if len(o.appended) > 0 {
		all = append(all, fmt.Sprintf("log at %d, %s", len(o.appended), seconds(o.clock)))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func suffix(overridden bool) string {
	if overridden {
		return " overridden"
	}
	return ""
}
