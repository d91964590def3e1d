package projections_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/projections"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Stopping{M: m}) }

// unraced leaves out, where tests are to be short (make race), one in which nothing runs side by side that does not in others too: the race detector, which slows SQLite down thirtyfold, would
// find nothing more in it. make test runs it.
func unraced(t *testing.T) {
	if testing.Short() {
		t.Skip("what is side by side here is so elsewhere too: make test runs it")
	}
}

// patience is how long a test waits for what must happen. It is never waited out unless the test fails.
const patience = 20 * time.Second

// forever is for what must not happen by itself within a test.
const forever = time.Hour

// world is a log with its read tables in a place of its own, and a machine that decides what goes into the log.
type world struct {
	t       testing.TB
	engine  engine
	place   string // where both are: a directory, or a DSN
	log     eventstore.Log
	tables  *readTables
	machine *core.Machine
	minted  uint64
	made    []core.ID // activities that were asked for
	clock   core.Instant
	wake    chan struct{}
	keyed   bool      // every command comes with an idempotency key
	issued  []core.ID // API keys that were asked for
	sent    []core.ID // results that were submitted, if they were new
}

func (e engine) newWorld(t testing.TB) *world {
	w := &world{t: t, engine: e, place: e.place(t), machine: core.NewMachine(), clock: 1_700_000_000_000, wake: make(chan struct{}, 1)}
	var err error
	if w.log, err = e.openLog(context.Background(), w.place); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.log.Close(); err != nil {
			t.Error(err)
		}
	})
	w.tables = w.open()
	t.Cleanup(func() { w.close(w.tables) })
	return w
}

// open opens the read tables, as another process would.
func (w *world) open() *readTables {
	tables, err := w.engine.openTables(context.Background(), w.place)
	if err != nil {
		w.t.Fatal(err)
	}
	return tables
}

func (w *world) close(tables *readTables) {
	if err := tables.Close(); err != nil {
		w.t.Error(err)
	}
}

// config is a runner's, with a checkpoint of its own. Nothing wakes it but the channel, and failures are soon taken up again.
func (w *world) config(tables *readTables) projections.Config {
	return projections.Config{
		Tables: tables.Write, Schema: w.topic(tables, w.engine.topic), Checkpoints: eventstore.Checkpoints{}, Decode: eventstore.MessageEvents, Projections: projections.All(),
		Checkpoint: projections.NewCheckpoint(tables.Read), Wake: w.wake, Logger: slog.New(slog.NewTextHandler(testWriter{w.t}, nil)),
		FallbackPoll: forever, RetryDelay: time.Millisecond, ResendInterval: time.Millisecond, GatherDelay: time.Millisecond,
	}
}

// topic is one of the log as a runner has it.
func (w *world) topic(tables *readTables, events eventstore.EventsTopic) *eventstore.AheadTopic {
	return &eventstore.AheadTopic{EventsTopic: events, DB: tables.ahead}
}

// running is a runner at work; stop ends it and gives what Run returned.
type running struct {
	checkpoint *projections.Checkpoint
	stop       func() error
}

func (w *world) run(cfg projections.Config) running {
	runner, err := projections.NewRunner(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner.Run(ctx) }()
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return w.await(ended)
	}
	w.t.Cleanup(func() { _ = stop() })
	return running{cfg.Checkpoint, stop}
}

// await gives what comes from a channel.
func (w *world) await(ch <-chan error) error {
	w.t.Helper()
	select {
	case err := <-ch:
		return err
	case <-time.After(patience):
		w.t.Fatal("waited in vain")
		return nil
	}
}

// until waits until a condition holds. It looks again and again, since what it waits for is in a database.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(time.Millisecond) // between two looks
	}
}

// caughtUp waits until the checkpoint is announced at the log's head.
func (w *world) caughtUp(r running) {
	w.t.Helper()
	w.until("the read tables have caught up", func() bool { return r.checkpoint.Announced() == w.machine.Head() })
}

