package postgrestest

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
)

// tailLines is how much of a server's log a failed test shows: what was said during a test, and rarely more.
const tailLines = 40

// shared is the cluster of this test binary, which the first call of Database starts: a second for all tests, instead of one for each.
var shared struct {
	once    sync.Once
	cluster *Cluster
	err     error
}

// Database makes an empty database for a test, and drops it at the end of the test. It is in the cluster that RESULTLOG_TEST_POSTGRES names, as the DSN of a role that may create databases;
// else in one that this test binary starts, and Stop ends. Without the server's programs the test is skipped, or fails if RESULTLOG_REQUIRE_POSTGRES is set: where it is known that they
// are there, nothing is skipped silently.
func Database(t testing.TB) (dsn string) {
	t.Helper()
	create := func(ctx context.Context) (string, func(context.Context) error, error) {
		return createDatabase(ctx, os.Getenv("RESULTLOG_TEST_POSTGRES"))
	}
	if os.Getenv("RESULTLOG_TEST_POSTGRES") == "" {
		shared.once.Do(func() { shared.cluster, shared.err = startPatiently() })
		if shared.err != nil {
			giveUp(t, shared.err)
		}
		create = shared.cluster.CreateDatabase
		t.Cleanup(func() { tell(t, shared.cluster) })
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	dsn, drop, err := create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := drop(ctx); err != nil {
			t.Errorf("drop the database of a test: %v", err)
		}
	})
	return dsn
}

// Own starts a cluster for one test alone, which may stop it and start it again, and closes it at the end of the test. Without the server's programs the test is skipped or fails, as by
// Database; RESULTLOG_TEST_POSTGRES does not help, since that cluster is not ours to stop.
func Own(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c, err := startPatiently(settings...)
	if err != nil {
		giveUp(t, err)
	}
	t.Cleanup(func() {
		tell(t, c)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// Stopping runs tests and then ends the cluster that they have shared: in TestMain, goleak.VerifyTestMain(postgrestest.Stopping{M: m}), since goleak must look after that.
type Stopping struct{ *testing.M }

// Run implements what goleak.VerifyTestMain wants of a *testing.M.
func (m Stopping) Run() int {
	defer Stop()
	return m.M.Run()
}

// Stop ends the cluster of this test binary, if a test started it. It is for TestMain, when all tests have run and before goleak looks; no goroutine of this package is left then.
func Stop() {
	shared.once.Do(func() { shared.err = errors.New("postgrestest.Stop was called before") })
	if shared.cluster != nil {
		_ = shared.cluster.Close() // the tests are over: nobody is left to fail
	}
}

func startPatiently(settings ...string) (*Cluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return Start(ctx, settings...)
}

// giveUp skips a test for which the server's programs are missing, unless they must not be, and fails it for any other error.
func giveUp(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, errNoPrograms) && os.Getenv("RESULTLOG_REQUIRE_POSTGRES") == "" {
		t.Skip(err)
	}
	t.Fatal(err)
}

// tell logs what a server said last, if the test failed.
func tell(t testing.TB, c *Cluster) {
	if t.Failed() {
		t.Logf("the PostgreSQL server said last:\n%s", tail(c.Log()))
	}
}

// tail is the last lines of a log.
func tail(log string) string {
	lines := strings.SplitAfter(log, "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "")
}
