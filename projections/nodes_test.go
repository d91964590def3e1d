package projections_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// Several nodes over one log and its read tables, each with connections of its own. There is no leader: whoever has the write lock of the read tables delivers what comes after the
// checkpoint that it then finds.

// onlyNext is for a projection that is counted: it verifies that all events up to the last of a batch, and no others, were applied once each.
func onlyNext(t testing.TB) func(context.Context, *projections.Tx, int, []core.Recorded) error {
	return func(ctx context.Context, tx *projections.Tx, _ int, batch []core.Recorded) error {
		var all, last core.Position
		err := tx.QueryRowContext(context.WithoutCancel(ctx), `SELECT count(*), max(position) FROM counted`).Scan((*int64)(&all), (*int64)(&last))
		if err == nil && (all != last || last != batch[len(batch)-1].Position) {
			t.Errorf("the events from %d to %d came when %d were applied, up to %d", batch[0].Position, batch[len(batch)-1].Position, all, last)
		}
		return err
	}
}

// node is a runner with tables of its own, and what wakes it.
type node struct {
	running
	wake chan struct{}
}

func (n node) wakeUp() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// join opens the tables once more, as another process would, for a node that is yet to start. Only a wake-up of its own has it look at the log.
func (w *world) join(change func(projections.Config) projections.Config) (start func() node) {
	tables := w.open()
	w.t.Cleanup(func() { w.close(tables) }) // after the node's end
	wake := make(chan struct{}, 1)
	cfg := w.config(tables)
	cfg.Wake = wake
	cfg = change(cfg)
	return func() node { return node{w.run(cfg), wake} }
}

// node starts one more.
func (w *world) node(change func(projections.Config) projections.Config) node {
	return w.join(change)()
}

// Two or three nodes that are woken at random, at once and one after the other, apply each event once, in the order of the log.
func TestSeveralNodesApplyEachEventOnceAndInOrder(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		for n := 2; n <= 3; n++ {
			t.Run(fmt.Sprint(n, " nodes"), func(t *testing.T) {
				w, r := newWorld(t), rand.New(rand.NewPCG(90, uint64(n)))
				var nodes []node
				for range n {
					nodes = append(nodes, w.node(func(cfg projections.Config) projections.Config { return w.counting(cfg, onlyNext(t)) }))
				}
				for range 60 {
					w.live(r, 1+r.IntN(3))
					for _, one := range nodes {
						if r.IntN(2) == 0 {
							one.wakeUp()
						}
					}
				}
				for _, one := range nodes {
					one.wakeUp()
					w.caughtUp(one.running)
				}
				w.eachOnce()
			})
		}
	})
}

// A node that stops in the middle of a delivery, as one after the other does here, leaves it to the others.
func TestNodesThatStopLeaveTheirDeliveryToOthers(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, r := newWorld(t), rand.New(rand.NewPCG(91, 1))
		w.live(r, 5)
		for range 6 {
			entered := make(chan struct{}, 10)
			startOne := w.join(func(cfg projections.Config) projections.Config {
				return w.counting(cfg, func(ctx context.Context, _ *projections.Tx, _ int, _ []core.Recorded) error {
					entered <- struct{}{}
					<-ctx.Done()
					return ctx.Err()
				})
			})
			startOther := w.join(func(cfg projections.Config) projections.Config { return w.counting(cfg, onlyNext(t)) })
			w.live(r, 3)
			one := startOne()
			<-entered // with the write lock
			other := startOther()
			if err := one.stop(); err != nil {
				t.Fatal(err)
			}
			other.wakeUp()
			w.caughtUp(other.running)
			w.eachOnce()
			if err := other.stop(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Beside two nodes that project what keeps coming, a third has the tables made again, and again.
func TestRebuildBesideTwoNodes(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, r := newWorld(t), rand.New(rand.NewPCG(92, 1))
		w.fill(r, 600)
		counting := func(cfg projections.Config) projections.Config { return w.counting(cfg, onlyNext(t)) }
		nodes := []node{w.node(counting), w.node(counting)}
		tool := w.open()
		t.Cleanup(func() { w.close(tool) })
		for range 4 {
			rebuilt := make(chan error, 1)
			cfg, head := counting(w.config(tool)), w.machine.Head()
			go func() { rebuilt <- projections.Rebuild(context.Background(), cfg, head, nil) }()
			for range 10 {
				w.live(r, 1)
				nodes[r.IntN(len(nodes))].wakeUp()
			}
			if err := w.await(rebuilt); err != nil {
				t.Fatal(err)
			}
		}
		for _, one := range nodes {
			one.wakeUp()
			w.caughtUp(one.running)
		}
		w.eachOnce()
	})
}

// Beside two nodes that park what they cannot apply, and what follows it, another takes up what is parked. In the end the tables are as if nothing had been parked.
func TestRetryBesideTwoNodes(t *testing.T) {
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w, r := newWorld(t), rand.New(rand.NewPCG(93, 1))
		w.keyed = true
		broken, _ := w.breaking(func(e core.Recorded) bool { return (int(e.Stream.ID[14])+int(e.Version))%7 == 0 })
		breaking := func(cfg projections.Config) projections.Config {
			cfg.Projections = append(slices.Clone(cfg.Projections), broken)
			return cfg
		}
		nodes := []node{w.node(breaking), w.node(breaking)}
		tool := w.open()
		t.Cleanup(func() { w.close(tool) })
		d := w.deadLetters(tool)
		again, retried := make(chan struct{}, 1), make(chan error, 1)
		var applied atomic.Int32
		go func() { // goes on until again is closed, or until an error
			var err error
			for range again {
				var n int
				if n, err = retryAll(d); err != nil {
					break
				}
				applied.Add(int32(n))
			}
			retried <- err
		}()
		for n := 0; n < 60 || n < 600 && applied.Load() < 5; n++ {
			w.live(r, 2)
			nodes[r.IntN(len(nodes))].wakeUp()
			select {
			case again <- struct{}{}:
			default: // it is at it
			}
		}
		close(again)
		for _, one := range nodes {
			one.wakeUp()
			w.caughtUp(one.running)
		}
		if err := w.await(retried); err != nil {
			t.Fatal(err)
		}
		if _, err := retryAll(d); err != nil {
			t.Fatal(err)
		}
		if left := w.letters(d, projections.Which{}); len(left) > 0 || applied.Load() < 5 {
			t.Fatalf("%d were applied beside the nodes; left are %+v", applied.Load(), left)
		}
		w.verify(w.tables)
		got := w.dump()
		for _, one := range nodes {
			if err := one.stop(); err != nil {
				t.Fatal(err)
			}
		}
		if err := projections.Rebuild(t.Context(), w.config(w.tables), w.machine.Head(), nil); err != nil {
			t.Fatal(err)
		}
		if diff := difference(w.dump(), got); diff != "" {
			t.Errorf("-rebuilt +retried\n%s", diff)
		}
	})
}

// retryAll retries every stream that has dead letters, and tells how many were applied.
func retryAll(d projections.DeadLetters) (applied int, err error) {
	var letters []projections.DeadLetter
	for l, err := range d.List(context.Background(), projections.Which{}) {
		if err != nil {
			return 0, err
		}
		letters = append(letters, l)
	}
	for _, stream := range streamsOf(letters) {
		done, err := d.Retry(context.Background(), stream, 0)
		if err == nil && done.Failed != nil {
			err = fmt.Errorf("the event at position %d: %s", done.Failed.Position, done.Failed.Error)
		}
		if err != nil {
			return applied, err
		}
		applied += done.Applied
	}
	return applied, nil
}