func (w *world) mint() core.ID {
	w.minted++
	id := core.ID{0: 1, 6: 0x70}
	for i, n := 14, w.minted; n > 0; i, n = i-1, n>>8 { // the last byte is left to the ids of events
		id[i] = byte(n)
	}
	return id
}

// do decides intents, one commit for all, a second apart; refusals are part of life.
func (w *world) do(tenant core.ID, intents ...core.Intent) {
	w.t.Helper()
	err := w.log.Append(context.Background(), w.machine.Head(), func(time.Time, []core.Recorded) ([]core.Recorded, error) {
		for _, intent := range intents {
			w.clock += 1000
			c := core.Command{Tenant: tenant, At: w.clock, EventID: w.mint(), Intent: intent, Metadata: core.Metadata{Actor: core.Actor{Subject: "test", Role: "FDE"}}}
			if w.keyed {
				c.Metadata.Idempotency = core.Idempotency{Key: fmt.Sprint("key-", w.minted), Endpoint: "POST /here"}
			}
			var refusal *core.Error
			if _, err := w.machine.Step(c); err != nil && !errors.As(err, &refusal) {
				return nil, err
			}
		}
		return w.machine.Pending(), nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.machine.Commit()
	w.wakeUp()
}

func (w *world) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// history is all that the log holds.
func (w *world) history() []core.Recorded {
	var all []core.Recorded
	for r, err := range w.log.ReadAll(context.Background(), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

var tenants = []core.ID{{15: 0xa1}, {15: 0xb2}}

// live does n random commits, of few activities and provider ids, so that they meet.
func (w *world) live(r *rand.Rand, n int) {
	for range n {
		intents := make([]core.Intent, 1+r.IntN(4))
		for i := range intents {
			intents[i] = w.anyIntent(r)
		}
		w.do(tenants[r.IntN(len(tenants))], intents...)
	}
}

// fill brings the log to so many events and a few more, in few commits.
func (w *world) fill(r *rand.Rand, events core.Position) {
	for w.machine.Head() < events {
		intents := make([]core.Intent, 200)
		for i := range intents {
			intents[i] = w.anyIntent(r)
		}
		w.do(tenants[r.IntN(len(tenants))], intents...)
	}
}

func (w *world) anyIntent(r *rand.Rand) core.Intent {
	if r.IntN(8) == 0 {
		return w.tenantIntent(r)
	}
	provider := ""
	if r.IntN(4) > 0 {
		provider = fmt.Sprint("ext-", r.IntN(12))
	}
	if r.IntN(3) == 0 {
		return w.creation(r, provider)
	}
	if r.IntN(5) == 0 && len(w.sent) > 0 {
		return w.erasure(r)
	}
	if r.IntN(6) == 0 && len(w.made) > 0 {
		id := w.made[r.IntN(len(w.made))]
		if r.IntN(3) == 0 {
			return core.CancelActivity{ActivityID: id}
		}
		return core.DispatchActivity{ActivityID: id, ProviderActivityID: provider}
	}
	return w.submission(r, provider)
}

func (w *world) creation(r *rand.Rand, provider string) core.CreateActivity {
	c := core.CreateActivity{ActivityID: w.mint(), ActivityDetails: core.ActivityDetails{
		ActivityType: core.Task, Reason: "visit ñ", Channel: "SALESMAN", CommerceID: core.ID{9}, IdempotencyKey: fmt.Sprint("key-", w.minted), ScheduledAt: w.clock,
		ProviderActivityID: provider,
	}}
	w.made = append(w.made, c.ActivityID)
	if r.IntN(8) == 0 {
		c.ActivityType = core.Message
	}
	if r.IntN(2) == 0 {
		score := r.Float64()
		c.Score, c.AssignedRouteID, c.UserStatus, c.CommerceExternalID = &score, core.ID{8}, "active", "store-1"
	}
	return c
}

// erasure is of one of the last results, or of any activity's.
func (w *world) erasure(r *rand.Rand) core.ErasePersonal {
	if r.IntN(3) == 0 && len(w.made) > 0 {
		return core.ErasePersonal{ActivityID: w.made[r.IntN(len(w.made))]}
	}
	return core.ErasePersonal{ResultID: w.sent[max(0, len(w.sent)-1-r.IntN(10))]}
}

func (w *world) submission(r *rand.Rand, provider string) core.SubmitResult {
	s := core.SubmitResult{ResultID: w.mint(), Submission: core.Submission{
		ProviderActivityID: provider, CommerceExternalID: "store-001", OccurredAt: w.clock + core.Instant(r.IntN(3000)), Status: core.ResultStatus(1 + r.IntN(5)),
		Result: core.Catalog[r.IntN(len(core.Catalog))].Code, HardOverride: r.IntN(3) == 0,
	}}
	w.sent = append(w.sent, s.ResultID)
	if r.IntN(2) == 0 {
		s.Status = core.ResultPending
	}
	if r.IntN(5) == 0 {
		s.SentActivityID = core.ID{0: 2, 15: byte(r.IntN(5))}
	}
	if r.IntN(2) == 0 {
		at := w.clock
		s.FutureScheduledAt, s.ContactType, s.ExternalStatus = &at, "OUTBOUND", "DONE"
		s.Personal = core.Personal{
			Comment: fmt.Sprint("«ok» ", w.minted), OperatorExternalID: "op-7", RawPayload: []byte("{ \"b\":1.0,\n \"a\":\"\\u0000\" }"), Payload: []byte(`{"a":1,"a":2}`),
		}.Seal()
	}
	return s
}

// verify compares the read tables, whole, with a naive fold of what the checkpoint says they hold.
func (w *world) verify(tables *readTables) {
	w.t.Helper()
	var checkpoint int
	w.scan(tables, &checkpoint, `SELECT coalesce((SELECT position FROM checkpoints), 0)`)
	w.verifyIs(tables, w.history()[:checkpoint])
}

func (w *world) verifyIs(tables *readTables, history []core.Recorded) {
	w.t.Helper()
	want := fold(w.t, history)
	got := newNaive()
	q, ctx, moves := projections.NewQueries(tables.Read), context.Background(), 0
	var err error
	for key := range want.results {
		if got.results[key], err = q.Result(ctx, 0, key.Tenant, key.ID); err != nil {
			w.t.Fatal(err)
		}
	}
	for key := range want.activities {
		if got.activities[key], err = q.Activity(ctx, 0, key.Tenant, key.ID); err != nil {
			w.t.Fatal(err)
		}
		if got.moves[key], err = q.StatusEvents(ctx, 0, key.Tenant, key.ID); err != nil {
			w.t.Fatal(err)
		}
		moves += len(got.moves[key])
	}
	got.sent = w.submissions(tables)
	got.readTenants(w.t, q, want)
	if diff := difference(want, got); diff != "" {
		w.t.Fatalf("read tables differ from the log (-want +got):\n%s", diff)
	}
	var results, activities, transitions int
	w.scan(tables, &results, `SELECT count(*) FROM results`)
	w.scan(tables, &activities, `SELECT count(*) FROM activities`)
	w.scan(tables, &transitions, `SELECT count(*) FROM activity_transitions`)
	if results != len(want.results) || activities != len(want.activities) || transitions != moves {
		w.t.Fatalf("%d results, %d activities and %d transitions, want %d, %d and %d", results, activities, transitions, len(want.results), len(want.activities), moves)
	}
	w.countTenants(tables, want)
}

func (w *world) scan(tables *readTables, into any, query string, args ...any) {
	w.t.Helper()
	if err := tables.Read.QueryRow(query, args...).Scan(into); err != nil {
		w.t.Fatal(err)
	}
}

// testWriter sends the runner's logs to the test's.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(line []byte) (int, error) {
	w.t.Logf("%s", line)
	return len(line), nil
}
