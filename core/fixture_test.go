package core

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const fixtureDir = "testdata/events"

// fixture is an event as some log may hold it: <Type>.v<schema>[.<variant>].json is its data, the same with .personal.json its personal part.
type fixture struct {
	name  string // <Type>.v<schema>[.<variant>]
	event Event
}

var (
	fixtureResult   = mustID("770e8400-e29b-41d4-a716-446655440000")
	fixtureActivity = mustID("ee0e8400-e29b-41d4-a716-446655440000")
	fixtureKey      = mustID("0194a3f0-5d2e-7c11-9a40-3f1be8d2c6a7")
	fixtureOther    = mustID("01890a5d-ac96-774b-bcce-b302099a8057")
	fixtureSalt     = [16]byte{0xb8, 0x1d, 0x0f, 0x5a, 0x4e, 0x77, 0x93, 0x2c, 0x61, 0xee, 0x0a, 0xd4, 0x38, 0x5f, 0xc2, 0x19}
)

// fixtures must decode for ever. A new schema or field adds one; none is ever changed: there are logs that hold it.
func fixtures() []fixture {
	score, future := 0.25, start+86_400_000
	return []fixture{
		{"ActivityCreated.v1", ActivityCreated{fixtureActivity, ActivityDetails{
			ActivityType: Task, Reason: "Reposición \"café\" <b>", Channel: "SALESMAN", CommerceID: fixtureOther, IdempotencyKey: "route-7/2025-01-16/3", ScheduledAt: start,
			CommerceExternalID: "store-001", ProviderActivityID: "ext-123", SuggestedExecutionTime: "morning", UserStatus: "ACTIVE", Score: &score,
			AssignmentReason: "nearest", AssignedRouteID: fixedID('o', 1), AssignedOperatorID: fixedID('o', 2),
		}}},
		{"ActivityCreated.v1.minimal", ActivityCreated{fixtureActivity, ActivityDetails{
			ActivityType: Message, Reason: "welcome", Channel: "WHATSAPP", CommerceID: fixtureOther, IdempotencyKey: "k", ScheduledAt: start,
		}}},
		{"ResultSubmitted.v1", ResultSubmitted{ // the documented example
			ResultID: fixtureResult, Source: RetenActivity, ActivityID: fixtureActivity, CreatedAt: start + 5000,
			Submission: Submission{
				ProviderActivityID: "ext-123", CommerceExternalID: "store-001", OccurredAt: start, Status: ResultCompleted, Result: "success", ContactType: "OUTBOUND",
				Personal: Personal{Salt: fixtureSalt, Comment: "Order placed successfully"}.Seal(),
			},
		}},
		{"ResultSubmitted.v1.full", ResultSubmitted{
			ResultID: fixtureResult, Source: RetenActivity, ActivityID: fixtureActivity, CreatedAt: start - 1, Overridden: true,
			Submission: Submission{
				SentActivityID: fixtureActivity, ProviderActivityID: "ext-\u0000\u2028<&>é", CommerceExternalID: "tienda \"ñ\"", OccurredAt: start + 999, Status: ResultTransferred,
				ExternalStatus: "MOVED", HardOverride: true, Result: "callback_requested", ContactType: "INBOUND", FutureScheduledAt: &future,
				Personal: Personal{
					Salt: fixtureSalt, Comment: "call back <after> 5 \u2028pm", OperatorExternalID: "op-9",
					RawPayload: []byte("{ \"n\": 1.50,\n  \"n\": 1e+03, \"big\": 123456789012345678901234567890, \"z\": \"\\u0000\\/<\" }"), Payload: []byte(`{}`),
				}.Seal(),
			},
		}},
		{"ResultSubmitted.v1.minimal", ResultSubmitted{
			ResultID: fixtureResult, Source: Standalone, CreatedAt: start,
			Submission: Submission{CommerceExternalID: "s", OccurredAt: start - 86_400_000, Status: ResultPending, Result: "other"},
		}},
		{"ResultSubmitted.v1.erased", ResultSubmitted{
			ResultID: fixtureResult, Source: Standalone, CreatedAt: start,
			Submission: Submission{
				SentActivityID: fixtureOther, CommerceExternalID: "store-001", OccurredAt: start, Status: ResultNotExecuted, Result: "not_home",
				Personal: Sealed{SHA256: Personal{Salt: fixtureSalt, Comment: "gone"}.Seal().SHA256},
			},
		}},
		{"ActivityTransitioned.v1", ActivityTransitioned{
			ActivityID: fixtureActivity, From: ActivityReady, To: ActivityCompleted, Reason: ByResult, ResultID: fixtureResult, Result: "success",
		}},
		{"ActivityTransitioned.v1.overridden", ActivityTransitioned{
			ActivityID: fixtureActivity, From: ActivityCanceled, To: ActivityFailed, Reason: ByResult, ResultID: fixtureResult, Result: "not_home", Overridden: true,
		}},
		{"ActivityTransitioned.v1.linked", ActivityTransitioned{
			ActivityID: fixtureActivity, From: ActivityReady, To: ActivityCanceled, Reason: ByLink, ResultID: fixtureResult, Result: "no_interest",
		}},
		{"ActivityTransitioned.v1.minimal", ActivityTransitioned{ActivityID: fixtureActivity, From: ActivityDispatched, To: ActivityCanceled, Reason: "CANCELED"}},
		{"ActivityTransitioned.v2", ActivityTransitioned{
			ActivityID: fixtureActivity, From: ActivityReady, To: ActivityDispatched, Reason: ByDispatch, ProviderActivityID: "ext-\"ñ\"/123",
		}},
		{"ActivityTransitioned.v2.minimal", ActivityTransitioned{ActivityID: fixtureActivity, From: ActivityReady, To: ActivityDispatched, Reason: ByDispatch}},
		{"ActivityTransitioned.v2.canceled", ActivityTransitioned{ // its PENDING result stays what it is
			ActivityID: fixtureActivity, From: ActivityDispatched, To: ActivityCanceled, Reason: ByCancel, ResultID: fixtureResult,
		}},
		{"ResultLinked.v1", ResultLinked{ResultID: fixtureResult, ActivityID: fixtureActivity, ProviderActivityID: "ext-123"}},
		{"PersonalErased.v1", PersonalErased{ResultID: fixtureResult}},
		{"ResultTypeConfigured.v1", ResultTypeConfigured{fixtureOther, ResultTypeSetting{Code: 2, Active: true, Classification: Negative}}},
		{"ResultTypeConfigured.v1.minimal", ResultTypeConfigured{fixtureOther, ResultTypeSetting{Code: 10}}},
		{"APIKeyIssued.v1", APIKeyIssued{fixtureOther, fixtureKey, APIKeyDetails{
			Name: "field app \"norte\"", Prefix: "rtn_sk_Xa91cd", Digest: Digest{0: 0xab, 31: 1}, Permissions: ViewActivities | CreateActivities, ExpiresAt: &future,
		}}},
		{"APIKeyIssued.v1.minimal", APIKeyIssued{fixtureOther, fixtureKey, APIKeyDetails{
			Name: "auditor", Prefix: "rtn_sk_000000", Digest: Digest{31: 1}, Permissions: ViewEvents,
		}}},
		{"APIKeyRevoked.v1", APIKeyRevoked{fixtureOther, fixtureKey, 3}},
	}
}

