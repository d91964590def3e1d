package eventstore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
)

// rowID gives a fixed id.
func rowID(n byte) core.ID { return core.ID{0: 1, 6: 0x70, 8: 0x80, 15: n} }

// everyEvent has each type of event with every field set, and with as few as there can be.
func everyEvent() map[string]core.Event {
	at, score := core.Instant(1_737_038_205_123), 0.5
	return map[string]core.Event{
		"ActivityCreated": core.ActivityCreated{ActivityID: rowID(1), ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, Reason: "visit", Channel: "SALESMAN", CommerceID: rowID(2), IdempotencyKey: "k-1", ScheduledAt: at, CommerceExternalID: "store-001",
			ProviderActivityID: "ext-123", SuggestedExecutionTime: "mañana", UserStatus: "new", Score: &score, AssignmentReason: "near", AssignedRouteID: rowID(3), AssignedOperatorID: rowID(4),
		}},
		"ActivityCreated, least": core.ActivityCreated{ActivityID: rowID(1), ActivityDetails: core.ActivityDetails{
			ActivityType: core.Message, Reason: "r", Channel: "SMS", CommerceID: rowID(2), IdempotencyKey: "k", ScheduledAt: at,
		}},
		"ResultSubmitted": core.ResultSubmitted{ResultID: rowID(1), Source: core.RetenActivity, ActivityID: rowID(2), CreatedAt: at, Overridden: true, Submission: core.Submission{
			SentActivityID: rowID(3), ProviderActivityID: "ext-123", CommerceExternalID: "store-001", OccurredAt: at - 1, Status: core.ResultCompleted, ExternalStatus: "done", HardOverride: true,
			Result: "success", ContactType: "OUTBOUND", FutureScheduledAt: &at,
			Personal: core.Personal{Salt: [16]byte{7}, Comment: "línea\n\"1\"", OperatorExternalID: "op", RawPayload: []byte(`{ "a":"\u0000" }`), Payload: []byte(`{}`)}.Seal(),
		}},
		"ResultSubmitted, least": core.ResultSubmitted{ResultID: rowID(1), Source: core.Standalone, CreatedAt: at, Submission: core.Submission{
			CommerceExternalID: "s", OccurredAt: at, Status: core.ResultPending, Result: "other",
		}},
		"ActivityTransitioned": core.ActivityTransitioned{
			ActivityID: rowID(1), From: core.ActivityReady, To: core.ActivityCompleted, Reason: core.ByResult, ResultID: rowID(2), Result: "success", Overridden: true, ProviderActivityID: "ext-123"},
		"ResultLinked":   core.ResultLinked{ResultID: rowID(1), ActivityID: rowID(2), ProviderActivityID: "ext-123"},
		"PersonalErased": core.PersonalErased{ResultID: rowID(1)},
	}
}

func recorded(e core.Event) core.Recorded {
	return core.Recorded{
		Position: 1 << 40, TenantPosition: 7, Stream: core.Stream{Tenant: rowID(9), ID: e.StreamID()}, Version: 3, EventID: rowID(8), RecordedAt: 1_737_038_205_999,
		Metadata: core.Metadata{
			Actor: core.Actor{Subject: "u-1", Role: "FDE", Key: "rtn"}, RequestID: "r-1", Traceparent: "00-x",
			Idempotency: core.Idempotency{Key: "ñ\"", Endpoint: "POST /x", Body: core.Digest{7}}, CausationID: rowID(7),
		},
		Event: e,
	}
}

func TestRowKeepsEveryEvent(t *testing.T) {
	for name, e := range everyEvent() {
		want := recorded(e)
		row := eventstore.ToRow(want)
		got, err := row.Recorded()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(row, eventstore.ToRow(got)); diff != "" {
			t.Errorf("%s, encoded once more (-want +got):\n%s", name, diff)
		}
	}
}

func TestRowOfAnErasedPersonKeepsItsDigest(t *testing.T) {
	row := eventstore.ToRow(recorded(everyEvent()["ResultSubmitted"]))
	row.Personal = nil
	got, err := row.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	sealed := got.Event.(core.ResultSubmitted).Personal
	if want := everyEvent()["ResultSubmitted"].(core.ResultSubmitted).Personal.SHA256; !sealed.Erased() || sealed.SHA256 != want {
		t.Errorf("got %+v, want the digest %x alone", sealed, want)
	}
}

func TestRowThatCannotBeDecodedSaysWhere(t *testing.T) {
	for name, spoil := range map[string]func(*eventstore.Row){
		"an unknown type":   func(row *eventstore.Row) { row.Type = "ResultForeseen" },
		"an unknown schema": func(row *eventstore.Row) { row.SchemaVersion = 99 },
		"broken data":       func(row *eventstore.Row) { row.Data = row.Data[1:] },
		"broken metadata":   func(row *eventstore.Row) { row.Metadata = row.Metadata[1:] },
	} {
		row := eventstore.ToRow(recorded(everyEvent()["ResultLinked"]))
		spoil(&row)
		_, err := row.Recorded()
		if err == nil || !strings.Contains(err.Error(), "position 1099511627776") {
			t.Errorf("%s: got error %v, want one that names the position", name, err)
		}
		if unknown := strings.Contains(name, "unknown"); errors.Is(err, core.ErrUnknownEvent) != unknown {
			t.Errorf("%s: got error %v", name, err)
		}
	}
}

// What is wrong with a row of which the position is known is that row's: it is an ErrUnreadable that names it. What keeps rows from being read at all is not.
func TestARowSaysWhichCannotBeRead(t *testing.T) {
	scan := errors.New("not a UUID")
	for _, test := range []struct {
		name     string
		position core.Position
		version  int64
		err      error
		broken   bool
	}{
		{"a row", 7, 3, nil, false},
		{"the largest version", 7, 1<<31 - 1, nil, false},
		{"a version beyond it, which would be 3 if it were cut", 7, 3 + 1<<32, nil, true},
		{"a column that is none", 7, 3, scan, true},
		{"no row at all", 0, 0, scan, false},
	} {
		row := eventstore.Row{Entry: core.Entry{Position: test.position}}
		err := row.Scanned(test.version, test.err)
		var broken *eventstore.RowError
		if errors.As(err, &broken) != test.broken || errors.Is(err, eventstore.ErrUnreadable) != test.broken || test.err != nil && !errors.Is(err, test.err) || (err == nil) != (test.err == nil && !test.broken) {
			t.Errorf("%s: error %v", test.name, err)
		}
		if test.broken && (broken.Position != 7 || !strings.Contains(err.Error(), "position 7")) {
			t.Errorf("%s: error %v does not name position 7", test.name, err)
		}
		if !test.broken && test.err == nil && row.Version != core.Version(test.version) {
			t.Errorf("%s: version %d", test.name, row.Version)
		}
	}
}
