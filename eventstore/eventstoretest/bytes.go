package eventstoretest

import (
	"bytes"
	"strings"
	"testing"

	"resultlog/core"
)

// oddities is a submission with everything that a store could be tempted to tidy up.
func (n *node) oddities(tenant core.ID, payload string) core.Command {
	c := n.submission(tenant)
	c.Metadata = core.Metadata{
		Actor: core.Actor{Subject: "O'Hara \"ñandú\" \U0001F600", Role: "FDE"}, RequestID: "r-1", Traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Idempotency: core.Idempotency{Key: "k'; DROP TABLE events; -- \t\u2028" + c.EventID.String(), Endpoint: "POST /api/activity-results/tasks", Body: core.Digest{1, 2, 255}},
	}
	s := c.Intent.(core.SubmitResult)
	s.CommerceExternalID, s.ExternalStatus = "tienda-ñ \u00a0\ufeff", "\\u0000 \x7f \u0001"
	s.Personal = core.Personal{
		Salt: [16]byte{1, 2, 3}, Comment: "línea 1\r\nlínea 2\x00end", OperatorExternalID: "op-\U0001F469\u200d\U0001F680",
		RawPayload: []byte(`{ "b" : 1.50, "a":1e0,` + "\n\t" + `"b":2, "nul":"\u0000", "pair":"\ud83d\ude00", "lone":"\ud800", "slash":"\/", "big":123456789012345678901234567890 }`),
		Payload:    []byte(payload),
	}.Seal()
	c.Intent = s
	return c
}

func bytesInBytesOut(t *testing.T, b *bench) {
	n := b.node(t)
	const largest = 256 << 10 // contract §2.3: a body's limit
	events := n.mustSubmit(t, n.submission(tenant(1)), n.oddities(tenant(2), `{}`), n.oddities(tenant(1), `{"x":"`+strings.Repeat("ñ", (largest-8)/2)+`"}`)).appended
	mustHold(t, b.open(t), events)
	for r, err := range n.log.ReadStream(t.Context(), events[1].Stream, 0) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		sent, got := events[1].Event.(core.ResultSubmitted), r.Event.(core.ResultSubmitted)
		if !bytes.Equal(got.Personal.Bytes, sent.Personal.Bytes) || got.CommerceExternalID != sent.CommerceExternalID || r.Metadata != events[1].Metadata {
			t.Errorf("got %+v, want %+v", r, events[1])
		}
	}
}

func durable(t *testing.T, b *bench) {
	if !b.Durable {
		t.Skip("this log ends with its handle")
	}
	n := b.node(t)
	events := n.mustSubmit(t, n.oddities(tenant(1), `{ }`), n.submission(tenant(2))).appended
	if err := n.log.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	again := b.node(t)
	mustHold(t, again.log, events)
	if done := again.mustSubmit(t, again.submission(tenant(2))); len(done.missed) != len(events) || done.appended[0].Position != 3 || done.appended[0].TenantPosition != 2 {
		t.Errorf("after reopening, missed %d and appended %+v", len(done.missed), done.appended)
	}
}

func appendOnly(t *testing.T, b *bench) {
	if b.Exec == nil {
		t.Skip("nothing but this program can write to this log")
	}
	n := b.node(t)
	events := n.mustSubmit(t, n.oddities(tenant(1), `{}`), n.submission(tenant(1))).appended
	for _, statement := range []string{
		`DELETE FROM events`,
		`DELETE FROM events WHERE position = 2`,
		`UPDATE events SET data = '{}'`,
		`UPDATE events SET metadata = '{}', personal = NULL`,
		`UPDATE events SET recorded_at = recorded_at + 1, personal = NULL`,
		`UPDATE events SET version = version + 1, personal = NULL`,
		`UPDATE events SET position = 3 WHERE position = 2`,
		`UPDATE events SET type = 'ResultLinked', personal = NULL`,
		`UPDATE events SET personal = event_id`,
		`UPDATE events SET slim = NULL, personal = NULL`,
		`UPDATE events SET schema_version = 2, personal = NULL`,
		`UPDATE events SET event_id = stream_id, personal = NULL`,
		`UPDATE events SET tenant_position = tenant_position + 1, personal = NULL`,
	} {
		if err := b.Exec(t, statement); err == nil {
			t.Errorf("%s was let through", statement)
		}
		mustHold(t, n.log, events)
	}

	// Erasing a person is the one change: what was personal is gone, and its digest stays.
	if err := b.Exec(t, `UPDATE events SET personal = NULL`); err != nil {
		t.Fatalf("erase: %v", err)
	}
	erased := events[0].Event.(core.ResultSubmitted)
	erased.Personal.Bytes = nil
	if !erased.Personal.Erased() {
		t.Fatal("the event had nothing personal")
	}
	events[0].Event = erased
	mustHold(t, n.log, events)
}
