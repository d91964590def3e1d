package core

import (
	"crypto/sha256"
	"fmt"
	"slices"

	"pgregory.net/rapid"
)

const (
	traceParts     = 50 // at most: enough for several batches to meet, and shrinks to a few
	traceKeys      = 12 // idempotency keys of activities: so few that some are used twice
	traceSentKeys  = 4  // Idempotency-Keys, at each of two endpoints
	traceProviders = 6
)

var (
	traceTenants = []ID{fixedID('t', 1), fixedID('t', 1), fixedID('t', 1), fixedID('t', 2)}
	traceCodes   = []string{"success", "success", "success", "success", "success", "other", "other", "other", "not_home", "nonsense"}
	traceTypes   = []string{"success", "other", "other", "other", "other", "other", "not_home", "nonsense"} // that are configured: what most submissions have is seldom switched off
)

// drawn is what a trace has drawn so far, for later parts to come back to.
type drawn struct {
	activities []Stream // minted, whether or not their creation is accepted
	providers  []string // that submissions carried, whether or not they named anything
	apiKeys    []Stream // minted, whether or not their issue is accepted
	results    []Stream // minted, whether or not a submission made them
}

// drawTrace makes a trace. The n-th part mints the ids a(n), r(n), k(n) and e(4n).
func drawTrace(t *rapid.T) trace {
	tr := make(trace, traceParts-rapid.IntRange(0, traceParts-1).Draw(t, "parts less")) // rapid likes small numbers, the test long traces
	clock := start
	var before drawn
	for i := range tr {
		clock += Instant(dice(t, "seconds", 8)-2) * 1000 // sometimes backwards
		tr[i] = drawPart(t, i+1, clock, before)
		switch in := tr[i].Command.Intent.(type) {
		case CreateActivity:
			before.activities = append(before.activities, Stream{tr[i].Command.Tenant, in.ActivityID})
		case SubmitResult:
			before.providers = append(before.providers, in.ProviderActivityID)
			before.results = append(before.results, Stream{tr[i].Command.Tenant, in.ResultID})
		case IssueAPIKey:
			before.apiKeys = append(before.apiKeys, Stream{tr[i].Command.Tenant, in.KeyID})
		}
		switch dice(t, "end", 16) {
		case 0, 1, 2:
			tr[i].Ends = true
		case 3:
			tr[i].Drops = true
		}
	}
	return tr
}

// dice gives 0 to sides-1, each about as often; rapid's own ranges prefer what is small.
func dice(t *rapid.T, label string, sides int) int {
	n := 0
	for range 6 {
		n *= 2
		if rapid.Bool().Draw(t, label) {
			n++
		}
	}
	return n % sides
}

func pick[T any](t *rapid.T, label string, from []T) T { return from[dice(t, label, len(from))] }

