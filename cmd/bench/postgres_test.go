package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// openDir is an empty directory that another user may go through, as PostgreSQL's does when the test is run by root.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

// needPostgres skips a test, or fails it where PostgreSQL must not be missing.
func needPostgres(t *testing.T) {
	t.Helper()
	_, err := postgrestest.Binaries()
	switch {
	case err != nil && os.Getenv("RESULTLOG_REQUIRE_POSTGRES") != "":
		t.Fatal(errNoPostgres)
	case err != nil:
		t.Skip(errNoPostgres)
	}
}

// shared is one cluster for all tests that measure on PostgreSQL.
var shared struct {
	sync.Once
	*postgrestest.Cluster
	error
}

// sharedCluster starts it; nil where PostgreSQL is not, unless it must be.
func sharedCluster(t *testing.T) *postgrestest.Cluster {
	t.Helper()
	if _, err := postgrestest.Binaries(); err != nil && os.Getenv("RESULTLOG_REQUIRE_POSTGRES") == "" {
		return nil
	}
	shared.Do(func() { shared.Cluster, shared.error = postgrestest.Start(context.Background()) })
	if shared.error != nil {
		t.Fatal(shared.error)
	}
	return shared.Cluster
}

// The whole way of a run on PostgreSQL, for those who keep their data there.
func TestMeasureOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("builds resultlog")
	}
	needPostgres(t)
	product := built(t)
	s := settings{dir: openDir(t), token: product.token, length: 100 * time.Millisecond, shared: sharedCluster(t)}
	for _, c := range product.postgresContenders() {
		got, err := s.measure(t.Context(), c, 4, 2000)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got.Requests < 1 || got.Rate <= 0 || (c.settle != nil && got.Lag <= 0) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A rate counts only if the nodes kept together what was acknowledged.
func TestVerifyReadsTheLogOnPostgres(t *testing.T) {
	if testing.Short() {
		t.Skip("builds resultlog")
	}
	needPostgres(t)
	product := built(t)
	c, s := product.twoNodes(), settings{dir: openDir(t), token: product.token}
	err := s.onServer(t.Context(), c, func(at place) ([]core.ID, error) {
		if len(at.addrs) != 2 || at.addrs[0] == at.addrs[1] {
			t.Errorf("two nodes listen on %v", at.addrs)
		}
		return []core.ID{{7}}, nil // which nobody has submitted
	})
	if !errors.Is(err, errNotKept) || !strings.Contains(err.Error(), "stands 0 times") {
		t.Errorf("%v, want %v", err, errNotKept)
	}
}

func TestClientsAreSharedByTheNodes(t *testing.T) {
	asked := make([]*int, 2)
	var at place
	for i := range asked {
		handler, n := answers(204)
		asked[i] = n
		at.addrs = append(at.addrs, clientsOf(t, handler, 1)[0].conn.RemoteAddr().String())
	}
	clients, err := connect(6, at.addrs...)
	if err != nil {
		t.Fatal(err)
	}
	defer clients.close()
	for _, c := range clients {
		if _, err := c.send(readBack(testToken, core.ID{1}).text); err != nil {
			t.Fatal(err)
		}
	}
	if *asked[0] != 3 || *asked[1] != 3 {
		t.Errorf("%d and %d of 6 clients", *asked[0], *asked[1])
	}
}

func TestContenderTakes(t *testing.T) {
	for _, row := range []struct {
		c       contender
		clients int
		want    bool
	}{
		{contender{}, 1, true}, {contender{nodes: 2}, 1, false}, {contender{nodes: 2}, 2, true},
		{contender{only: []int{64, 256}}, 256, true}, {contender{only: []int{64, 256}}, 1, false},
	} {
		if got := row.c.takes(row.clients); got != row.want {
			t.Errorf("%+v takes %d clients: %v", row.c, row.clients, got)
		}
	}
}

// Without PostgreSQL the rest is measured, unless there is no rest.
func TestPostgresIsLeftOutWithoutItsPrograms(t *testing.T) {
	missing := func() (string, error) { return "", errors.New("nothing is installed") }
	if version, err := (benchCommand{}).postgres(t.Context(), missing); version != "" || err != nil {
		t.Errorf("%q, %v: the rest is measured", version, err)
	}
	if _, err := (benchCommand{Only: postgresPart}).postgres(t.Context(), missing); !errors.Is(err, errNoPostgres) {
		t.Errorf("%v, want %v: nothing else was asked for", err, errNoPostgres)
	}
	needPostgres(t)
	if version, err := (benchCommand{}).postgres(t.Context(), postgrestest.Binaries); err != nil || !strings.HasPrefix(version, "PostgreSQL 1") {
		t.Errorf("%q, %v", version, err)
	}
	if version, err := (benchCommand{Only: ratesPart}).postgres(t.Context(), postgrestest.Binaries); version != "" || err != nil {
		t.Errorf("%q, %v: it was not asked for", version, err)
	}
}

// What a contender is stocked for is what it did before; before it did anything, what a limit allows; and where none was measured, what is about right.
func TestExpectedRates(t *testing.T) {
	slow, elsewhere := contender{name: postgresName, onPostgres: true}, contender{name: knownName}
	runs := results{{Contender: ceilingName, Clients: 64, Rate: 10_000}, {Contender: plainFileName, Clients: 64, Rate: 7000}}
	for name, got := range map[string][2]float64{
		"a share of the ceiling on PostgreSQL":      {runs.expected(slow, 64), 3000},
		"the plain file's on the embedded store":    {runs.expected(elsewhere, 64), 7000},
		"nothing was measured with so many clients": {runs.expected(elsewhere, 1), firstRate},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v, want %v", name, got[0], got[1])
		}
	}
	other := append(runs[:2:2], run{Contender: knownName, Clients: 16, Rate: 200, Seconds: 1})
	if got := other.expected(elsewhere, 1); got != 300 {
		t.Errorf("%v, want half again as much as it did with other clients, where no limit was measured", got)
	}
	if got := other.expected(elsewhere, 64); got != 7000 {
		t.Errorf("%v, want the limit's, whatever it did with other clients", got)
	}
	for _, c := range []contender{slow, elsewhere} {
		taught := append(runs, run{Contender: c.name, Clients: 64, Rate: 500, Seconds: 4, Lag: 2000}, run{Contender: c.name, Clients: 64, Rate: 10, Seconds: 1})
		if got := taught.expected(c, 64); got != 1500 {
			t.Errorf("%s: %v after two rounds, want half again as much as the better one's 1000 while answers came", c.name, got)
		}
	}
}

// What is interrupted leaves nothing behind either.
func TestFindLeavesNothingBehind(t *testing.T) {
	needPostgres(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := settings{dir: openDir(t)}
	if at, _, err := s.find(ctx, contender{onPostgres: true}); err == nil {
		t.Errorf("%+v", at)
	}
	if left, err := os.ReadDir(s.dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
