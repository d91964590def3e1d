package projections_test

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections"
)

// openNext opens new read tables beside those that serve, as another process would.
func (w *world) openNext(maker string) (*nextTables, error) {
	return w.engine.openNext(context.Background(), w.place, maker)
}

// onlineConfig is what an online rebuild is given. Nothing wakes its runners, and nothing needs to.
func (w *world) onlineConfig(next *nextTables) projections.Online {
	cfg := w.counting(w.config(&next.readTables), func(context.Context, *projections.Tx, int, []core.Recorded) error { return nil })
	cfg.Wake, cfg.FallbackPoll = nil, time.Millisecond
	return projections.Online{Next: cfg, Serving: projections.NewCheckpoint(w.tables.Read), Head: w.log.Head, EventID: w.eventID, Switch: next.change, SwitchPause: 10 * time.Millisecond}
}

// rebuiltOnline is how an online rebuild ended.
type rebuiltOnline struct {
	from, through core.Position
	resumed       bool
}

// online does an online rebuild as a process of its own does it.
func (w *world) online(ctx context.Context, maker string, change func(*projections.Online)) (done rebuiltOnline, err error) {
	next, err := w.openNext(maker)
	if err != nil {
		return done, err
	}
	cfg := w.onlineConfig(next)
	if change != nil {
		change(&cfg)
	}
	done.resumed = next.resumed
	done.from, done.through, err = projections.RebuildOnline(ctx, cfg, nil)
	return done, errors.Join(err, next.Close())
}

// mustRebuildOnline does one that must succeed.
func (w *world) mustRebuildOnline(maker string) rebuiltOnline {
	w.t.Helper()
	done, err := w.online(context.Background(), maker, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return done
}

// mustBeWhole verifies that the tables hold the log, each event once, and are those that a rebuild makes in their place.
func (w *world) mustBeWhole() {
	w.t.Helper()
	head, err := w.log.Head(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	w.mustHave(head)
	w.eachOnce()
	before := w.dump()
	if len(before["dead_letters"]) > 0 {
		w.t.Errorf("events were parked: %s", before["dead_letters"])
	}
	cfg := w.counting(w.config(w.tables), func(context.Context, *projections.Tx, int, []core.Recorded) error { return nil })
	if err := projections.Rebuild(context.Background(), cfg, head, nil); err != nil {
		w.t.Fatal(err)
	}
	w.mustEqual(w.dump(), before)
}

// load is writers, nodes and readers at work on a world.
type load struct {
	*world
	sequencer *eventstore.Sequencer
	barrier   *projections.Barrier
	stopping  chan struct{}
	all       sync.WaitGroup

	mu     sync.Mutex
	sights []sight
}

// sight is what a reader saw in one snapshot.
type sight struct {
	position                         core.Position
	results, activities, disagreeing int
}

// loaded puts a world under load: two nodes, writers that submit to a sequencer, and readers. It ends when the caller says so.
func (w *world) loaded(writers int) *load {
	w.t.Helper()
	l := &load{world: w, stopping: make(chan struct{})}
	counting := func(cfg projections.Config) projections.Config { return w.counting(cfg, onlyNext(w.t)) }
	first, second := w.node(counting), w.node(counting)
	l.sequencer = eventstore.NewSequencer(eventstore.SequencerConfig{Log: w.log, Logger: w.config(w.tables).Logger, Appended: func() { first.wakeUp(); second.wakeUp() }})
	l.barrier = projections.NewBarrier(projections.BarrierConfig{Head: w.log.Head, Checkpoint: first.checkpoint, Hurry: first.wakeUp, MaxWait: patience})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.sequencer.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := w.await(ended); err != nil {
			w.t.Error(err)
		}
	})
	code, err := core.ParseResultCode("success")
	if err == nil { // whatever the history before has made of it
		_, err = l.sequencer.Submit(context.Background(), core.Command{Tenant: tenants[0], EventID: core.ID{0: 5, 6: 0x70, 8: 0x80}, Intent: core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: code, Active: true}}})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	for n := range writers {
		l.all.Go(func() { l.write(uint64(n)) })
	}
	l.all.Go(l.look)
	l.all.Go(l.list)
	return l
}

// going tells whether the load goes on.
func (l *load) going() bool {
	select {
	case <-l.stopping:
		return false
	default:
		return !l.t.Failed()
	}
}

