package projections_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// What a batch may do to one row, or to a row that there is not, where all rows of a batch are written at once as where they are not.

// refused applies a batch to one table, and gives the error that there must be. Nothing of the batch stays.
func (w *world) refused(p projections.Projection, batch []core.Recorded) error {
	w.t.Helper()
	tx, err := w.tables.Write.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	defer tx.Rollback()
	if err = p.Apply(w.t.Context(), tx, batch); err == nil {
		w.t.Fatal("the batch was accepted")
	}
	return err
}

// An event about a row that there is not is noticed among others that have theirs; so is one that is older than its row.
func TestMissingRowAmongOthers(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		r := rand.New(rand.NewPCG(95, 1))
		keys := []core.IssueAPIKey{w.issue(r), w.issue(r), w.issue(r)}
		for _, key := range keys {
			w.do(tenants[0], key)
		}
		w.applied()
		revoked := func(version core.Version, id core.ID) core.Recorded {
			return core.Recorded{Stream: core.Stream{Tenant: tenants[0], ID: tenants[0]}, Version: version, RecordedAt: w.clock, Event: core.APIKeyRevoked{TenantID: tenants[0], KeyID: id}}
		}
		none := core.ID{15: 1}
		for name, batch := range map[string][]core.Recorded{
			"missing, the first": {revoked(4, none), revoked(5, keys[0].KeyID), revoked(6, keys[1].KeyID)},
			"missing, the last":  {revoked(4, keys[0].KeyID), revoked(5, keys[1].KeyID), revoked(6, none)},
			"older than its row": {revoked(4, keys[0].KeyID), revoked(1, keys[2].KeyID), revoked(5, keys[1].KeyID)},
			"missing, alone":     {revoked(4, none)},
		} {
			err := w.refused(projections.APIKeys{}, batch)
			if !strings.Contains(err.Error(), "no row to change") {
				t.Errorf("%s: %v", name, err)
			}
			if len(batch) == 1 && !strings.Contains(err.Error(), none.String()) {
				t.Errorf("%s: %v does not say which", name, err)
			}
		}
		w.verifyIs(w.tables, w.history())
	})
}

// An idempotency key that is used twice in a batch, as it may be after a long time without it, is that of its later use; another tenant's is not touched.
func TestKeyUsedTwiceInOneBatch(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.apply(keyedEvents(1, 1000, "a", "b"))
		batch := keyedEvents(3, 2000, "a", "c", "a", "c", "d", "")
		foreign := keyedEvents(9, 2000, "a")
		foreign[0].Stream.Tenant = tenants[1]
		w.apply(append(batch, foreign...))
		var positions []core.Position
		for _, row := range w.keyRows(tenants[0]) {
			positions = append(positions, row.Position)
		}
		if len(positions) != 4 || positions[0] != 2 || positions[1] != 5 || positions[2] != 6 || positions[3] != 7 {
			t.Errorf("the keys are at %v, want b at 2, a at 5, c at 6 and d at 7", positions)
		}
		if rows := w.keyRows(tenants[1]); len(rows) != 1 || rows[0].Position != 9 {
			t.Errorf("the other tenant's are %v", rows)
		}
	})
}

// A result type that is configured twice in a batch is as the later says, and one of before it in the batch is not; likewise for each tenant.
func TestResultTypeConfiguredTwiceInOneBatch(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		first := core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: 2, Classification: core.Positive}}
		again := core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: 2, Active: true}}
		w.do(tenants[0], configured(core.Positive), first, configured(core.Negative))
		w.do(tenants[1], configured(core.Negative), configured(core.Positive))
		w.do(tenants[0], again, configured(core.Unclassified))
		w.applied() // all in one batch
		w.verifyIs(w.tables, w.history())
		w.applied(3, 4) // and cut in the midst
		w.verifyIs(w.tables, w.history())
		err := w.refused(projections.TaskResultTypes{}, w.history())
		if !strings.Contains(err.Error(), "no row to change") {
			t.Errorf("applied twice: %v", err)
		}
	})
}
