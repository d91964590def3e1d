package core

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// contractRow is a sentence of the contract as given, when, then. The lines are those of script_test.go; a given line is durable when the next one is decided.
type contractRow struct {
	says   string   // the sentence, word for word
	of     string   // which case of it this is, if it takes several
	given  string   // what came before
	when   string   // what is sent; several lines are decided in one batch
	then   string   // what comes of it: events and refusals, briefly
	hears  string   // what the message of the last refusal tells its sender
	stores []string // what the last event that came of it holds in its stored form
	leaves string   // what is known afterwards of each thing that begins a line
}

func (r contractRow) run(t *testing.T) {
	p := newPlay()
	for _, text := range lines(r.given) {
		if err := p.given(text); err != nil {
			t.Fatalf("given %s: %v", text, err)
		}
	}
	var got []string
	var message string
	for _, text := range lines(r.when) {
		receipt, refusal, err := p.command(text)
		if err != nil {
			t.Fatal(err)
		}
		if refusal != nil {
			message = refusal.Message
		}
		got = append(got, heard(receipt, refusal)...)
	}
	if diff := cmp.Diff(lines(r.then), got); diff != "" {
		t.Errorf("then (-want +got):\n%s", diff)
	}
	if !strings.Contains(message, r.hears) {
		t.Errorf("hears %q\n   not %q", message, r.hears)
	}
	r.checkStored(t, p)
	known := lines(snapshotOf(p.machine.overlay).describe())
	for _, want := range lines(r.leaves) {
		if i := find(known, want); i != want {
			t.Errorf("leaves %q\n   not %q", i, want)
		}
	}
}

// given runs a line of what came before: it must be accepted, and is durable.
func (p *play) given(text string) error {
	switch verb, _, _ := strings.Cut(text, " "); verb {
	case "transition":
		_, err := p.transition(text)
		return err
	case "restart":
		return p.restart()
	}
	_, refusal, err := p.command(text)
	if err == nil && refusal != nil {
		err = refusal
	}
	p.commit()
	return err
}

// heard is what comes of a command, briefly: a refusal, a replay, or its events.
func heard(receipt Receipt, refusal *Error) []string {
	switch {
	case refusal != nil:
		return []string{refusal.briefly()}
	case receipt.Replayed > 0:
		return []string{receipt.replays()}
	}
	var events []string
	for _, r := range receipt.Events {
		events = append(events, brief(r))
	}
	return events
}

func (r contractRow) checkStored(t *testing.T, p *play) {
	if len(r.stores) == 0 {
		return
	}
	if len(p.machine.Pending()) == 0 {
		t.Fatal("nothing was appended")
	}
	text := stored(p.machine.Pending()[len(p.machine.Pending())-1])
	for _, want := range r.stores {
		if !strings.Contains(text, want) {
			t.Errorf("stores %s\n   not %s", text, want)
		}
	}
}

// find gives the line that begins with the same word as want.
func find(all []string, want string) string {
	word, _, _ := strings.Cut(want, " ")
	for _, l := range all {
		if strings.HasPrefix(l, word+" ") {
			return l
		}
	}
	return ""
}

