package projections

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"resultlog/core"
)

// A turn waits for what the read tables lack, by how old it is: not at all as long as they keep up, longer the further they are behind, and not at all where no wait would help.
func TestBackpressureGrowsWithWhatTheReadTablesLack(t *testing.T) {
	for _, row := range []struct {
		name      string
		age, want time.Duration
	}{
		{"nothing is lacking for long", HoldAfter, 0},
		{"a little behind", HoldAfter + HoldShare*time.Millisecond, time.Millisecond},
		{"twice as far behind", HoldAfter + 2*HoldShare*time.Millisecond, 2 * time.Millisecond},
		{"far behind", HoldAfter + HoldShare*MaxHold, MaxHold},
		{"farther", MaxReadLag, MaxHold},
		{"so far that reads fail", MaxReadLag + time.Millisecond, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := NewBackpressure(NewCheckpoint(nil))
				if waited := held(t.Context(), b, 5); waited != 0 { // 5 is what the tables lack from now on
					t.Errorf("the first turn waited %s", waited)
				}
				time.Sleep(row.age)
				if waited := held(t.Context(), b, 9); waited != row.want {
					t.Errorf("waited %s, want %s", waited, row.want)
				}
				if counted := countedIn(t, b); counted != row.want.Seconds() {
					t.Errorf("counted %v s, want %s", counted, row.want)
				}
			})
		})
	}
}

// What counts is the oldest of what they lack.
func TestBackpressureEndsWhenTheReadTablesHaveComeOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkpoint := NewCheckpoint(nil)
		b := NewBackpressure(checkpoint)
		held(t.Context(), b, 5)
		time.Sleep(time.Second)
		checkpoint.announce(4)
		if waited := held(t.Context(), b, 9); waited != MaxHold {
			t.Errorf("waited %s with the event lacking, want %s", waited, MaxHold)
		}
		checkpoint.announce(5) // they lack what came MaxHold ago
		if waited := held(t.Context(), b, 12); waited != 0 {
			t.Errorf("waited %s, and the tables have come on", waited)
		}
		time.Sleep(HoldAfter / 2)
		if waited, want := held(t.Context(), b, 12), (MaxHold+HoldAfter/2-HoldAfter)/HoldShare; waited != want {
			t.Errorf("waited %s, and not %s, with an event lacking for %s", waited, want, MaxHold+HoldAfter/2)
		}
		checkpoint.announce(12)
		if waited := held(t.Context(), b, 12); waited != 0 {
			t.Errorf("waited %s, and the tables lack nothing", waited)
		}
	})
}

// However many turns are taken while the tables do not move, what is remembered of them is bounded, and exact to markEvery.
func TestBackpressureRemembersLittle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		checkpoint := NewCheckpoint(nil)
		b := NewBackpressure(checkpoint)
		begin := time.Now()
		for head := core.Position(1); time.Since(begin) < 2*MaxReadLag; head++ {
			held(t.Context(), b, head)
			time.Sleep(time.Millisecond)
		}
		if len(b.marks) > maxMarks {
			t.Errorf("%d marks", len(b.marks))
		}
		for i, m := range b.marks[1:] {
			if apart := m.at.Sub(b.marks[i].at); apart < markEvery || apart > 2*MaxHold {
				t.Fatalf("mark %d is %s after the one before", i+1, apart)
			}
		}
	})
}

// A wait ends as soon as the tables move, and at once when the node is to stop.
func TestBackpressureIsCutShort(t *testing.T) {
	for name, end := range map[string]func(*Checkpoint, context.CancelFunc){
		"by the tables": func(c *Checkpoint, _ context.CancelFunc) { c.announce(1) },
		"by the end":    func(_ *Checkpoint, cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				checkpoint := NewCheckpoint(nil)
				b := NewBackpressure(checkpoint)
				held(t.Context(), b, 5)
				time.Sleep(time.Second)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(MaxHold/2, func() { end(checkpoint, cancel) })
				if waited := held(ctx, b, 9); waited != MaxHold/2 {
					t.Errorf("waited %s, and was to end after %s", waited, MaxHold/2)
				}
			})
		})
	}
}

// countedIn is what the one counter says, in seconds.
func countedIn(t *testing.T, b *Backpressure) float64 {
	registry := prometheus.NewRegistry()
	registry.MustRegister(b.Collectors()...)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

// held is how long a turn is held back.
func held(ctx context.Context, b *Backpressure, head core.Position) time.Duration {
	begin := time.Now()
	b.Hold(ctx, head)
	return time.Since(begin)
}