func drawPart(t *rapid.T, n int, at Instant, before drawn) tracePart {
	c := Command{
		Tenant: pick(t, "tenant", traceTenants), At: at, EventID: fixedID('e', n*eventIDs),
		Metadata: Metadata{Actor: Actor{Subject: "integration", Role: "FDE"}, RequestID: fmt.Sprint("req-", n), Idempotency: drawKey(t, n)},
	}
	c.APIKey = before.drawCredential(t, c.Tenant)
	switch kind := dice(t, "kind", 21); {
	case kind == 0 && n > 1:
		to := pick(t, "to", []ActivityStatus{ActivityUnresolved, ActivityReady, ActivityUnresolved, ActivityReady, ActivityFailed})
		return tracePart{Command: Command{At: at, EventID: c.EventID}, Transition: ActivityTransitioned{ActivityID: before.drawKnown(t, c.Tenant), To: to, Reason: "NO_ROUTE"}}
	case kind <= 3:
		c.Intent = CreateActivity{ActivityID: fixedID('a', n), ActivityDetails: ActivityDetails{
			ActivityType: pick(t, "type", []ActivityType{Task, Task, Task, Task, Message}), Reason: "visit", Channel: "PUSH", CommerceID: fixedID('c', 1),
			IdempotencyKey: fmt.Sprint("key-", dice(t, "key", traceKeys)), ProviderActivityID: pick(t, "at creation", []string{"", "", drawProvider(t), before.drawAwaited(t)}), ScheduledAt: at,
		}}
	case kind <= 7:
		c.Intent = DispatchActivity{ActivityID: before.drawKnown(t, c.Tenant), ProviderActivityID: before.drawAwaited(t)}
	case kind == 8:
		c.Intent = CancelActivity{ActivityID: before.drawKnown(t, c.Tenant)}
	case kind == 9:
		c.Intent = before.drawErasure(t, c.Tenant)
	case kind <= 12:
		c.Intent = before.drawOwn(t, n, c.Tenant, at)
	default:
		c.Intent = SubmitResult{ResultID: fixedID('r', n), Submission: Submission{
			SentActivityID: before.drawActivity(t, c.Tenant), ProviderActivityID: drawProvider(t), CommerceExternalID: "store-001",
			OccurredAt: at + Instant(dice(t, "occurred", 13)-8)*500, Status: ResultStatus(1 + dice(t, "status", 5)),
			HardOverride: dice(t, "override", 4) == 0, Result: pick(t, "code", traceCodes),
			Personal: Personal{Comment: pick(t, "comment", []string{"", "no <answer> \u2028 é"})}.Seal(),
		}}
	}
	return tracePart{Command: c}
}

// drawErasure gives one, of a result or of an activity's.
func (d drawn) drawErasure(t *rapid.T, tenant ID) Intent {
	if dice(t, "of an activity", 2) == 0 {
		return ErasePersonal{ActivityID: d.drawKnown(t, tenant)}
	}
	return ErasePersonal{ResultID: drawMinted(t, d.results, tenant)}
}

// drawKey gives the Idempotency-Key of the n-th command: mostly none.
func drawKey(t *rapid.T, n int) Idempotency {
	if dice(t, "keyed", 4) > 0 {
		return Idempotency{}
	}
	return Idempotency{
		Key: fmt.Sprint("k", dice(t, "sent key", traceSentKeys)), Endpoint: pick(t, "endpoint", []string{"POST /x", "POST /x", "PATCH /y"}), Body: sha256.Sum256([]byte{byte(n)}),
	}
}

// drawActivity gives no id, one of the last that were minted for an activity, or one that never was.
func (d drawn) drawActivity(t *rapid.T, tenant ID) ID {
	switch dice(t, "activity", 8) {
	case 0, 1, 2:
		return ID{}
	case 3, 4:
		return drawUnknown(t)
	default:
		return d.drawKnown(t, tenant)
	}
}

func drawUnknown(t *rapid.T) ID { return fixedID('u', 1+dice(t, "unknown", 2)) }

// drawKnown gives one of the last ids that were minted for an activity, mostly of the tenant; or one that never was.
func (d drawn) drawKnown(t *rapid.T, tenant ID) ID { return drawMinted(t, d.activities, tenant) }

// drawMinted gives one of the last ids that were minted, mostly of the tenant; or one that never was.
func drawMinted(t *rapid.T, candidates []Stream, tenant ID) ID {
	if dice(t, "whose", 8) > 0 {
		candidates = slices.DeleteFunc(slices.Clone(candidates), func(s Stream) bool { return s.Tenant != tenant })
	}
	if dice(t, "is known", 8) == 0 || len(candidates) == 0 {
		return drawUnknown(t)
	}
	return candidates[len(candidates)-1-dice(t, "known", min(len(candidates), 6))].ID
}

// drawAwaited gives a provider id that one of the last submissions carried, which may be waiting for it; or any.
func (d drawn) drawAwaited(t *rapid.T) string {
	if dice(t, "is awaited", 3) == 0 || len(d.providers) == 0 {
		return drawProvider(t)
	}
	return d.providers[len(d.providers)-1-dice(t, "awaited", min(len(d.providers), 4))]
}

func drawProvider(t *rapid.T) string {
	if n := dice(t, "provider", traceProviders+3); n > 0 && n <= traceProviders {
		return fmt.Sprint("p", n)
	}
	return ""
}