// TestFixtures: what is stored decodes to what was meant, for ever; and as long as its schema is the newest, is written the same, byte for byte.
func TestFixtures(t *testing.T) {
	known := map[string]bool{}
	for _, f := range fixtures() {
		eventType, schema := f.kind()
		if schema < 1 || schema > newest(eventType) {
			t.Fatalf("%s: not a schema that there is", f.name)
		}
		known[f.name+".json"] = true
		known[f.name+".personal.json"] = Encode(f.event).Personal != nil
		t.Run(f.name, func(t *testing.T) {
			stored := Encoded{Type: eventType, Schema: schema, Data: f.read(t, ".json"), Personal: f.read(t, ".personal.json")}
			event, err := Decode(stored)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f.event, event); diff != "" {
				t.Errorf("decoded (-meant +got):\n%s", diff)
			}
			if newest(eventType) != schema {
				return
			}
			if diff := cmp.Diff(stored, Encode(event)); diff != "" {
				t.Errorf("written again (-stored +got):\n%s", diff)
			}
		})
	}
	files, err := os.ReadDir(fixtureDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !known[file.Name()] {
			t.Errorf("%s is no fixture that this test knows", file.Name())
		}
	}
	for eventType, chain := range upcasters {
		for schema := range len(chain) + 1 {
			if name := eventType + ".v" + string(rune('1'+schema)); !known[name+".json"] {
				t.Errorf("%s has no fixture", name)
			}
		}
	}
}

