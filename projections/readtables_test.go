package projections_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// However the log is cut into batches, the tables equal a naive fold of it.
func TestTablesEqualANaiveFoldOfTheLog(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(1, 1))
		w.live(r, 400)
		history := w.history()
		kinds := make(map[string]int)
		for _, most := range []int{1, 2, 3, 7, 20, len(history)} {
			tx, err := w.tables.Write.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range projections.All() {
				if err := p.Reset(t.Context(), tx); err != nil {
					t.Fatal(err)
				}
			}
			for rest := history; len(rest) > 0; {
				n := min(1+r.IntN(most), len(rest))
				for _, p := range projections.All() {
					if err := p.Apply(t.Context(), tx, rest[:n]); err != nil {
						t.Fatal(err)
					}
				}
				rest = rest[n:]
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			w.verifyIs(w.tables, history)
		}
		for _, e := range history {
			kinds[e.Event.Type()]++
		}
		if len(history) < 200 || kinds["ResultLinked"] < 5 || kinds["PersonalErased"] < 10 || kinds["ResultTypeConfigured"] < 10 || kinds["APIKeyIssued"] < 10 || kinds["APIKeyRevoked"] < 5 {
			t.Fatalf("%d events, %v, are too tame to tell anything", len(history), kinds)
		}
	})
}

// A result that comes to an activity which something else has moved before, in the same batch, is the last to change its row; if it was the activity's already, the move is.
func TestResultAfterAMoveInTheSameBatch(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		tenant, activity, result := tenants[0], w.mint(), w.mint()
		var history []core.Recorded
		versions := make(map[core.ID]core.Version)
		record := func(e core.Event) {
			p := core.Position(len(history) + 1)
			versions[e.StreamID()]++
			history = append(history, core.Recorded{
				Position: p, TenantPosition: p, Stream: core.Stream{Tenant: tenant, ID: e.StreamID()}, Version: versions[e.StreamID()], EventID: w.mint(), RecordedAt: core.Instant(p * 1000), Event: e,
			})
		}
		submitted := func() core.ResultSubmitted {
			return core.ResultSubmitted{
				ResultID: result, Source: core.RetenActivity, ActivityID: activity, CreatedAt: 3000,
				Submission: core.Submission{CommerceExternalID: "c", Status: core.ResultPending, Result: "other"},
			}
		}
		record(core.ActivityCreated{ActivityID: activity, ActivityDetails: w.creation(rand.New(rand.NewPCG(1, 2)), "").ActivityDetails})
		record(core.ActivityTransitioned{ActivityID: activity, From: core.ActivityReady, To: core.ActivityUnresolved})
		record(submitted())
		record(core.ActivityTransitioned{ActivityID: activity, From: core.ActivityUnresolved, To: core.ActivityReady})
		record(submitted())
		for _, cut := range [][2]int{{0, 1}, {1, 3}, {3, 5}} {
			tx, err := w.tables.Write.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range projections.All() {
				if err := p.Apply(t.Context(), tx, history[cut[0]:cut[1]]); err != nil {
					t.Fatal(err)
				}
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			w.verifyIs(w.tables, history[:cut[1]])
		}
	})
}

// The runner brings the tables to the log's head and keeps them there.
func TestRunnerFollowsTheLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(2, 2))
		w.live(r, 30) // before it starts: catching up
		running := w.run(w.config(w.tables))
		w.caughtUp(running)
		w.verify(w.tables)
		w.live(r, 30) // while it runs
		w.caughtUp(running)
		w.verify(w.tables)
		if err := running.stop(); err != nil {
			t.Fatal(err)
		}
	})
}

// Another tenant's row is not found, and neither is what there is not; the message says what to do.
func TestQueriesDoNotCrossTenants(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(3, 3))
		activity, result := w.creation(r, "ext-1"), w.submission(r, "")
		w.do(tenants[0], activity, result)
		w.caughtUp(w.run(w.config(w.tables)))
		q := projections.NewQueries(w.tables.Read)
		if _, err := q.Result(t.Context(), 0, tenants[0], result.ResultID); err != nil {
			t.Fatal(err)
		}
		if _, err := q.Activity(t.Context(), 0, tenants[0], activity.ActivityID); err != nil {
			t.Fatal(err)
		}
		notFound := func(_ any, err error) {
			t.Helper()
			var e *core.Error
			if !errors.As(err, &e) || e.Code != core.CodeNotFound || !strings.Contains(e.Message, "check the id") {
				t.Fatalf("error %v, want not_found with advice", err)
			}
		}
		_, err := q.Result(t.Context(), 0, tenants[1], result.ResultID)
		notFound(nil, err)
		_, err = q.Activity(t.Context(), 0, tenants[1], activity.ActivityID)
		notFound(nil, err)
		_, err = q.Result(t.Context(), 0, tenants[0], activity.ActivityID)
		notFound(nil, err)
		if _, err := q.Result(cancelled(), 0, tenants[0], result.ResultID); errors.As(err, new(*core.Error)) || err == nil {
			t.Fatalf("a read that failed says %v", err)
		}
	})
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// Payloads come back byte for byte as sent.
func TestPayloadsComeBackByteForByte(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		for _, payload := range []string{`{}`, "{ \"b\" : 1.50E+2,\r\n\t\"a\":\"\\u0000\\/\" }", `{"a":1,"a":2,"ñ":"\ud83d\ude00😀"}`, `{"x":"` + strings.Repeat("y", 200_000) + `"}`} {
			s := core.SubmitResult{ResultID: w.mint(), Submission: core.Submission{
				CommerceExternalID: "c", OccurredAt: w.clock, Status: core.ResultCompleted, Result: "success",
				Personal: core.Personal{RawPayload: []byte(payload), Payload: []byte(payload)}.Seal(),
			}}
			w.do(tenants[0], s)
			w.caughtUp(w.run(w.config(w.tables)))
			v, err := projections.NewQueries(w.tables.Read).Result(t.Context(), 0, tenants[0], s.ResultID)
			if err != nil {
				t.Fatal(err)
			}
			if string(v.Personal.RawPayload) != payload || string(v.Personal.Payload) != payload {
				t.Fatalf("got %.80q and %.80q, want %.80q", v.Personal.RawPayload, v.Personal.Payload, payload)
			}
		}
	})
}
