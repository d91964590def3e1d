package audit_test

import (
	"bytes"
	"slices"

	"pgregory.net/rapid"

	"resultlog/core"
	"resultlog/eventstore"
)

// tampering changes a log, given in order, at one place; nil if it cannot there.
type tampering struct {
	name   string
	change func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row
}

// row is a tampering of one row, by its columns.
func row(name string, change func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row)) tampering {
	return tampering{name, func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		change(t, &rows[i], rows)
		return inPlace(rows)
	}}
}

// inPlace orders rows by position, as reading a log does.
func inPlace(rows []eventstore.Row) []eventstore.Row {
	slices.SortStableFunc(rows, func(a, b eventstore.Row) int { return int(a.Position - b.Position) })
	return rows
}

var stranger = id(1 << 40)

// tamperings are all that are tried. Bytes are never changed in place: rows share them.
var tamperings = []tampering{
	row("position", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.Position = core.Position(len(rows) + draw(t, "beyond", 1, 3))
	}),
	{"positions of neighbours", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		if i+1 == len(rows) {
			return nil
		}
		rows[i].Position, rows[i+1].Position = rows[i+1].Position, rows[i].Position
		return inPlace(rows)
	}},
	row("tenant_id", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.TenantID = pick(t, "of", append([]core.ID{stranger}, ids(rows, func(r eventstore.Row) core.ID { return r.TenantID })...))
	}),
	row("tenant_position", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.TenantPosition = max(1, row.TenantPosition+core.Position(draw(t, "by", -5, 5)))
	}),
	row("stream_id", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.StreamID = pick(t, "of", append([]core.ID{stranger}, ids(rows, func(r eventstore.Row) core.ID { return r.StreamID })...))
	}),
	row("version", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.Version = max(1, row.Version+core.Version(draw(t, "by", -2, 2)))
	}),
	row("event_id", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.EventID[draw(t, "byte", 0, 15)] ^= byte(1 << draw(t, "bit", 0, 7))
	}),
	row("type", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.Type = pick(t, "type", []string{"ActivityCreated", "ResultSubmitted", "ActivityTransitioned", "ResultLinked", "APIKeyRevoked", "Unknown", ""})
	}),
	row("schema_version", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.SchemaVersion = draw(t, "schema", 1, 3)
	}),
	row("data", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) { row.Data = spoil(t, row.Data) }),
	row("a text in data", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		for _, text := range [][2]string{
			{`"commerce_external_id":"store-`, `"commerce_external_id":"shop-`}, {`"external_status":"MOVED"`, `"external_status":"LOST"`}, {`"reason":"visit `, `"reason":"visited `},
			{`"name":"field app"`, `"name":"office app"`}, {`"status":"COMPLETED"`, `"status":"PENDING"`}, {`"to":"COMPLETED"`, `"to":"FAILED"`}, {`"hard_override":true,`, ``},
			{`"is_active":true`, `"is_active":false`}, {`"provider_activity_id":"p-`, `"provider_activity_id":"q-`},
		} {
			if draw(t, "skip", 0, 3) > 0 {
				row.Data = bytes.Replace(row.Data, []byte(text[0]), []byte(text[1]), 1)
			}
		}
	}),
	row("data, its meaning the same", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.Data = bytes.Replace(row.Data, []byte(`,`), []byte(`, `), 1)
	}),
	row("personal", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) { row.Personal = spoil(t, row.Personal) }),
	row("personal of another", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.Personal = pick(t, "of", rows).Personal
	}),
	row("personal erased", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) { row.Personal = nil }),
	row("metadata", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) { row.Metadata = spoil(t, row.Metadata) }),
	row("who did it", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.Metadata = bytes.Replace(row.Metadata, []byte(`somebody`), []byte(`nobody`), 1)
	}),
	row("the request", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.Metadata = bytes.Replace(row.Metadata, []byte(`"request_id":"request-`), []byte(`"request_id":"question-`), 1)
	}),
	row("slim", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) { row.Slim = spoil(t, row.Slim) }),
	row("no slim", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) { row.Slim = nil }),
	row("slim of another", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) { row.Slim = pick(t, "of", rows).Slim }),
	row("recorded_at", func(t *rapid.T, row *eventstore.Row, rows []eventstore.Row) {
		row.RecordedAt += core.Instant(draw(t, "by", -20_000, 20_000))
	}),
	{"deleted", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		return renumber(t, slices.Delete(rows, i, i+1))
	}},
	{"a commit deleted", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		end := i + 1
		for end < len(rows) && bytes.Contains(rows[end].Metadata, []byte(`"causation_id":"`+rows[end-1].EventID.String())) {
			end++
		}
		return renumber(t, slices.Delete(rows, i, end))
	}},
	{"copied", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		copied := pick(t, "of", rows)
		if draw(t, "id", 0, 1) == 1 {
			copied.EventID = stranger
		}
		return renumber(t, putIn(rows, i, copied))
	}},
	{"invented", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		return renumber(t, putIn(rows, i, invented(pick(t, "of", rows).TenantID, rows[i].RecordedAt)))
	}},
	{"swapped", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		j := draw(t, "with", 0, len(rows)-1)
		rows[i], rows[j] = rows[j], rows[i]
		rows[i].Position, rows[j].Position = rows[j].Position, rows[i].Position
		return renumber(t, rows)
	}},
	{"moved", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		moved := rows[i]
		return renumber(t, putIn(slices.Delete(rows, i, i+1), draw(t, "to", 0, len(rows)-1), moved))
	}},
	{"given to another tenant", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		rows[i].TenantID = pick(t, "to", rows).TenantID
		return renumber(t, rows)
	}},
	{"truncated", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row { return rows[:i] }},
	{"a tenant forgotten", func(t *rapid.T, rows []eventstore.Row, i int) []eventstore.Row {
		tenant := rows[i].TenantID
		return renumber(t, slices.DeleteFunc(rows, func(r eventstore.Row) bool { return r.TenantID == tenant }))
	}},
}

