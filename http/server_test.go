package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"resultlog/core"
)

// serve runs the world's server on a port of its own until the test ends. The channel gives what Serve gave.
func (w *world) serve(t *testing.T) (url string, served <-chan error) {
	t.Helper()
	if err := w.server.Listen(); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.server.Serve() }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := w.server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return "http://" + w.server.Addr(), done
}

// send posts a submission over the network.
func (w *world) send(url string) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodPost, url+submitPath, strings.NewReader(minimal))
	if err != nil {
		return nil, err
	}
	r.Header = w.request(http.MethodPost, submitPath, minimal).Header
	return http.DefaultClient.Do(r)
}

// TestShutdown: stop being ready first thing, stop accepting, finish what was accepted, close.
func TestShutdown(t *testing.T) {
	w := newWorld(t)
	accepted, release := make(chan struct{}), make(chan struct{})
	w.onSubmit = func(context.Context) { close(accepted); <-release }
	url, served := w.serve(t)

	answer := make(chan string, 1)
	go func() {
		resp, err := w.send(url)
		if err != nil {
			answer <- err.Error()
			return
		}
		answer <- fmt.Sprint(resp.StatusCode, bodyOf(t, resp))
	}()
	<-accepted
	if rec := w.do(httptest.NewRequest(http.MethodGet, "/readyz", nil)); rec.Code != http.StatusOK {
		t.Fatalf("readyz before: %s", rec.Body)
	}

	down := make(chan error, 1)
	go func() { down <- w.server.Shutdown(context.Background()) }()
	if err := <-served; err != nil {
		t.Errorf("Serve gave %v", err)
	}
	if rec := w.do(httptest.NewRequest(http.MethodGet, "/readyz", nil)); rec.Code != http.StatusServiceUnavailable || problemOf(t, rec).Code != codeNotReady {
		t.Errorf("readyz during shutdown: %d %s", rec.Code, rec.Body)
	}
	if rec := w.do(httptest.NewRequest(http.MethodGet, "/livez", nil)); rec.Code != http.StatusOK {
		t.Errorf("livez during shutdown: %d", rec.Code)
	}
	if conn, err := net.Dial("tcp", w.server.Addr()); err == nil {
		conn.Close()
		t.Error("a new connection was accepted during shutdown")
	}
	select {
	case err := <-down:
		t.Fatalf("Shutdown returned (%v) with a request unanswered", err)
	default:
	}
	close(release)
	if got := <-answer; !strings.HasPrefix(got, "201") {
		t.Errorf("the accepted request was answered %s", got)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown gave %v", err)
	}
}

// TestShutdownDeadline: when the time is over, what is left is cut, and Shutdown says so.
func TestShutdownDeadline(t *testing.T) {
	w := newWorld(t)
	accepted, left := make(chan struct{}), make(chan struct{})
	w.onSubmit = func(ctx context.Context) { close(accepted); <-ctx.Done(); close(left) }
	url, served := w.serve(t)
	failed := make(chan error, 1)
	go func() {
		resp, err := w.send(url)
		if err == nil {
			resp.Body.Close()
		}
		failed <- err
	}()
	<-accepted
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.server.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown gave %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
	<-left
	<-served
}

// TestReadyz: red until what stands behind is ready, and red from StopReady on.
func TestReadyz(t *testing.T) {
	why := errors.New("replaying /var/secret")
	w := newWorld(t, func(c *Config) { c.Ready = func() error { return why } })
	get := func() *httptest.ResponseRecorder { return w.do(httptest.NewRequest(http.MethodGet, "/readyz", nil)) }
	if rec := get(); rec.Code != 503 || problemOf(t, rec).Code != codeNotReady || strings.Contains(rec.Body.String(), "secret") {
		t.Errorf("while replaying: %d %s", rec.Code, rec.Body)
	}
	why = nil
	if rec := get(); rec.Code != 200 {
		t.Errorf("ready: %d %s", rec.Code, rec.Body)
	}
	w.server.StopReady()
	if rec := get(); rec.Code != 503 {
		t.Errorf("after StopReady: %d", rec.Code)
	}
}

// TestPanic: it is answered as a 500 and logged with its stack, and the next request is served.
func TestPanic(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	url, _ := w.serve(t)
	w.onSubmit = func(context.Context) { panic("boom") }
	resp, err := w.send(url)
	if err != nil {
		t.Fatal(err)
	}
	if body := bodyOf(t, resp); resp.StatusCode != 500 || !strings.Contains(body, `"code":"internal"`) || strings.Contains(body, "boom") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "panic: boom") || !strings.Contains(log.String(), "server_test.go") {
		t.Errorf("logged: %s", &log)
	}
	w.onSubmit = nil
	if resp, err = w.send(url); err != nil || resp.StatusCode != 201 {
		t.Fatalf("after the panic: %v, %v", resp, err)
	}
	bodyOf(t, resp)
}

