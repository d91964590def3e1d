package projections_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections"
)

// submission is a row of the table of submissions: each column in words.
type submission map[string]string

// absent is NULL in words.
const absent = "<nil>"

// submissionOf is the row that an event makes, by hand.
func submissionOf(r core.Recorded, e core.ResultSubmitted, personal core.Personal) submission {
	id := func(id core.ID) any {
		if id.IsZero() {
			return nil
		}
		return id[:]
	}
	text := func(text string) any {
		if text == "" {
			return nil
		}
		return text
	}
	var scheduled any
	if e.FutureScheduledAt != nil {
		scheduled = int64(*e.FutureScheduledAt)
	}
	row := submission{}
	for column, value := range map[string]any{
		"tenant_id": id(r.Stream.Tenant), "result_id": id(e.ResultID), "version": r.Version, "event_id": id(r.EventID), "activity_id": id(e.ActivityID), "source": e.Source, "status": e.Status,
		"result": e.Submission.Result, "contact_type": text(string(e.ContactType)), "provider_activity_id": text(e.ProviderActivityID), "commerce_external_id": e.CommerceExternalID,
		"external_status": text(e.ExternalStatus), "operator_external_id": text(personal.OperatorExternalID), "occurred_at": int64(e.OccurredAt), "future_scheduled_at": scheduled,
		"hard_override": e.HardOverride, "overridden": e.Overridden, "recorded_at": int64(r.RecordedAt), "position": r.TenantPosition,
	} {
		row[column] = word(column, value)
	}
	return row
}

// submissions reads the table, whole.
func (w *world) submissions(tables *readTables) map[core.Stream][]submission {
	w.t.Helper()
	columns, rows := w.rowsOf(tables, "submissions")
	all := map[core.Stream][]submission{}
	for _, values := range rows {
		row := submission{}
		for i, column := range columns {
			row[column] = word(column, values[i])
		}
		var key core.Stream
		for column, id := range map[string]*core.ID{"tenant_id": &key.Tenant, "result_id": &key.ID} {
			var err error
			if *id, err = core.ParseID(row[column]); err != nil {
				w.t.Fatalf("%s %q: %v", column, row[column], err)
			}
		}
		all[key] = append(all[key], row)
	}
	return all
}

// Every accepted submission is a row that stays as it was: whatever replaces it in its result, whatever that is linked to later. An erasure takes who the operators were, of those before it and of no
// other. However the log is cut into batches.
func TestSubmissions(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		known, late := w.task("p-1"), w.task("p-2")
		submit := func(s core.SubmitResult) core.ID { w.do(tenants[0], s); return s.ResultID }
		pending := w.failing("p-1", "op-1")
		pending.Status, pending.HardOverride = core.ResultPending, false
		stale := w.failing("p-1", "nobody")
		stale.OccurredAt = 1
		w.do(tenants[0], known)
		first := submit(pending)
		submit(w.failing("p-1", "op-2"))
		submit(stale)
		submit(succeeding(w.failing("p-1", "op-3")))
		second := submit(w.failing("p-2", "op-4"))
		w.do(tenants[0], late)
		submit(succeeding(w.failing("p-2", "op-5")))
		w.do(tenants[0], core.ErasePersonal{ActivityID: known.ActivityID})
		submit(w.failing("p-1", "op-6"))

		task := func(id core.ID) string { return fmt.Sprintf("RETEN_ACTIVITY %s", id) }
		want := map[core.ID][]string{
			first: {
				"1 PENDING " + task(known.ActivityID) + " by <nil>, override 0 0", "2 NOT_EXECUTED " + task(known.ActivityID) + " by <nil>, override 1 0",
				"3 COMPLETED " + task(known.ActivityID) + " by <nil>, override 1 1", "5 NOT_EXECUTED " + task(known.ActivityID) + " by op-6, override 1 1",
			},
			second: {"1 NOT_EXECUTED STANDALONE <nil> by op-4, override 1 0", "3 COMPLETED " + task(late.ActivityID) + " by op-5, override 1 1"},
		}
		cuts, each := [][]int{nil}, []int{}
		for cut := 1; cut < int(w.machine.Head()); cut++ {
			cuts, each = append(cuts, []int{cut}), append(each, cut)
		}
		for _, cut := range append(cuts, each) {
			w.applied(cut...)
			w.verifyIs(w.tables, w.history())
			got := map[core.ID][]string{}
			for result, rows := range w.submissions(w.tables) {
				for _, s := range rows {
					got[result.ID] = append(got[result.ID], fmt.Sprintf("%s %s %s %s by %s, override %s %s",
						s["version"], s["status"], s["source"], s["activity_id"], s["operator_external_id"], s["hard_override"], s["overridden"]))
				}
			}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("cut after %v (-want +got):\n%s", cut, diff)
			}
		}
	})
}

// A submission that is there already is an error, alone and among others; nothing of the batch stays.
func TestSubmissionsRefuse(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.do(tenants[0], w.failing("p-1", "one"), w.failing("p-2", "two"))
		w.applied()
		w.do(tenants[0], w.failing("p-3", "three"))
		history := w.history()
		last := len(history) - 1
		for name, batch := range map[string][]core.Recorded{
			"alone": history[:1], "the last of all": {history[last], history[0]}, "the first of all": history, "in one batch": {history[last], history[last]},
		} {
			if err := w.refused(projections.Submissions{}, batch); !strings.Contains(strings.ToLower(err.Error()), "unique") {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.verifyIs(w.tables, history[:last])
		poison := slices.Clone(history[last:])
		unsealed := poison[0].Event.(core.ResultSubmitted)
		unsealed.Personal.Bytes = []byte("{")
		poison[0].Event = unsealed
		if err := w.refused(projections.Submissions{}, poison); !strings.Contains(err.Error(), "position 3: personal part") {
			t.Errorf("a personal part that cannot be opened: %v", err)
		}
	})
}