func ids(rows []eventstore.Row, of func(eventstore.Row) core.ID) (all []core.ID) {
	for _, row := range rows {
		all = append(all, of(row))
	}
	return all
}

func pick[T any](t *rapid.T, what string, of []T) T { return of[draw(t, what, 0, len(of)-1)] }

// draw gives a number of a range, each about as often; rapid's own ranges prefer what is small.
func draw(t *rapid.T, what string, from, to int) int {
	n := 0
	for range 12 {
		n *= 2
		if rapid.Bool().Draw(t, what) {
			n++
		}
	}
	return from + n%(to-from+1)
}

// putIn puts a row in before the i-th. Positions are the table's key: they are made anew in any case.
func putIn(rows []eventstore.Row, i int, row eventstore.Row) []eventstore.Row {
	rows = slices.Insert(rows, i, row)
	for j := range rows {
		rows[j].Position = core.Position(j + 1)
	}
	return rows
}

// renumber gives rows the places in which they stand, all of them or only some: positions, tenant positions, versions.
func renumber(t *rapid.T, rows []eventstore.Row) []eventstore.Row {
	how := draw(t, "renumbered", 0, 7)
	if how < 4 {
		how = 7 // all of them, as who knows what is looked at does
	} else {
		how -= 4
	}
	tenants, streams := map[core.ID]core.Position{}, map[core.Stream]core.Version{}
	for i := range rows {
		r := &rows[i]
		tenants[r.TenantID]++
		streams[core.Stream{Tenant: r.TenantID, ID: r.StreamID}]++
		if how&1 != 0 {
			r.Position = core.Position(i + 1)
		}
		if how&2 != 0 {
			r.TenantPosition = tenants[r.TenantID]
		}
		if how&4 != 0 {
			r.Version = streams[core.Stream{Tenant: r.TenantID, ID: r.StreamID}]
		}
	}
	return inPlace(rows)
}

// invented is a result that nobody sent.
func invented(tenant core.ID, at core.Instant) eventstore.Row {
	result := id(1<<41 | 1<<8)
	return eventstore.ToRow(core.Recorded{
		TenantPosition: 1, Stream: core.Stream{Tenant: tenant, ID: result}, Version: 1, EventID: id(1<<41 | 2<<8), RecordedAt: at, Metadata: core.Metadata{Actor: core.Actor{Subject: "nobody", Role: "FDE"}},
		Event: core.ResultSubmitted{ResultID: result, Source: core.Standalone, CreatedAt: at, Submission: core.Submission{
			CommerceExternalID: "nowhere", OccurredAt: at, Status: core.ResultCompleted, Result: "success",
		}},
	})
}

// spoil changes bytes, text that it leaves text.
func spoil(t *rapid.T, b []byte) []byte {
	b = slices.Clone(b)
	switch at := draw(t, "byte", 0, max(0, len(b)-1)); {
	case len(b) == 0 || draw(t, "how", 0, 3) == 0:
		return append(b, "{}"...)
	case draw(t, "cut", 0, 3) == 0:
		return b[:at]
	default:
		b[at] = b[at]&0x7f ^ 1
		if b[at] == 0 {
			b[at] = 2
		}
		return b
	}
}

// slimToo gives the rows that were changed the slim encodings of what they say now.
func slimToo(honest, rows []eventstore.Row) []eventstore.Row {
	were := map[core.Position]eventstore.Row{}
	for _, row := range honest {
		were[row.Position] = row
	}
	for i := range rows {
		was := were[rows[i].Position]
		if bytes.Equal(was.Data, rows[i].Data) && bytes.Equal(was.Metadata, rows[i].Metadata) && was.Type == rows[i].Type && was.TenantID == rows[i].TenantID {
			continue
		}
		if r, err := rows[i].Entry.Recorded(); err == nil {
			rows[i].Slim = core.EncodeSlim(r)
		}
	}
	return rows
}
