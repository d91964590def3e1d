package projections_test

import (
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections"
)

// failing is a NOT_EXECUTED result with a comment, which its operator is called by too.
func (w *world) failing(provider, comment string) core.SubmitResult {
	w.clock += 1000
	return core.SubmitResult{ResultID: w.mint(), Submission: core.Submission{
		ProviderActivityID: provider, CommerceExternalID: "c", OccurredAt: w.clock, Status: core.ResultNotExecuted, Result: "not_home", HardOverride: true,
		Personal: core.Personal{Comment: comment, OperatorExternalID: comment}.Seal(),
	}}
}

func succeeding(s core.SubmitResult) core.SubmitResult {
	s.Status, s.Result = core.ResultCompleted, "success"
	return s
}

func (w *world) task(provider string) core.CreateActivity {
	id := w.mint()
	return core.CreateActivity{ActivityID: id, ActivityDetails: core.ActivityDetails{
		ActivityType: core.Task, Reason: "visit", Channel: "SMS", CommerceID: core.ID{9}, IdempotencyKey: id.String(), ScheduledAt: w.clock, ProviderActivityID: provider,
	}}
}

// applied applies the whole log to empty tables, in batches that end after those positions.
func (w *world) applied(ends ...int) {
	w.t.Helper()
	tx, err := w.tables.Write.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range projections.All() {
		if err := p.Reset(w.t.Context(), tx); err != nil {
			w.t.Fatal(err)
		}
	}
	history, begin := w.history(), 0
	for _, end := range append(ends, len(history)) {
		for _, p := range projections.All() {
			if err := p.Apply(w.t.Context(), tx, history[begin:end]); err != nil {
				w.t.Fatal(err)
			}
		}
		begin = end
	}
	if err := tx.Commit(); err != nil {
		w.t.Fatal(err)
	}
}

// eventType: CREATED, DISPATCH_SUCCESS, RESULT, LINKED, CANCELED; on FAILED errorCode is the result code, errorMessage the comment (contract §2.7). However the log is cut into
// batches: between a submission and the transition that it caused, and with the next submission in the same batch as that.
func TestStatusEvents(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		failed, linked, dispatched := w.task("p-1"), w.task("p-2"), w.task("")
		submit := func(s core.SubmitResult) { w.do(tenants[0], s) }
		w.do(tenants[0], failed)
		submit(w.failing("p-1", "nobody there"))
		submit(succeeding(w.failing("p-1", "done after all")))
		submit(w.failing("p-1", "or not"))
		submit(w.failing("p-2", "first"))
		submit(w.failing("p-2", "second"))
		w.do(tenants[0], linked)
		w.do(tenants[0], dispatched)
		w.do(tenants[0], core.DispatchActivity{ActivityID: dispatched.ActivityID})
		w.do(tenants[0], core.CancelActivity{ActivityID: dispatched.ActivityID})
		type move struct{ kind, from, to, code, message string }
		want := map[core.ID][]move{
			failed.ActivityID: {
				{"CREATED", "NONE", "READY", "", ""}, {"RESULT", "READY", "FAILED", "not_home", "nobody there"}, {"RESULT", "FAILED", "COMPLETED", "", ""},
				{"RESULT", "COMPLETED", "FAILED", "not_home", "or not"},
			},
			linked.ActivityID:     {{"CREATED", "NONE", "READY", "", ""}, {"LINKED", "READY", "FAILED", "not_home", "second"}},
			dispatched.ActivityID: {{"CREATED", "NONE", "READY", "", ""}, {"DISPATCH_SUCCESS", "READY", "DISPATCHED", "", ""}, {"CANCELED", "DISPATCHED", "CANCELED", "", ""}},
		}
		q := projections.NewQueries(w.tables.Read)
		cuts, each := [][]int{nil}, []int{}
		for cut := 1; cut < int(w.machine.Head()); cut++ {
			cuts, each = append(cuts, []int{cut}), append(each, cut)
		}
		cuts = append(cuts, each)
		for _, cut := range cuts {
			w.applied(cut...)
			w.verifyIs(w.tables, w.history())
			got := make(map[core.ID][]move)
			for id := range want {
				events, err := q.StatusEvents(t.Context(), 0, tenants[0], id)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range events {
					got[id] = append(got[id], move{e.EventType, e.From.String(), e.To.String(), e.ErrorCode, e.ErrorMessage})
				}
			}
			if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(move{})); diff != "" {
				t.Fatalf("cut after %v (-want +got):\n%s", cut, diff)
			}
		}
	})
}

// A comment is left out, and not taken from an earlier submission, if the one that moved the activity is parked.
func TestStatusEventOfAParkedSubmission(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		activity := w.task("p-1")
		w.do(tenants[0], activity)
		w.do(tenants[0], w.failing("p-1", "first"))
		w.do(tenants[0], w.failing("p-1", "second")) // moves nothing
		w.do(tenants[0], succeeding(w.failing("p-1", "third")))
		w.do(tenants[0], w.failing("p-1", "fourth"))
		history := w.history()
		last := history[len(history)-1]
		if last.Event.Type() != "ActivityTransitioned" {
			t.Fatalf("the log ends in %T", last.Event)
		}
		w.applied(len(history) - 2)
		tx, err := w.tables.Write.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		parked := history[len(history)-2]
		if _, err := tx.Exec(`INSERT INTO dead_letters VALUES ($1, $2, 4, 8, 8, $3, 0, 0, 'poison')`, parked.Stream.Tenant[:], parked.Stream.ID[:], parked.EventID[:]); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`DELETE FROM activity_transitions WHERE version = $1`, int64(last.Version)); err != nil {
			t.Fatal(err)
		}
		if err := (projections.ActivityTransitions{}).Apply(t.Context(), tx, history[len(history)-1:]); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		events, err := projections.NewQueries(w.tables.Read).StatusEvents(t.Context(), 0, tenants[0], activity.ActivityID)
		if err != nil {
			t.Fatal(err)
		}
		if e := events[len(events)-1]; e.To != core.ActivityFailed || e.ErrorCode != "not_home" || e.ErrorMessage != "" {
			t.Errorf("%+v", e)
		}
	})
}

// Applied twice, a transition is an error; of nothing, or of another tenant's activity, there are no status events; and those of an activity that is parked are not shown.
func TestStatusEventsRefuse(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		activity := w.task("")
		w.do(tenants[0], activity)
		w.applied()
		tx, err := w.tables.Write.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := (projections.ActivityTransitions{}).Apply(t.Context(), tx, w.history()); err == nil {
			t.Error("a transition was added twice")
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		for tenant, id := range map[core.ID]core.ID{tenants[1]: activity.ActivityID, tenants[0]: w.mint()} {
			var e *core.Error
			if _, err := projections.NewQueries(w.tables.Read).StatusEvents(t.Context(), 0, tenant, id); !errors.As(err, &e) || e.Code != core.CodeNotFound {
				t.Errorf("%v, want not_found", err)
			}
		}
		if _, err := w.tables.Write.Exec(`INSERT INTO dead_letters VALUES ($1, $2, 2, 2, 2, $3, 0, 0, 'poison')`, tenants[0][:], activity.ActivityID[:], activity.ActivityID[:]); err != nil {
			t.Fatal(err)
		}
		var e *core.Error
		if _, err := projections.NewQueries(w.tables.Read).StatusEvents(t.Context(), 0, tenants[0], activity.ActivityID); !errors.As(err, &e) || e.Code != core.CodeParked {
			t.Errorf("%v, want projection_parked", err)
		}
	})
}