// end lets everybody finish, and waits until the tables have all that was submitted. Then it judges what readers saw.
func (l *load) end() {
	l.t.Helper()
	close(l.stopping)
	l.all.Wait()
	if _, err := l.barrier.Wait(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	l.judge()
}

// write submits an activity and its result, one after the other, and reads each as soon as it is acknowledged.
func (l *load) write(seed uint64) {
	r := rand.New(rand.NewPCG(96, seed))
	q, ctx := projections.NewQueries(l.tables.Read), context.Background()
	random := func() (id core.ID) {
		for i := range id {
			id[i] = byte(r.Uint32())
		}
		id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
		return id
	}
	submit := func(intent core.Intent) bool {
		_, err := l.sequencer.Submit(ctx, core.Command{Tenant: tenants[0], EventID: random(), Intent: intent, Metadata: core.Metadata{Actor: core.Actor{Subject: "test", Role: "FDE"}}})
		if err != nil {
			l.t.Error("submit:", err)
		}
		return err == nil
	}
	for l.going() {
		activity, result := random(), random()
		if !submit(core.CreateActivity{ActivityID: activity, ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, Reason: "visit", Channel: "SALESMAN", CommerceID: core.ID{9}, IdempotencyKey: activity.String(), ScheduledAt: 1,
		}}) {
			return
		}
		if !submit(core.SubmitResult{ResultID: result, Submission: core.Submission{
			SentActivityID: activity, CommerceExternalID: "store-001", OccurredAt: core.InstantOf(time.Now()), Status: core.ResultCompleted, Result: "success",
		}}) {
			return
		}
		head, err := l.barrier.Wait(ctx)
		if err == nil {
			_, err = q.Result(ctx, head, tenants[0], result)
		}
		if err == nil {
			var v core.ActivityView
			if v, err = q.Activity(ctx, head, tenants[0], activity); err == nil && (v.Status != core.ActivityCompleted || v.ResultID != result) {
				l.t.Errorf("activity %s is %v with result %s, and %s was acknowledged", activity, v.Status, v.ResultID, result)
			}
		}
		if err != nil {
			l.t.Errorf("what was acknowledged cannot be read: %v", err)
		}
	}
}

// list reads as a client that never waits: what it has seen it sees again.
func (l *load) list() {
	q, most := projections.NewQueries(l.tables.Read), 0
	for ; l.going(); time.Sleep(time.Millisecond) { // between two looks
		page, err := q.Results(context.Background(), 0, tenants[0], core.ResultQuery{Paging: core.Paging{Page: 1, Limit: 1}})
		switch {
		case err != nil:
			l.t.Error("list:", err)
		case page.Total < most:
			l.t.Errorf("a list had %d results, and now has %d", most, page.Total)
		}
		most = max(most, page.Total)
	}
}

// look counts, in one snapshot after the other. Now and then it begins with what others come to last, as who locks tables one after the other must expect.
func (l *load) look() {
	last := core.Position(0)
	for n := 0; l.going(); n++ {
		time.Sleep(time.Millisecond) // between two looks
		s, err := l.see(n%5 == 4)
		switch {
		case err != nil:
			l.t.Error("look:", err)
		case s.position < last:
			l.t.Errorf("the tables were at position %d, and now are at %d", last, s.position)
		}
		last = s.position
		l.mu.Lock()
		l.sights = append(l.sights, s)
		l.mu.Unlock()
	}
}

func (l *load) see(backwards bool) (s sight, err error) {
	tx, err := l.tables.Read.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return s, err
	}
	defer tx.Rollback()
	questions := []struct {
		into  any
		query string
	}{
		{(*int64)(&s.position), `SELECT coalesce((SELECT position FROM checkpoints), 0)`},
		{&s.results, `SELECT count(*) FROM results`},
		{&s.disagreeing, `SELECT count(*) FROM results AS r LEFT JOIN activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id
			WHERE r.activity_id IS NOT NULL AND (a.id IS NULL OR a.result_id <> r.id)`},
		{&s.activities, `SELECT count(*) FROM activities`},
	}
	if backwards {
		slices.Reverse(questions)
	}
	for _, one := range questions {
		if err := tx.QueryRow(one.query).Scan(one.into); err != nil {
			return s, err
		}
	}
	return s, nil
}

// judge holds what was seen in each snapshot against the log: as many results and activities as it has up to the snapshot's checkpoint.
func (l *load) judge() {
	l.t.Helper()
	type count struct{ results, activities int }
	counts := []count{{}}
	for _, r := range l.history() {
		c := counts[len(counts)-1]
		switch e := r.Event.(type) {
		case core.ActivityCreated:
			c.activities++
		case core.ResultSubmitted:
			if r.Version == 1 && e.ResultID == r.Stream.ID {
				c.results++
			}
		}
		counts = append(counts, c)
	}
	if len(l.sights) < 10 {
		l.t.Errorf("readers looked %d times: that tells nothing", len(l.sights))
	}
	for _, s := range l.sights {
		if want := counts[s.position]; s.disagreeing > 0 || s.results != want.results || s.activities != want.activities {
			l.t.Errorf("a snapshot at position %d has %d results, %d activities and %d that disagree; the log has %+v up to there", s.position, s.results, s.activities, s.disagreeing, want)
		}
	}
}
