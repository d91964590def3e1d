package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// export is the tenant's history over HTTP.
func (s *server) export(t *testing.T, path string) string {
	t.Helper()
	status, body, err := s.call(t.Context(), http.MethodGet, path, "", http.Header{"Accept": {"application/x-ndjson"}})
	if err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s %v", path, status, body, err)
	}
	return string(body)
}

// printed is what resultlog events prints.
func printed(t *testing.T, place string, args ...string) string {
	t.Helper()
	var out, log strings.Builder
	if code := run(t.Context(), append(append([]string{"events", "--tenant", testTenant}, in(place)...), args...), console{out: &out, err: &log}); code != 0 {
		t.Fatalf("events %s: %d %s", args, code, log.String())
	}
	return out.String()
}

// after is the first moment that a record can have after the one of at.
func after(t *testing.T, at string) string {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	return moment.Add(time.Millisecond).Format(time.RFC3339Nano)
}

// TestHistoryOnEveryStore: over HTTP and from the command line, beside a server, the same events are the same bytes; each is read back as what the log holds.
func TestHistoryOnEveryStore(t *testing.T) {
	for name, place := range map[string]string{"embedded": t.TempDir(), "PostgreSQL": postgrestest.Database(t)} {
		t.Run(name, func(t *testing.T) {
			s := serveOn(t, place)
			created := s.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", `"provider_activity_id":"p"`))
			activity, begin := field(created, "id"), after(t, field(created, "createdAt"))
			result := field(s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(`"provider_activity_id":"p"`, "PENDING", begin, false)), "id")
			pending := s.export(t, "/api/activities/"+activity+"/events")
			if got := printed(t, place, "--activity", activity); got != pending || strings.Count(got, "\n") != 2 {
				t.Errorf("while the result is PENDING, printed\n%s\nand over HTTP\n%s", got, pending)
			}
			for range 30 {
				s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false))
			}
			s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(`"provider_activity_id":"p"`, "COMPLETED", now(), false))
			all := s.export(t, "/api/events")
			for path, args := range map[string][]string{
				"/api/events": nil, "/api/events?after=7": {"--after", "7"}, "/api/events?type=ResultSubmitted&after=1": {"--type", "ResultSubmitted", "--after", "1"},
				"/api/activities/" + activity + "/events": {"--activity", activity}, "/api/activity-results/" + result + "/events": {"--result", result},
				"/api/events?after=2&activity_id=" + activity: {"--after", "2", "--activity", activity},
				"/api/events?from=" + begin:                   {"--from", begin},
			} {
				over, typed := s.export(t, path), printed(t, place, args...)
				if over != typed || over == "" || over == all && path != "/api/events" {
					t.Errorf("%s gives\n%s\nand resultlog events %s prints\n%s", path, over, args, typed)
				}
			}
			at := core.Position(0)
			for line := range strings.Lines(all) {
				e, err := core.ParseEntry([]byte(strings.TrimSuffix(line, "\n")))
				if at++; err != nil || e.TenantPosition != at {
					t.Errorf("line %d: %v %+v", at, err, e)
				}
			}
			if at != 34 {
				t.Errorf("%d events", at)
			}
		})
	}
}

// TestFollowing: resultlog events --follow prints what servers record while it runs, until Ctrl-C.
func TestFollowing(t *testing.T) {
	dir := t.TempDir()
	s := serveOn(t, dir)
	submit := func() {
		s.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false))
	}
	submit()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, in := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"events", "--data", dir, "--tenant", testTenant, "--follow", "--type", "ResultSubmitted"}, console{out: in, err: io.Discard})
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	for at := 1; at <= 3; at++ {
		if !lines.Scan() || !strings.Contains(lines.Text(), fmt.Sprintf(`"tenantPosition":%d,`, at)) {
			t.Fatalf("line %d is %q", at, lines.Text())
		}
		submit()
	}
	cancel()
	for lines.Scan() {
	}
	if code := <-exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestNobodyReadsOn: a reader that has seen enough, like head, ends it without a complaint.
func TestNobodyReadsOn(t *testing.T) {
	dir := t.TempDir()
	if err := poison(dir); err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	out.Close()
	var log strings.Builder
	if code := run(t.Context(), []string{"events", "--data", dir, "--tenant", testTenant}, console{out: in, err: &log}); code != 0 || log.Len() > 0 {
		t.Errorf("exit code %d, %s", code, log.String())
	}
}

// tailOf reads events of a tail after the last that was seen, some of them, and then goes.
func (s *server) tailOf(ctx context.Context, seen []string, some int) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/api/events", nil)
	if err != nil {
		return seen, err
	}
	request.Header = http.Header{"Authorization": {"Bearer " + s.token}, "X-Tenant-Id": {testTenant}, "Accept": {"text/event-stream"}, "Last-Event-Id": {fmt.Sprint(len(seen))}}
	response, err := s.http.Do(request)
	if err != nil {
		return seen, err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	for lines.Buffer(nil, 1<<20); some > 0 && lines.Scan(); {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			seen = append(seen, data)
			some--
		}
	}
	return seen, lines.Err()
}

// TestTailsUnderLoad: "20 readers disconnecting at random under load; each ends with exactly the tenant's log", on the embedded log, and on PostgreSQL at two nodes.
func TestTailsUnderLoad(t *testing.T) {
	const readers, writers, each = 20, 6, 50
	dsn := postgrestest.Database(t)
	for name, places := range map[string][]string{"embedded": {t.TempDir()}, "PostgreSQL, at two nodes": {dsn, dsn}} {
		t.Run(name, func(t *testing.T) {
			var nodes []*server
			for _, place := range places {
				nodes = append(nodes, serveOn(t, place))
			}
			seen := make([][]string, readers)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for i := range each {
						s := nodes[i%len(nodes)]
						if status, body, err := s.call(t.Context(), "POST", "/api/activity-results/tasks", submission("", "COMPLETED", now(), false), nil); status != http.StatusCreated {
							t.Errorf("%d %s %v", status, body, err)
							return
						}
					}
				})
			}
			for i := range readers {
				wg.Go(func() {
					r := rand.New(rand.NewPCG(2, uint64(i)))
					for len(seen[i]) < writers*each {
						var err error
						if seen[i], err = nodes[r.IntN(len(nodes))].tailOf(t.Context(), seen[i], min(1+r.IntN(60), writers*each-len(seen[i]))); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			want := strings.TrimSuffix(nodes[0].export(t, "/api/events"), "\n")
			for i, lines := range seen {
				if strings.Join(lines, "\n") != want {
					t.Errorf("reader %d has another log, of %d events", i, len(lines))
				}
			}
		})
	}
}