func lines(text string) []string {
	if text = trimmed(text); text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

func runContract(t *testing.T, rows []contractRow) {
	for _, r := range rows {
		name := r.says
		if r.of != "" {
			name += " [" + r.of + "]"
		}
		t.Run(name, r.run)
	}
}

// TestContractSection1 is contract §1, what the API's own document fixes. Not here, because only the HTTP layer can judge them, and tested there: the route and its 201;
// which request fields are required, and of which type; the keys of the answer; the permission. TestCatalog has the ten codes; which of them are active, TestContractSection23.
func TestContractSection1(t *testing.T) { runContract(t, section1) }

// everyField is a submission with all that can be sent.
const everyField = `submit r1 activity=u1 provider=ext-1 external=store-007 occurred=2025-01-16T15:30:00.1239+01:00 status=PENDING external_status=IN_ROUTE override ` +
	`contact=INBOUND operator=op-9 future=2025-01-17T09:00:00Z comment="call again" raw_payload=` + "`{ \"n\": 1.50, \"n\":1e3}` payload=`{\"z\":\"\\u0000\", \"a\":[]}`"

var section1 = []contractRow{
	{says: "PENDING no change", given: `create a1 provider=p1`, when: `submit r1 activity=a1 status=PENDING`,
		then: `ResultSubmitted r1 v1 PENDING RETEN_ACTIVITY of a1`, leaves: `a1 TASK READY v1 of t1, result r1`},
	{says: "COMPLETED → COMPLETED", given: `create a1`, when: `submit r1 activity=a1 status=COMPLETED`,
		then: `ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`,
		leaves: `a1 TASK COMPLETED v2 of t1, result r1`},
	{says: "NOT_EXECUTED → FAILED", given: `create a1`, when: `submit r1 activity=a1 status=NOT_EXECUTED code=not_home`,
		then: `ResultSubmitted r1 v1 NOT_EXECUTED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to FAILED by RESULT r1`,
		leaves: `a1 TASK FAILED v2 of t1, result r1`, stores: []string{`"result":"not_home"`}},
	{says: "CANCELED → CANCELED", given: `create a1`, when: `submit r1 activity=a1 status=CANCELED`,
		then: `ResultSubmitted r1 v1 CANCELED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to CANCELED by RESULT r1`,
		leaves: `a1 TASK CANCELED v2 of t1, result r1`},
	{says: "TRANSFERRED → COMPLETED", given: `create a1`, when: `submit r1 activity=a1 status=TRANSFERRED`,
		then: `ResultSubmitted r1 v1 TRANSFERRED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`,
		leaves: `a1 TASK COMPLETED v2 of t1, result r1`},

	{says: "Every status but PENDING is terminal.", of: "COMPLETED", given: `submit r1 provider=p1 status=COMPLETED`, when: `submit r2 provider=p1 status=PENDING`,
		then: `refused invalid_transition, existing r1 COMPLETED @1`},
	{says: "Every status but PENDING is terminal.", of: "NOT_EXECUTED", given: `submit r1 provider=p1 status=NOT_EXECUTED`, when: `submit r2 provider=p1 status=COMPLETED`,
		then: `refused invalid_transition, existing r1 NOT_EXECUTED @1`},
	{says: "Every status but PENDING is terminal.", of: "CANCELED", given: `submit r1 provider=p1 status=CANCELED`, when: `submit r2 provider=p1 status=TRANSFERRED`,
		then: `refused invalid_transition, existing r1 CANCELED @1`},
	{says: "Every status but PENDING is terminal.", of: "TRANSFERRED", given: `submit r1 provider=p1 status=TRANSFERRED`, when: `submit r2 provider=p1 status=NOT_EXECUTED`,
		then: `refused invalid_transition, existing r1 TRANSFERRED @1`},
	{says: "Every status but PENDING is terminal.", of: "and PENDING is not", given: `submit r1 provider=p1 status=PENDING`, when: `submit r2 provider=p1 status=NOT_EXECUTED`,
		then: `ResultSubmitted r1 v2 NOT_EXECUTED STANDALONE of -`},

	{says: "`RETEN_ACTIVITY`: the activity was found by `activity_id` (UUID) or `provider_activity_id`; its status is synced.", of: "by activity_id",
		given: `create a1`, when: `submit r1 activity=a1`,
		then: `ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`},
	{says: "`RETEN_ACTIVITY`: the activity was found by `activity_id` (UUID) or `provider_activity_id`; its status is synced.", of: "by provider_activity_id",
		given: `create a1 provider=p1`, when: `submit r1 provider=p1`,
		then: `ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`},
	{says: "`STANDALONE`: no activity matched; the result is created with a commerce reference.", given: `create a1 provider=p1`, when: `submit r1 provider=p2 external=store-009`,
		then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`, stores: []string{`"commerce_external_id":"store-009"`, `"source":"STANDALONE"`}},
	{says: "An unknown activity is never a 404.", when: `submit r1 activity=u1`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},
	{says: "An unknown activity is never a 404.", of: "under both ids", when: `submit r1 activity=u1 provider=p1`, then: `ResultSubmitted r1 v1 COMPLETED STANDALONE of -`},

	{says: "Request fields (snake_case)", of: "all of them are kept", when: everyField, then: `ResultSubmitted r1 v1 PENDING STANDALONE of -`, stores: []string{
		`"sent_activity_id":"dddddddd-0000-7000-8000-000000000001"`, `"provider_activity_id":"ext-1"`, `"commerce_external_id":"store-007"`, `"status":"PENDING"`,
		`"external_status":"IN_ROUTE"`, `"hard_override":true`, `"result":"success"`, `"contact_type":"INBOUND"`, `"future_scheduled_at":"2025-01-17T09:00:00.000Z"`,
		`"comment":"call again"`, `"operator_external_id":"op-9"`}},
	{says: "raw_payload object, stored as-is", when: everyField, then: `ResultSubmitted r1 v1 PENDING STANDALONE of -`,
		stores: []string{`"raw_payload":{ "n": 1.50, "n":1e3}`, `"payload":{"z":"\u0000", "a":[]}`}},
	{says: "Times are UTC, three fractional digits, `Z`.", when: everyField, then: `ResultSubmitted r1 v1 PENDING STANDALONE of -`,
		stores: []string{`"occurred_at":"2025-01-16T14:30:00.123Z"`, `"created_at":"2025-01-16T14:30:01.000Z"`}},
	{says: "(catalogue code)", when: `submit r1 code=succes`, then: `refused validation_failed`},

	{says: "**temporal** — reject if `occurred_at <= existingResult.updatedAt`, always", of: "equal", given: `submit r1 provider=p1 status=PENDING at=10`,
		when: `submit r2 provider=p1 occurred=10`, then: `refused stale_result, existing r1 PENDING @10`},
	{says: "**temporal** — reject if `occurred_at <= existingResult.updatedAt`, always", of: "earlier", given: `submit r1 provider=p1 status=PENDING at=10`,
		when: `submit r2 provider=p1 occurred=9.999`, then: `refused stale_result, existing r1 PENDING @10`},
	{says: "**temporal** — reject if `occurred_at <= existingResult.updatedAt`, always", of: "later by a millisecond", given: `submit r1 provider=p1 status=PENDING at=10`,
		when: `submit r2 provider=p1 occurred=10.001`, then: `ResultSubmitted r1 v2 COMPLETED STANDALONE of -`},
	{says: "**temporal** — reject if `occurred_at <= existingResult.updatedAt`, always", of: "with hard_override too", given: `submit r1 provider=p1 status=PENDING at=10`,
		when: `submit r2 provider=p1 occurred=10 override`, then: `refused stale_result, existing r1 PENDING @10`},
	{says: "Guards on an existing result", of: "a first one may have occurred whenever it did", given: `create a1 at=10`, when: `submit r1 activity=a1 occurred=-86400`,
		then: `ResultSubmitted r1 v1 COMPLETED RETEN_ACTIVITY of a1
			ActivityTransitioned a1 v2 READY to COMPLETED by RESULT r1`},
	{says: "**state transition** — the status machine, skipped by `hard_override: true`.", of: "not skipped", given: `submit r1 provider=p1`,
		when: `submit r2 provider=p1 status=CANCELED`, then: `refused invalid_transition, existing r1 COMPLETED @1`},
	{says: "**state transition** — the status machine, skipped by `hard_override: true`.", of: "skipped", given: `submit r1 provider=p1`,
		when: `submit r2 provider=p1 status=CANCELED override`, then: `ResultSubmitted r1 v2 CANCELED STANDALONE of - overridden`},
}
