package crashtest

import (
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

const (
	// briefStops is how often TestDatabaseStopped stops PostgreSQL as one test of many: with both nodes evenly used, and with one that has hardly anything to do. make crash has more.
	briefStops = 2

	// longestAway is the longest that PostgreSQL stays away after both nodes are seen to be red; but one stop in outlastEvery outlasts every client that waits for an answer.
	longestAway  = 300 * time.Millisecond
	outlastEvery = 20

	// goesOnWithin is how long nodes may take to go on when PostgreSQL is back. They try the log every tenth of a second; the read tables, after a long outage, every five seconds: this
	// is twice as long, for a machine that does other things too.
	goesOnWithin = 10 * time.Second
)

// TestDatabaseStopped stops PostgreSQL at once under the load of two nodes, as a crash would, and starts it again. The nodes live on and answer 503 meanwhile, go on by themselves, and all is
// true that anybody was told.
func TestDatabaseStopped(t *testing.T) {
	stops, r := roundsOf(t, briefStops)
	cluster := postgrestest.Own(t)
	var f *fleet
	var s *store
	var total tally
	for stop := range stops {
		if stop%storeRounds == 0 {
			if f != nil {
				f.end(t)
			}
			s = newStoreOn(t, cluster)
			f = newFleet(t, s.place, 2)
		}
		away := upTo(r, longestAway)
		if (stop+1)%outlastEvery == 0 {
			away = eventstore.AnswerTimeout + time.Second
		}
		total.add(s.stopRound(t, r, cluster, f, stop%2 == 1, away))
		if t.Failed() {
			t.Fatalf("stop %d", stop)
		}
	}
	judgeTables(t, r, s.place, readHistory(t, s.place).head())
	f.end(t)
	t.Logf("in all: %+v", total)
	if total.acknowledged == 0 || total.seen == 0 {
		t.Error("nothing was acknowledged, or nothing was seen through another node: this has shown nothing")
	}
}

// newStoreOn makes an empty database in a cluster.
func newStoreOn(t testing.TB, c *postgrestest.Cluster) *store {
	t.Helper()
	readProgram(t)
	dsn, _, err := c.CreateDatabase(t.Context()) // it goes with the cluster
	if err != nil {
		t.Fatal(err)
	}
	return &store{world: newWorld(), place: place{dsn: dsn}}
}

// stopRound stops PostgreSQL once under load, and judges.
func (s *store) stopRound(t testing.TB, r *rand.Rand, c *postgrestest.Cluster, f *fleet, crowded bool, away time.Duration) (met tally) {
	t.Helper()
	known, seen := len(s.writes), len(s.seen)
	load := s.loadNodes(f, r, crowded)
	s.awaitMore(t)
	time.Sleep(loadTime(r)) // the moment is the test
	if err := c.StopImmediately(); err != nil {
		t.Fatal(err)
	}
	from := time.Now()
	for _, node := range f.nodes {
		await(t, "red", func() bool { return !node.ready() })
	}
	for _, node := range f.nodes {
		s.judgeAway(t, r, node)
	}
	time.Sleep(away)
	to := time.Now()
	if err := c.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitGoingOn(t, f)
	s.awaitMore(t)
	load.halt()
	load.wait()
	t.Logf("PostgreSQL was away for %s", to.Sub(from).Round(time.Millisecond))
	s.judgeWindow(t, fault{records: nothing, outlast: away > longestAway}, from, to)
	met = s.concludeNodes(t, r, f, known)
	met.seen = len(s.seen) - seen
	t.Logf("%+v", met)
	return met
}

// judgeAway looks at what a node answers while PostgreSQL is away: that it is there, and that nothing can be read. What it answers to writes, the clients see.
func (s *store) judgeAway(t testing.TB, r *rand.Rand, node *server) {
	t.Helper()
	c := newClient()
	defer c.close()
	one := "/api/activities/" + some(s.world, r, s.activities, tenants[0]).id
	for path, status := range map[string]int{
		"/livez": http.StatusOK, "/readyz": http.StatusServiceUnavailable, typesPath: http.StatusServiceUnavailable, "/api/activity-results": http.StatusServiceUnavailable,
		one: http.StatusServiceUnavailable, one + "?consistency=eventual": http.StatusServiceUnavailable,
	} {
		response, err := c.http.Do(request(http.MethodGet, node.base+path, tenants[0], nil))
		if err != nil {
			t.Errorf("GET %s while PostgreSQL was away: %v", path, err)
			continue
		}
		body, _ := io.ReadAll(response.Body) // it is only shown
		response.Body.Close()
		if response.StatusCode != status || status == http.StatusServiceUnavailable && response.Header.Get("Retry-After") == "" {
			t.Errorf("GET %s was answered %d while PostgreSQL was away, with Retry-After %q: %s", path, response.StatusCode, response.Header.Get("Retry-After"), body)
		}
	}
}

// awaitGoingOn waits until both nodes are ready and have recorded something that was sent to them and show it, and judges how long that took since PostgreSQL was back.
func (s *store) awaitGoingOn(t testing.TB, f *fleet) {
	t.Helper()
	back := time.Now()
	c := newClient()
	defer c.close()
	for _, node := range f.nodes {
		await(t, "ready again", node.ready)
		one := s.create(tenants[0], "/api/activities", "")
		c.settle(t, node, []*write{one})
		if a := one.acknowledgement(); a == nil {
			t.Errorf("a write is not acknowledged, though PostgreSQL is back: %+v", one.latest())
		} else if r := c.get(node.base, one.subject(), one.tenant, nil); r.status != http.StatusOK {
			t.Errorf("GET %s is answered %d, though PostgreSQL is back: %s", r.path, r.status, r.body)
		}
		if !node.alive() {
			t.Fatalf("a node has ended: %v\n%s", node.cmd.ProcessState, node.output.Tail())
		}
	}
	if took := time.Since(back); took > goesOnWithin {
		t.Errorf("the nodes went on %s after PostgreSQL was back", took)
	} else {
		t.Logf("the nodes went on %s after PostgreSQL was back", took.Round(time.Millisecond))
	}
}
