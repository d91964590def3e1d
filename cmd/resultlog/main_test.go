package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/eventstore/sqlite"
)

func TestMain(m *testing.M) {
	testscript.Main(leakChecked{m}, map[string]func(){"resultlog": main, "poisoned": poisoned, "poisoned-tenant": poisonedTenant})
}

// leakChecked also looks for goroutines that outlive the tests.
type leakChecked struct{ *testing.M }

func (m leakChecked) Run() int {
	code := m.M.Run()
	postgrestest.Stop()
	if err := goleak.Find(); err != nil && code == 0 {
		_, _ = io.WriteString(os.Stderr, err.Error())
		return 1
	}
	return code
}

// unraced leaves out, where tests are to be short (make race), one that does a step after the other, or in processes of their own: the race detector would find nothing more in it. make test runs it.
func unraced(t *testing.T) {
	if testing.Short() {
		t.Skip("a step after the other: make test runs it")
	}
}

// TestScripts runs what a user types, and shows what they see: testdata/script/*.txtar.
func TestScripts(t *testing.T) {
	unraced(t)
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}

// served is a resultlog serve --dev that runs in this process.
type served struct {
	curl string // what it printed
	stop func() int
}

// serveDev runs resultlog serve --dev on a free port until stop.
func serveDev(t *testing.T, dir string) served {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	var log bytes.Buffer
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"serve", "--dev", "--addr", "127.0.0.1:0", "--data", dir}, console{out: in, err: &log})
		in.Close()
	}()
	var curl strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		curl.WriteString(lines.Text() + "\n")
		if lines.Text() == "}'" {
			break
		}
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // it ends with the server
	code, stopped := 0, false
	stop := func() int {
		if !stopped {
			cancel()
			code, stopped = <-exit, true
		}
		return code
	}
	t.Cleanup(func() {
		if stop() != 0 || t.Failed() {
			t.Logf("the server's log:\n%s", log.String())
		}
	})
	return served{curl: curl.String(), stop: stop}
}

// paste does what the printed curl says.
func (s served) paste(t *testing.T) (status int, body []byte) {
	t.Helper()
	url := regexp.MustCompile(`curl -X POST (\S+) `).FindStringSubmatch(s.curl)
	payload := regexp.MustCompile(`(?s)-d '(.*)'`).FindStringSubmatch(s.curl)
	if url == nil || payload == nil {
		t.Fatalf("no curl in:\n%s", s.curl)
	}
	request, err := http.NewRequest(http.MethodPost, url[1], strings.NewReader(payload[1]))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range regexp.MustCompile(`-H "(.*?): (.*?)"`).FindAllStringSubmatch(s.curl, -1) {
		request.Header.Set(h[1], h[2])
	}
	return do(t, request)
}

func do(t *testing.T, request *http.Request) (status int, body []byte) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		t.Error(err)
		return 0, nil
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, body
}

// TestMainJob is what the product is for: the documented example, from the curl to the log.
func TestMainJob(t *testing.T) {
	dir := t.TempDir()
	server := serveDev(t, dir)

	status, body := server.paste(t)
	if status != http.StatusCreated {
		t.Fatalf("the documented example: %d %s", status, body)
	}
	var keys []string
	decoder := json.NewDecoder(bytes.NewReader(body))
	depth := 0
	for token, err := decoder.Token(); err == nil; token, err = decoder.Token() {
		switch v := token.(type) {
		case json.Delim:
			if v == '{' {
				depth++
			} else {
				depth--
			}
		case string:
			if depth == 1 && !slices.Contains(keys, v) {
				keys = append(keys, v)
			}
		}
	}
	for _, key := range []string{"id", "activityId", "source", "resultStatus", "occurredAt", "taskDetails", "createdAt", "updatedAt"} {
		if !slices.Contains(keys, key) {
			t.Errorf("the answer lacks %s: %s", key, body)
		}
	}
	status, body = server.paste(t)
	if status != http.StatusConflict || !bytes.Contains(body, []byte(`"code":"stale_result"`)) {
		t.Errorf("the same POST again: %d %s", status, body)
	}
	if code := server.stop(); code != 0 {
		t.Errorf("exit code %d after a stop", code)
	}

	var events []core.Recorded
	for _, r := range readLog(t, dir) {
		if r.Event.Type() != "ActivityCreated" {
			events = append(events, r)
		}
	}
	if len(events) != 2 || events[0].Event.Type() != "ResultSubmitted" || events[1].Event.Type() != "ActivityTransitioned" {
		t.Fatalf("the log holds %v", events)
	}
	if moved := events[1].Event.(core.ActivityTransitioned); moved.To != core.ActivityCompleted || events[1].Metadata.CausationID != events[0].EventID ||
		events[1].RecordedAt != events[0].RecordedAt || events[1].Position != events[0].Position+1 {
		t.Errorf("the activity was moved by %+v", events[1])
	}
}

