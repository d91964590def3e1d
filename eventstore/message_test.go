package eventstore

import (
	"errors"
	"testing"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"resultlog/core"
)

// drawRow draws a row that need not make sense: the message carries columns, and understands none of them.
func drawRow(t *rapid.T) Row {
	id := func(name string) core.ID {
		return core.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
	}
	bytes := func(name string) []byte {
		return rapid.OneOf(rapid.Just([]byte(nil)), rapid.Just([]byte{}), rapid.SliceOfN(rapid.Byte(), 1, 300)).Draw(t, name)
	}
	return Row{Entry: core.Entry{
		Position: core.Position(rapid.Int64Min(0).Draw(t, "position")), TenantID: id("tenant"), TenantPosition: core.Position(rapid.Int64Min(0).Draw(t, "tenant position")),
		StreamID: id("stream"), Version: core.Version(rapid.Int32Min(0).Draw(t, "version")), EventID: id("event"), Type: rapid.String().Draw(t, "type"),
		SchemaVersion: int(rapid.Int32Min(0).Draw(t, "schema")), Data: bytes("data"), Personal: bytes("personal"), Metadata: bytes("metadata"),
		RecordedAt: core.Instant(rapid.Int64().Draw(t, "recorded at")),
	}}
}

func messageOf(rows ...Row) *message.Message {
	var batch batchPayload
	for i := range rows {
		batch.add(&rows[i])
	}
	return batch.message()
}

func rowsIn(m *message.Message) (rows []Row, err error) {
	for row, err := range rowsOf(m) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// A batch survives the message, and the copy that watermill makes of it when it is delivered again.
func TestMessageCarriesItsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(drawRow), 1, 5).Draw(t, "rows")
		got, err := rowsIn(messageOf(rows...).Copy())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A payload that ends anywhere but between two rows is refused: nothing is read that was not written.
func TestMessageCutOffAnywhereIsRefused(t *testing.T) {
	row := Row{Entry: core.Entry{Position: 7, Type: "ResultSubmitted", Data: []byte("{}"), Personal: []byte("p"), Metadata: []byte("{}")}}
	m := messageOf(row, row)
	whole := m.Payload
	for n := 1; n < len(whole); n++ {
		m.Payload = whole[:n]
		if _, err := rowsIn(m); n != len(whole)/2 && !errors.Is(err, errCutOff) {
			t.Fatalf("%d of %d bytes: error %v, want %v", n, len(whole), err, errCutOff)
		}
	}
}

// One event that cannot be decoded is told from its neighbours, and its place is known.
func TestMessageEventsTellsThePoisonFromItsBatch(t *testing.T) {
	good := core.Recorded{
		Position: 1, TenantPosition: 1, Stream: core.Stream{Tenant: core.ID{1}, ID: core.ID{2}}, Version: 1, EventID: core.ID{3}, RecordedAt: 4,
		Event: core.ResultLinked{ResultID: core.ID{2}, ActivityID: core.ID{5}, ProviderActivityID: "p"},
	}
	poison, unknown := ToRow(good), ToRow(good)
	poison.Position, poison.Data = 2, []byte(`{"result_id":`)
	unknown.Position, unknown.Type = 3, "ResultPraised"

	var got []core.Recorded
	var failed []error
	for r, err := range MessageEvents(messageOf(ToRow(good), poison, unknown)) {
		got, failed = append(got, r), append(failed, err)
	}
	place := good
	place.Event = nil
	want := []core.Recorded{good, place, place}
	want[1].Position, want[2].Position = 2, 3
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
	if failed[0] != nil || failed[1] == nil || errors.Is(failed[1], core.ErrUnknownEvent) || !errors.Is(failed[2], core.ErrUnknownEvent) {
		t.Fatalf("errors %v", failed)
	}
}
