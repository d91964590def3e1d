package eventstore_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/eventstoretest"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
)

const (
	commandsInAll  = 1000                 // of all clients of all nodes: enough that every fault meets every kind of command
	clientsOfANode = 6                    // at once, so that a batch holds several that are about the same
	fewNames       = 4                    // of provider ids, activities and keys, in each tenant, so that nodes meet
	faultsIn       = 4                    // one commit in so many goes wrong
	cutsIn         = 150                  // after so many commands the server ends all sessions
	promptly       = 2 * time.Millisecond // how often nodes follow here: a test does not wait for a quarter of a second
)

// openPostgres gives a handle of a log of its own, as a process has one.
func openPostgres(t *testing.T, dsn string) *postgres.Log {
	t.Helper()
	log, err := postgres.OpenLog(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}

// person is somebody at psql, who may do everything, one thing at a time.
func person(t *testing.T, dsn string) func(statement string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	var typing sync.Mutex
	return func(statement string) {
		t.Helper()
		typing.Lock()
		defer typing.Unlock()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Error(err)
		}
	}
}

// mustFollowTo waits until a node, to which nobody submits anything, has come to the head of the log by itself.
func mustFollowTo(t *testing.T, n *node, log eventstore.Log) {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return counted(t, n, "resultlog_log_head") >= float64(head) })
}

// TestNodesRememberTheSame: three nodes on one database, before two of which commits fail, definitely and indefinitely, written and not, and now and then all sessions are cut off. However
// they meet, what each remembers at the end is what the log says, and no more.
func TestNodesRememberTheSame(t *testing.T) {
	dsn, seed := postgrestest.Database(t), rand.Uint64()
	t.Logf("seed %d", seed)
	meeting := &meeting{seed: seed, cut: person(t, dsn)}
	truth := openPostgres(t, dsn)
	for i := range 3 {
		var log eventstore.Log = openPostgres(t, dsn)
		if i > 0 {
			faulty := eventstoretest.NewFaulty(log)
			meeting.faulty = append(meeting.faulty, faulty)
			log = faulty
		}
		n := startWith(t, eventstore.SequencerConfig{Log: log, Follow: promptly})
		waitFor(t, func() bool { return n.Ready() == nil }) // a log that cannot be read at the start ends a node
		meeting.nodes = append(meeting.nodes, n)
	}
	outcomes := meeting.submit()
	checkLog(t, truth, outcomes)
	codes := map[core.Code]int{}
	for _, o := range outcomes {
		codes[codeOf(o.err)]++
	}
	t.Log(codes)
	for _, code := range []core.Code{"", core.CodeUnavailable, core.CodeStaleResult, core.CodeInvalidTransition, core.CodeDuplicateActivity, core.CodeProviderIDConflict} {
		if codes[code] == 0 {
			t.Errorf("nobody was told %q, so that nothing is proven of it", code)
		}
	}
	for _, faulty := range meeting.faulty {
		faulty.FailReads(0)
	}
	for _, n := range meeting.nodes {
		mustFollowTo(t, n, truth)
		mustRemember(t, n, truth)
	}
}

// meeting is clients of several nodes, who are about the same few things.
type meeting struct {
	nodes  []*node
	faulty []*eventstoretest.Faulty
	seed   uint64
	cut    func(statement string)
	asked  atomic.Int64

	mu         sync.Mutex
	activities []core.ID
	keys       []core.ID
}

// submit lets the clients submit until all commands are asked, and gives what they were told.
func (m *meeting) submit() (all []outcome) {
	var clients sync.WaitGroup
	var mu sync.Mutex
	for i := range clientsOfANode * len(m.nodes) {
		n, r := m.nodes[i%len(m.nodes)], rand.New(rand.NewPCG(m.seed, uint64(i)))
		clients.Go(func() {
			for asked := m.asked.Add(1); asked <= commandsInAll; asked = m.asked.Add(1) {
				m.spoil(r, asked)
				command := m.draw(r)
				receipt, err := n.Submit(context.Background(), command)
				m.learn(command, err)
				mu.Lock()
				all = append(all, outcome{command, receipt, err})
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	return all
}

// spoil lets something go wrong with a commit or a read to come.
func (m *meeting) spoil(r *rand.Rand, asked int64) {
	faulty := m.faulty[r.IntN(len(m.faulty))]
	if faulty.Left() == 0 && r.IntN(faultsIn) == 0 {
		faulty.Next(eventstoretest.FailsBeforeDecide+eventstoretest.Fault(r.IntN(4)), eventstoretest.NoFault)
	}
	if r.IntN(10*faultsIn) == 0 {
		faulty.FailReads(1 + r.IntN(2))
	}
	if asked%cutsIn == 0 {
		m.cut(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
	}
}

// learn remembers what can be named from now on, even if nobody knows whether it is there.
func (m *meeting) learn(c core.Command, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch in := c.Intent.(type) {
	case core.CreateActivity:
		if err == nil || codeOf(err) == core.CodeOutcomeUnknown {
			m.activities = append(m.activities, in.ActivityID)
		}
	case core.IssueAPIKey:
		m.keys = append(m.keys, in.KeyID)
	}
}

// draw makes up a command about one of the few things.
func (m *meeting) draw(r *rand.Rand) core.Command {
	m.mu.Lock()
	defer m.mu.Unlock()
	name, activity, key := fmt.Sprint("ext-", r.IntN(fewNames)), mint(), mint()
	if n := len(m.activities); n > 0 {
		activity = m.activities[max(0, n-1-r.IntN(fewNames))]
	}
	if n := len(m.keys); n > 0 {
		key = m.keys[r.IntN(n)]
	}
	c := core.Command{Tenant: tenantA, EventID: mint()}
	switch n := r.IntN(100); {
	case n < 50:
		c = keyedSometimes(r, m.submission(r, name, activity))
	case n < 70:
		c.Intent = core.CreateActivity{ActivityID: mint(), ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, IdempotencyKey: fmt.Sprint(r.IntN(commandsInAll / 20)), ProviderActivityID: [...]string{"", "", name}[r.IntN(3)]}}
	case n < 80:
		c.Intent = core.DispatchActivity{ActivityID: activity, ProviderActivityID: [...]string{"", name}[r.IntN(2)]}
	case n < 86:
		c.Intent = core.CancelActivity{ActivityID: activity}
	case n < 94:
		c, _ = issue(fmt.Sprint("key ", len(m.keys)))
	default:
		c.Intent = core.RevokeAPIKey{KeyID: key}
	}
	return c
}

func (m *meeting) submission(r *rand.Rand, name string, activity core.ID) core.Command {
	c := standalone(name)
	in := c.Intent.(core.SubmitResult)
	in.Status = core.ResultPending + core.ResultStatus(max(0, r.IntN(8)-3)) //nolint:gosec // there are five
	in.OccurredAt = core.InstantOf(time.Now().Add(time.Hour * time.Duration(r.IntN(5)-1)))
	in.HardOverride = r.IntN(4) == 0
	if r.IntN(2) == 0 {
		in.ProviderActivityID, in.SentActivityID = "", activity
	}
	c.Intent = in
	return c
}

// keyedSometimes lets one submission in five come with a key that others have as well.
func keyedSometimes(r *rand.Rand, c core.Command) core.Command {
	if r.IntN(5) > 0 {
		return c
	}
	return keyed(c, fmt.Sprint("key ", r.IntN(commandsInAll/20)))
}
