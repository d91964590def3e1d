package projections_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
)

// BenchmarkIndexes is what each index costs: rows are added to a table that has no index but its key's, to one that has that index too, and to one that has all. It says what a row
// costs, so that what an index costs is the difference. With -benchtime 200x the tables grow to 100,000 rows, and indexes that no order of arrival helps are no longer all in the cache.
func BenchmarkIndexes(b *testing.B) {
	for table, batch := range map[string]func(*world, *rand.Rand) []core.Recorded{"results": newResults, "activities": newActivities} {
		for _, index := range append([]string{"none"}, append(sqliteWorld(b).indexes(table), "all")...) {
			b.Run(table+"/"+index, func(b *testing.B) {
				w := sqliteWorld(b)
				for _, name := range w.indexes(table) {
					if name != index && index != "all" {
						w.exec("DROP INDEX " + name)
					}
				}
				r := rand.New(rand.NewPCG(72, 1))
				rows := 0
				for b.Loop() {
					events := batch(w, r)
					w.project(events)
					rows += len(events)
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(rows), "µs/row")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func (w *world) exec(statement string, args ...any) {
	w.t.Helper()
	if _, err := w.tables.Write.Exec(statement, args...); err != nil {
		w.t.Fatal(err)
	}
}

// indexes lists those of a table that are not its key's.
func (w *world) indexes(table string) []string {
	w.t.Helper()
	var names string
	w.scan(w.tables, &names, `SELECT group_concat(name, ' ') FROM sqlite_schema WHERE type = 'index' AND tbl_name = $1 AND sql IS NOT NULL`, table)
	return strings.Fields(names)
}

// delivered is how many rows a full delivery may bring.
const delivered = 500

// newResults are as they come from the field: a second or a minute after they occurred, of 20,000 commerces and 200 operators, all with an activity and a provider id that are new;
// two of three are a success.
func newResults(w *world, r *rand.Rand) (events []core.Recorded) {
	for range delivered {
		w.clock++
		id, activity := w.mint(), w.mint()
		status, code, contact := core.ResultCompleted, "success", core.ContactType("OUTBOUND")
		if r.IntN(3) == 0 {
			status, code, contact = core.ResultStatus(1+r.IntN(5)), core.Catalog[r.IntN(len(core.Catalog))].Code, pick(r, core.ContactTypes)
		}
		events = append(events, core.Recorded{
			Stream: core.Stream{Tenant: tenants[0], ID: id}, Version: 1, RecordedAt: w.clock, TenantPosition: core.Position(w.minted),
			Event: core.ResultSubmitted{ResultID: id, ActivityID: activity, Source: core.RetenActivity, CreatedAt: w.clock, Submission: core.Submission{
				ProviderActivityID: fmt.Sprintf("ext-%09d", w.minted), CommerceExternalID: fmt.Sprintf("store-%05d", r.IntN(20_000)), OccurredAt: w.clock - core.Instant(1000+r.IntN(59_000)),
				Status: status, Result: code, ContactType: contact,
				Personal: core.Personal{Comment: "Order placed successfully", OperatorExternalID: fmt.Sprint("op-", r.IntN(200))}.Seal(),
			}},
		})
	}
	return events
}

// newActivities are planned for the week to come, for the same reasons again and again.
func newActivities(w *world, r *rand.Rand) (events []core.Recorded) {
	for range delivered {
		w.clock++
		id := w.mint()
		commerce := r.IntN(20_000)
		events = append(events, core.Recorded{
			Stream: core.Stream{Tenant: tenants[0], ID: id}, Version: 1, RecordedAt: w.clock, TenantPosition: core.Position(w.minted),
			Event: core.ActivityCreated{ActivityID: id, ActivityDetails: core.ActivityDetails{
				ActivityType: core.Task, Reason: fmt.Sprint("Visit of kind ", r.IntN(50)), Channel: pick(r, core.Channels), CommerceID: core.ID{0: byte(commerce >> 8), 1: byte(commerce), 15: 1},
				IdempotencyKey: id.String(), ScheduledAt: w.clock + core.Instant(r.IntN(7*24))*3_600_000, CommerceExternalID: fmt.Sprintf("store-%05d", commerce),
				ProviderActivityID: fmt.Sprintf("ext-%09d", w.minted),
			}},
		})
	}
	return events
}