func (f fixture) kind() (eventType string, schema int) {
	eventType, version, _ := strings.Cut(f.name, ".v")
	return eventType, int(version[0] - '0')
}

// read gives a fixture's file; nil if it has none, as an event without a personal part has none of that. With -rewrite it writes one that is new, but never changes one.
func (f fixture) read(t *testing.T, suffix string) []byte {
	t.Helper()
	name := filepath.Join(fixtureDir, f.name+suffix)
	data, err := os.ReadFile(name)
	if !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	e := Encode(f.event)
	if data = e.Data; suffix == ".personal.json" {
		data = e.Personal
	}
	if data == nil {
		return nil
	}
	if !*rewrite {
		t.Fatalf("%v: run with -rewrite to make a new fixture", err)
	}
	if err := errors.Join(os.MkdirAll(fixtureDir, 0o755), os.WriteFile(name, data, 0o644)); err != nil {
		t.Fatal(err)
	}
	return data
}

// everyMetadata has all that metadata can have.
var everyMetadata = Metadata{
	Actor: Actor{Subject: "integration", Role: "FDE", Key: "rtn_sk_ab"}, RequestID: "req-1", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	Idempotency: Idempotency{Key: "k", Endpoint: "POST /api/activity-results/tasks", Body: Digest{1}}, CausationID: fixtureOther,
}

// catalogue is the one document that lists every event, its fields and its examples.
const catalogue = "../docs/events.md"

// TestCatalogueOfEvents: the examples of docs/events.md are the fixtures, and it names every event, field and example that there is. An example is marked by a line
// <!-- testdata/events/NAME -->, and stands indented, as a person reads it, in the fence after it.
func TestCatalogueOfEvents(t *testing.T) {
	doc, err := os.ReadFile(catalogue)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, part := range bytes.Split(doc, []byte("<!-- testdata/"))[1:] {
		name, rest, _ := bytes.Cut(part, []byte(" -->\n```json\n"))
		example, _, ok := bytes.Cut(rest, []byte("\n```\n"))
		data, err := os.ReadFile(filepath.Join("testdata", string(name)))
		if err != nil || !ok {
			t.Errorf("example %s: %v, fenced: %v", name, err, ok)
			continue
		}
		shown[filepath.Base(string(name))] = true
		if diff := cmp.Diff(indented(t, data), string(example)); diff != "" {
			t.Errorf("example %s (-fixture +document):\n%s", name, diff)
		}
	}
	for _, f := range fixtures() {
		eventType, _ := f.kind()
		section := sectionOf(doc, eventType)
		if section == nil {
			t.Errorf("%s is not in %s", eventType, catalogue)
		}
		for _, key := range keys(t, f.read(t, ".json")) {
			if !bytes.Contains(section, []byte("| `"+key+"` |")) {
				t.Errorf("%s: the field %s is not in the section %s of %s", f.name, key, eventType, catalogue)
			}
		}
	}
	for eventType := range upcasters {
		if name := fmt.Sprintf("%s.v%d.json", eventType, newest(eventType)); !shown[name] {
			t.Errorf("%s has no example in %s: %s", eventType, catalogue, name)
		}
	}
	for _, key := range keys(t, EncodeMetadata(everyMetadata)) {
		if !bytes.Contains(sectionOf(doc, "Metadata"), []byte("| `"+key+"` |")) {
			t.Errorf("metadata: the field %s is not in %s", key, catalogue)
		}
	}
	for _, reason := range []Reason{ByDispatch, ByResult, ByLink, ByCancel} {
		if !bytes.Contains(sectionOf(doc, "ActivityTransitioned"), []byte("| "+string(reason)+" |")) {
			t.Errorf("the reason %s is not in %s", reason, catalogue)
		}
	}
}

// sectionOf is what stands under a heading.
func sectionOf(doc []byte, heading string) []byte {
	_, section, _ := bytes.Cut(doc, []byte("\n## "+heading+"\n"))
	section, _, _ = bytes.Cut(section, []byte("\n## "))
	return section
}
