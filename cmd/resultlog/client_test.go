package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"resultlog/core"
	httpapi "resultlog/http"
)

const (
	testSecret = "0123456789abcdef0123456789abcdef"
	testTenant = "01890a5d-ac96-774b-bcce-b302099a8057"
)

// server is a resultlog serve that runs in this process, and a client of it that may do everything.
type server struct {
	base  string // http://host:port
	token string
	http  *http.Client
	log   *lockedText
	stop  func()
}

// lockedText collects what is written while others read it.
type lockedText struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedText) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(line + "\n")
}

// String is all that was written so far.
func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// in gives the flags that say where a store is: in a directory, or in the PostgreSQL database of a URL.
func in(place string) []string {
	if isPostgres(place) {
		return []string{"--store", place}
	}
	return []string{"--data", place}
}

// serveOn runs resultlog serve on a store and a free port until stop, which also checks that it ends well.
func serveOn(t *testing.T, place string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	written, stderr := io.Pipe()
	exit := make(chan int, 1)
	args := append([]string{"serve", "--addr", "127.0.0.1:0", "--jwt-secret", testSecret, "--drain", "0s"}, in(place)...)
	if isPostgres(place) { // else the key is in the directory
		args = append(args, "--signing-key", filepath.Join(t.TempDir(), signingKeyFile))
	}
	go func() {
		exit <- run(ctx, args, console{out: io.Discard, err: stderr})
		stderr.Close()
	}()
	s := &server{log: &lockedText{}, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second}, token: adminToken(t)}
	s.stop = sync.OnceFunc(func() {
		cancel()
		s.http.CloseIdleConnections()
		if code := <-exit; code != 0 {
			t.Errorf("exit code %d", code)
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", s.log)
		}
	})
	t.Cleanup(s.stop)
	listening := regexp.MustCompile(`"msg":"listening","addr":"(.*?)"`)
	lines := bufio.NewScanner(written)
	for s.base == "" && lines.Scan() {
		s.log.add(lines.Text())
		if addr := listening.FindStringSubmatch(lines.Text()); addr != nil {
			s.base = "http://" + addr[1]
		}
	}
	go func() {
		for lines.Scan() { // it ends with the server
			s.log.add(lines.Text())
		}
	}()
	if s.base == "" {
		t.Fatal("it does not listen")
	}
	return s
}

func adminToken(t *testing.T) string {
	t.Helper()
	tenant, err := core.ParseID(testTenant)
	if err != nil {
		t.Fatal(err)
	}
	token, err := httpapi.MintToken([]byte(testSecret), "test", []string{"ADMIN"}, []core.ID{tenant}, time.Hour, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// call sends one request; a body of "" is none. An error means that there is no answer.
func (s *server) call(ctx context.Context, method, path, body string, header http.Header) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, method, s.base+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	maps.Copy(request.Header, header)
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("x-tenant-id", testTenant)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := s.http.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

// must sends one request and wants this status.
func (s *server) must(t *testing.T, want int, method, path, body string) string {
	t.Helper()
	status, answer, err := s.call(t.Context(), method, path, body, nil)
	if err != nil || status != want {
		t.Fatalf("%s %s: %d %s %v; want %d", method, path, status, answer, err, want)
	}
	return string(answer)
}

// field is the value of a text field in an answer; "" if it has none.
func field(answer, name string) string {
	found := regexp.MustCompile(`"` + name + `":"([^"]*)"`).FindStringSubmatch(answer)
	if found == nil {
		return ""
	}
	return found[1]
}

// creation is the body of an activity's creation; named is how it names its provider id, if it does.
func creation(key, named string) string {
	return fmt.Sprintf(`{"type":"TASK","reason":"visit","channel":"SALESMAN","commerce_id":%q,"idempotency_key":%q,"scheduled_at":"2026-01-01T00:00:00Z"%s}`,
		devCommerce, key, member(named))
}

// submission is the body of a result; named is how it names its activity.
func submission(named, status, occurredAt string, override bool) string {
	return fmt.Sprintf(`{"commerce_external_id":"store-001","status":%q,"occurred_at":%q,"hard_override":%v,"task_result":{"result":"success"}%s}`,
		status, occurredAt, override, member(named))
}

// member is one more member of an object; none if it is empty.
func member(text string) string {
	if text == "" {
		return ""
	}
	return "," + text
}