// TestAbort: http.ErrAbortHandler goes through to net/http, and so does a panic after the answer began: nobody takes half an answer for a whole one.
func TestAbort(t *testing.T) {
	for name, handle := range map[string]func(*exchange) error{
		"abort":               func(*exchange) error { panic(http.ErrAbortHandler) },
		"panic in the answer": func(x *exchange) error { x.WriteHeader(200); panic("boom") },
	} {
		w := newWorld(t)
		x := w.server.fallback(handle)
		w.server.router = x
		func() {
			defer func() {
				if p := recover(); p != http.ErrAbortHandler {
					t.Errorf("%s: panicked with %v", name, p)
				}
			}()
			w.do(httptest.NewRequest(http.MethodGet, "/", nil))
			t.Errorf("%s: nothing went through", name)
		}()
	}
}

// TestWriteFails: an answer that could not be sent is no failure of ours.
func TestWriteFails(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	w.server.ServeHTTP(deaf{httptest.NewRecorder()}, w.request(http.MethodPost, submitPath, minimal))
	if line := log.String(); !strings.Contains(line, "level=INFO") || !strings.Contains(line, "status=201") || !strings.Contains(line, "the answer was not sent: gone") {
		t.Errorf("logged: %s", line)
	}
	if len(w.log) != 1 {
		t.Error("what was accepted was not recorded")
	}
}

// deaf is a client that has gone.
type deaf struct{ http.ResponseWriter }

func (deaf) Write([]byte) (int, error) { return 0, errors.New("gone") }

// TestTimeOuts: every bound in time that net/http knows is set.
func TestTimeOuts(t *testing.T) {
	h := newWorld(t).server.http
	for name, d := range map[string]time.Duration{"header": h.ReadHeaderTimeout, "read": h.ReadTimeout, "write": h.WriteTimeout, "idle": h.IdleTimeout} {
		if d <= 0 {
			t.Errorf("no %s time-out", name)
		}
	}
	if h.ReadTimeout >= h.WriteTimeout || h.MaxHeaderBytes != MaxHeaderBytes {
		t.Errorf("read %s, write %s, headers %d", h.ReadTimeout, h.WriteTimeout, h.MaxHeaderBytes)
	}
}

// TestHeadersTooLarge: MaxHeaderBytes is enforced.
func TestHeadersTooLarge(t *testing.T) {
	w := newWorld(t)
	w.serve(t)
	conn, err := net.Dial("tcp", w.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /livez HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n", strings.Repeat("x", 2*MaxHeaderBytes))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestConcurrentSubmissions: 64 conflicting submissions on one activity, over the network, give one terminal transition; the others are refused.
func TestConcurrentSubmissions(t *testing.T) {
	const clients = 64
	w := newWorld(t)
	w.post(createPath, created("provider_activity_id", `"p"`))
	url, _ := w.serve(t)
	statuses := make(chan int, clients)
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			status := []string{"COMPLETED", "NOT_EXECUTED", "CANCELED", "TRANSFERRED"}[i%4]
			body := sent("provider_activity_id", `"p"`, "status", `"`+status+`"`, "occurred_at", `"2025-01-16T15:00:00Z"`)
			r, err := http.NewRequest(http.MethodPost, url+submitPath, strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			r.Header = w.request(http.MethodPost, submitPath, body).Header
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			bodyOf(t, resp)
			statuses <- resp.StatusCode
		})
	}
	wg.Wait()
	close(statuses)
	count := map[int]int{}
	for status := range statuses {
		count[status]++
	}
	if count[201] != 1 || count[409] != clients-1 {
		t.Errorf("answered %v", count)
	}
	moved := 0
	for _, r := range w.log {
		if _, ok := r.Event.(core.ActivityTransitioned); ok {
			moved++
		}
	}
	if moved != 1 {
		t.Errorf("%d transitions", moved)
	}
}

// raw sends bytes over a connection of its own, all of them before it reads the answer.
func (w *world) raw(t *testing.T, request string) *http.Response {
	conn, err := net.Dial("tcp", w.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetWriteBuffer(4 << 10); err != nil { // so that the kernel does not swallow it all
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte(request)); err != nil {
		t.Fatalf("write: %v", err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	resp.Body.Close()
	return resp
}

// TestTooLargeForAClientThatDoesNotListen: most clients read no answer before they have written everything.
func TestTooLargeForAClientThatDoesNotListen(t *testing.T) {
	if testing.Short() {
		t.Skip("one request after the other: make test runs it")
	}
	w := newWorld(t)
	w.serve(t)
	const size = maxDiscarded - 1024
	resp := w.raw(t, fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nX-Tenant-Id: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		submitPath, w.token("FDE"), tenant, size, strings.Repeat(" ", size)))
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestOptionsOfEverything: OPTIONS * is answered like everything else, with a request id.
func TestOptionsOfEverything(t *testing.T) {
	w := newWorld(t)
	w.serve(t)
	resp := w.raw(t, "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
	if resp.StatusCode != http.StatusNoContent || resp.Header.Get("X-Request-Id") == "" || resp.Header.Get("Allow") == "" {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
}
