package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/projections"
)

// onEachStore runs a test on the embedded store and on PostgreSQL.
func onEachStore(t *testing.T, test func(t *testing.T, place string)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, t.TempDir()) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgrestest.Database(t)) })
}

// commandOn runs a subcommand that must succeed on a store.
func commandOn(t *testing.T, place string, args ...string) string {
	t.Helper()
	return command(t, append(args, in(place)...)...)
}

// withTables opens the store in a place for some work.
func withTables(t *testing.T, place string, work func(*store) error) {
	t.Helper()
	if err := flagsOf(place).withStore(t.Context(), work); err != nil {
		t.Fatal(err)
	}
}

// TestRebuildOnline beside a server, whose tables are wrong: they are right afterwards, for who asks the server. What it says is told in words, or as JSON.
func TestRebuildOnline(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		server := serveOn(t, place)
		const extOne = `"provider_activity_id":"ext-1"`
		server.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", extOne))
		result := "/api/activity-results/" + field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(extOne, "COMPLETED", now(), false)), "id")
		status := func() string {
			return field(server.must(t, http.StatusOK, "GET", result, ""), "resultStatus")
		}
		for _, flags := range [][]string{nil, {"--json"}, {"--json"}} {
			status() // once the tables have it
			withTables(t, place, func(s *store) error {
				_, err := s.tables.ExecContext(t.Context(), `UPDATE results SET status = 'CANCELED'`)
				return err
			})
			if got := status(); got != "CANCELED" {
				t.Fatalf("the wrong tables say %s", got)
			}
			out := commandOn(t, place, append([]string{"rebuild", "--online"}, flags...)...)
			if want := []string{"rebuilt the read tables from 3 events in ", `{"events":3,"parked":0,"seconds":0.`}[len(flags)]; !strings.HasPrefix(out, want) {
				t.Errorf("it says %s; want %s", out, want)
			}
			if got := status(); got != "COMPLETED" {
				t.Errorf("the new tables say %s", got)
			}
		}
		server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false))
		if got := server.total(t); got != 2 {
			t.Errorf("%d results, want 2", got)
		}
		server.stop()
		if out := commandOn(t, place, "rebuild", "--online"); !strings.Contains(out, "from 4 events") {
			t.Errorf("without a server it says %s", out)
		}
	})
}

// TestRebuildOnlineIsOneAtATime: the second is refused, with an exit code of 1 and a hint.
func TestRebuildOnlineIsOneAtATime(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		commandOn(t, place, "migrate")
		first, err := flagsOf(place).openNext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		code, out, told := typed(t, append([]string{"rebuild", "--online"}, in(place)...)...)
		if code != 1 || out != "" || !strings.Contains(told, "another online rebuild is at work") || !strings.Contains(told, "let it finish, or cancel it") {
			t.Errorf("exit code %d: %s%s", code, out, told)
		}
		commandOn(t, place, "rebuild") // in place is another matter
		if err := first.closed(); err != nil {
			t.Fatal(err)
		}
		commandOn(t, place, "rebuild", "--online")
	})
}

// cancelling is a log that cancels when its head is asked for again.
type cancelling struct {
	storedLog
	cancel context.CancelFunc
	asked  int
}

// Head implements storedLog.
func (c *cancelling) Head(ctx context.Context) (core.Position, error) {
	if c.asked++; c.asked > 1 {
		c.cancel()
	}
	return c.storedLog.Head(ctx)
}

// TestRebuildOnlineCancelled: it says that nothing is lost, and how to go on.
func TestRebuildOnlineCancelled(t *testing.T) {
	unraced(t)
	onEachStore(t, func(t *testing.T, place string) {
		server := serveOn(t, place)
		server.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", ""))
		withTables(t, place, func(s *store) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s.log = &cancelling{storedLog: s.log, cancel: cancel}
			c := rebuildCommand{storeFlags: flagsOf(place), Online: true}
			err := c.rebuildOnline(ctx, console{out: t.Output(), err: t.Output()}, s)
			if err == nil || !strings.Contains(err.Error(), "the old tables serve on, and the same command goes on from position 0: ") {
				t.Errorf("it says %v", err)
			}
			return nil
		})
		if out := commandOn(t, place, "rebuild", "--online"); !strings.Contains(out, "from 1 events") {
			t.Errorf("the next one says %s", out)
		}
	})
}