// TestConflictingSubmissions: of 64 at once that want to end the same activity, one does, and everybody is told the truth.
func TestConflictingSubmissions(t *testing.T) {
	dir := t.TempDir()
	server := serveDev(t, dir)
	statuses := []string{"COMPLETED", "NOT_EXECUTED", "CANCELED", "TRANSFERRED"}
	var accepted, refused atomic.Int32
	var wg sync.WaitGroup
	for i := range 64 {
		one := served{curl: strings.Replace(server.curl, `"COMPLETED"`, strconv.Quote(statuses[i%len(statuses)]), 1)}
		wg.Go(func() {
			switch status, body := one.paste(t); status {
			case http.StatusCreated:
				accepted.Add(1)
			case http.StatusConflict:
				refused.Add(1)
			default:
				t.Errorf("%d %s", status, body)
			}
		})
	}
	wg.Wait()
	server.stop()
	if accepted.Load() != 1 || refused.Load() != 63 {
		t.Errorf("%d accepted, %d refused; want 1 and 63", accepted.Load(), refused.Load())
	}
	moved := 0
	for _, r := range readLog(t, dir) {
		if _, ok := r.Event.(core.ActivityTransitioned); ok {
			moved++
		}
	}
	if moved != 1 {
		t.Errorf("the activity was moved %d times", moved)
	}
}

// TestNoLongerReadyBeforeItStops: a balancer must be able to see /readyz red while requests are still answered.
func TestNoLongerReadyBeforeItStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	logged, log := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--data", t.TempDir(), "--jwt-secret", strings.Repeat("x", 32), "--drain", "2s"},
			console{out: io.Discard, err: log})
		log.Close()
	}()
	var base string
	lines := bufio.NewScanner(logged)
	for base == "" && lines.Scan() {
		if addr := regexp.MustCompile(`"addr":"(.*?)"`).FindStringSubmatch(lines.Text()); addr != nil {
			base = "http://" + addr[1]
		}
	}
	go io.Copy(io.Discard, logged) //nolint:errcheck // it ends with the server
	get := func(path string) int {
		request, err := http.NewRequest(http.MethodGet, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		status, _ := do(t, request)
		return status
	}
	for get("/readyz") != http.StatusOK { // it is being replayed
	}
	cancel()
	for get("/readyz") == http.StatusOK { // the signal is on its way
	}
	if status := get("/livez"); status != http.StatusOK {
		t.Errorf("/livez answers %d while draining", status)
	}
	if code := <-exit; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestDevKeepsAnOpenExample: a restart offers the same example while it is open, and the next one when it is used up.
func TestDevKeepsAnOpenExample(t *testing.T) {
	dir := t.TempDir()
	offered := func(s served) string {
		return regexp.MustCompile(`"provider_activity_id": "(.*)"`).FindStringSubmatch(s.curl)[1]
	}
	for start, want := range []string{"ext-123", "ext-123", "ext-124", "ext-125"} {
		server := serveDev(t, dir)
		if got := offered(server); got != want {
			t.Fatalf("start %d offers %s, want %s", start, got, want)
		}
		if start > 0 { // the first one is left open
			if status, body := server.paste(t); status != http.StatusCreated {
				t.Fatalf("%d %s", status, body)
			}
		}
		server.stop()
	}
}

// readLog gives all events in a data directory, beside whoever else has it open.
func readLog(t *testing.T, dir string) []core.Recorded {
	t.Helper()
	log, err := sqlite.OpenLog(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	return eventsOf(t, log)
}

// eventsOf gives all events of a log, which must be such as a machine replays.
func eventsOf(t *testing.T, log eventstore.Log) (events []core.Recorded) {
	t.Helper()
	machine := core.NewMachine()
	for r, err := range log.ReadAll(t.Context(), 0) {
		if err == nil {
			err = machine.Replay(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, r)
	}
	return events
}

// TestDevSecretOutlivesARestart, readable by nobody else.
func TestDevSecretOutlivesARestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	first, err := devSecret(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := devSecret(dir)
	if err != nil || first != second || len(first) < 32 {
		t.Errorf("secrets %q and %q, %v", first, second, err)
	}
	if info, err := os.Stat(filepath.Join(dir, devSecretFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file mode %v, %v", info.Mode(), err)
	}
}