// TestRebuildOnlineKilledAtAnyMoment, again and again, beside a server under load: nobody notices. The next one completes what it finds, and the tables are those that a rebuild in place makes.
func TestRebuildOnlineKilledAtAnyMoment(t *testing.T) {
	unraced(t)
	const batches, kills = 6, 8
	onEachStore(t, func(t *testing.T, place string) {
		server := serveOn(t, place)
		for n := range batches {
			server.submitBatch(t, batchOf(n+1))
		}
		client := &busyClient{t: t, server: server, stopping: make(chan struct{})}
		client.all.Go(client.write)
		client.all.Go(client.read)
		begin := time.Now()
		if !killAfter(t, place, startLimit, os.Interrupt) {
			t.Error("it was not done in time")
		}
		ended, whole := make(map[string]int), time.Since(begin)
		for n := range kills {
			signal, way := os.Signal(syscall.SIGKILL), "killed"
			if n%3 == 2 {
				signal, way = os.Interrupt, "cancelled"
			}
			if killAfter(t, place, rand.N(whole+whole/10), signal) {
				way = "done"
			}
			ended[way]++
		}
		out := commandOn(t, place, "rebuild", "--online")
		close(client.stopping)
		client.all.Wait()
		t.Logf("%v, the last one: %s, %d writes, %d reads, %d of them told to retry", ended, out, client.wrote, client.looked, client.behind)
		if ended["killed"] == 0 || client.wrote == 0 || client.looked == 0 {
			t.Error("that tells nothing")
		}
		online := allRows(t, server, place)
		commandOn(t, place, "rebuild")
		if diff := cmp.Diff(allRows(t, server, place), online); diff != "" {
			t.Errorf("-rebuilt in place +rebuilt online\n%s", diff)
		}
	})
}

// TestRebuildOnlineByTheOwner beside a node that may do no more than it must (docs/deploy/roles.sql): the node goes on, and is told who can when it is asked to do it itself. Analysts go on too, and
// never see more than they may.
func TestRebuildOnlineByTheOwner(t *testing.T) {
	unraced(t)
	admin := postgrestest.Own(t).DSN("postgres")
	pgTool(t, "psql", "--no-psqlrc", "--quiet", "--dbname="+admin, "--file="+filepath.Join("..", "..", "docs", "deploy", "roles.sql"))
	as := func(role string) string { return admin + "&user=" + role }
	commandOn(t, as("resultlog_owner"), "migrate")
	node := as("resultlog_runtime")
	server := serveOn(t, node)
	for n := range 3 {
		server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false))
		if got := server.total(t); got != n+1 {
			t.Errorf("%d results, want %d", got, n+1)
		}
		commandOn(t, as("resultlog_owner"), "rebuild", "--online")
		mustReadViewsAlone(t, as("resultlog_analyst"), n+1)
	}
	commandOn(t, node, "rebuild")
	if got := server.total(t); got != 3 {
		t.Errorf("%d results, want 3", got)
	}
	if code, _, told := typed(t, append([]string{"rebuild", "--online"}, in(node)...)...); code != 1 || !strings.Contains(told, "resultlog_owner") || !strings.Contains(told, "without --online") {
		t.Errorf("exit code %d: %s", code, told)
	}
}

// TestWhatIsLeftIsOfOneProgramAndOneShape: who takes up what a rebuild has left must be who would make the same.
func TestWhatIsLeftIsOfOneProgramAndOneShape(t *testing.T) {
	schema := func(text string) fs.FS {
		return fstest.MapFS{"00001_a.sql": {Data: []byte(text)}, "notes.txt": {Data: []byte(text)}}
	}
	makers := map[string]string{"one": makerOf(schema("one")), "two": makerOf(schema("two")), "SQLite": makerOf(projections.SQLiteSchema()), "PostgreSQL": makerOf(projections.PostgresSchema())}
	for name, maker := range makers {
		for other, of := range makers {
			if name != other && maker == of {
				t.Errorf("%s and %s have the same maker, %s", name, other, maker)
			}
		}
	}
	if again := makerOf(projections.SQLiteSchema()); again != makers["SQLite"] || !strings.HasPrefix(again, thisBuild().String()) {
		t.Errorf("the maker is %s, and was %s", again, makers["SQLite"])
	}
}

// killAfter runs an online rebuild as a process of its own, and sends it a signal after a while, if it has not ended by then. It reports whether it has done its work.
func killAfter(t *testing.T, place string, after time.Duration, signal os.Signal) (done bool) {
	t.Helper()
	var told bytes.Buffer
	cmd := exec.Command("resultlog", append([]string{"rebuild", "--online"}, in(place)...)...) // TestMain has put it on the path
	cmd.Stderr = &told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var sent atomic.Bool
	timer := time.AfterFunc(after, func() { sent.Store(true); _ = cmd.Process.Signal(signal) }) // the moment is the test; an error: it has ended already
	defer timer.Stop()
	switch _ = cmd.Wait(); {
	case cmd.ProcessState.Success():
		return true
	case strings.Contains(told.String(), "another online rebuild is at work"): // PostgreSQL has not noticed yet that the one before was killed
	case !sent.Load() || strings.Contains(told.String(), "panic"):
		t.Errorf("it ended by itself: %s", told.String())
	}
	return false
}

// busyClient writes and reads until it is stopped.
type busyClient struct {
	*server
	t                     *testing.T
	stopping              chan struct{}
	all                   sync.WaitGroup
	wrote, looked, behind int
}

func (c *busyClient) going() bool {
	select {
	case <-c.stopping:
		return false
	default:
		return !c.t.Failed()
	}
}

// write submits, and reads what was accepted until it is there.
func (c *busyClient) write() {
	for c.going() {
		status, answer, err := c.call(context.Background(), "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false), nil)
		if err != nil || status != http.StatusCreated {
			c.t.Errorf("submitting: %d %s %v", status, answer, err)
			return
		}
		c.wrote++
		id := field(string(answer), "id")
		for status = http.StatusServiceUnavailable; status == http.StatusServiceUnavailable && c.going(); {
			if status, answer, err = c.call(context.Background(), "GET", "/api/activity-results/"+id, "", nil); err != nil || status != http.StatusOK && status != http.StatusServiceUnavailable {
				c.t.Errorf("reading what was accepted: %d %s %v", status, answer, err)
			}
			if status == http.StatusServiceUnavailable {
				c.behind++
			}
		}
	}
}

// read lists without waiting: there are never fewer results than there were.
func (c *busyClient) read() {
	total := regexp.MustCompile(`"total":(\d+)`)
	for most := 0; c.going(); c.looked++ {
		status, answer, err := c.call(context.Background(), "GET", "/api/activity-results?limit=1&consistency=eventual", "", nil)
		found := total.FindSubmatch(answer)
		if err != nil || status != http.StatusOK || found == nil {
			c.t.Errorf("listing: %d %s %v", status, answer, err)
			return
		}
		n, err := strconv.Atoi(string(found[1]))
		if err != nil || n < most {
			c.t.Errorf("the list had %d results, and now has %d, %v", most, n, err)
		}
		most = max(most, n)
	}
}

// allRows gives all rows of all read tables, sorted, once a server has brought them to the end of the log.
func allRows(t *testing.T, server *server, place string) (all []string) {
	t.Helper()
	server.total(t)
	withTables(t, place, func(s *store) error {
		for _, table := range []string{"results", "activities", "activity_transitions", "submissions", "idempotency_keys", "task_result_types", "api_keys", "dead_letters", "checkpoints"} {
			rows, err := s.read.QueryContext(t.Context(), "SELECT * FROM "+table)
			if err != nil {
				return err
			}
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			values, places := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				places[i] = &values[i]
			}
			for rows.Next() {
				if err := rows.Scan(places...); err != nil {
					return err
				}
				all = append(all, fmt.Sprint(table, " ", values))
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	slices.Sort(all)
	return all
}
