package crashtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"
)

// client sends writes, and writes down what it is told. It keeps its connections, as clients do.
type client struct{ http *http.Client }

func newClient() *client {
	return &client{&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 2}, Timeout: patience}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// request makes one, with the credentials; body may be nil.
func request(method, url, tenant string, body []byte) *http.Request {
	r, err := http.NewRequest(method, url, bytes.NewReader(body)) //nolint:noctx // the client has a time-out
	if err != nil {
		panic(err) // the tests write the URLs themselves
	}
	r.GetBody = nil // the transport does not send a body a second time by itself: attempts are to be known
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("x-tenant-id", tenant)
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// try sends a write once, by itself.
func (c *client) try(base string, w *write) attempt {
	r := request(w.method, base+w.path, w.tenant, w.body)
	r.Header.Set("Idempotency-Key", w.key)
	a, _ := c.ask(r, w.by)
	return a
}

// ask sends a request with a credential. It gives what was read of the answer, even if that did not come whole.
func (c *client) ask(r *http.Request, by *apiKey) (a attempt, read []byte) {
	by.sign(r)
	a.by, a.sent = by, time.Now()
	defer func() { a.ended = time.Now() }()
	response, err := c.http.Do(r)
	if err != nil {
		return a, nil
	}
	defer response.Body.Close()
	a.status, a.position, a.replayed = response.StatusCode, response.Header.Get("Resultlog-Position"), response.Header.Get("Idempotent-Replayed") == "true"
	a.retryAfter = response.Header.Get("Retry-After")
	if read, err = io.ReadAll(response.Body); err == nil {
		a.take(read)
	}
	return a, read
}

// take notes the body of an answer, which came whole.
func (a *attempt) take(body []byte) {
	a.body = body
	var problem struct{ Code string }
	if !a.acknowledged() && json.Unmarshal(body, &problem) == nil {
		a.code = problem.Code
		a.replayed = a.replayed || a.shownOnce()
	}
}

// send sends a write by itself, or those of one batch together; several times at once if it is to be seen that only one of them counts. It notes the answers.
func (c *client) send(base string, group []*write, atOnce int) {
	once := func() []attempt {
		if group[0].path == batchPath {
			return c.tryBatch(base, group)
		}
		return []attempt{c.try(base, group[0])}
	}
	tries := make([][]attempt, atOnce)
	var wg sync.WaitGroup
	for i := range tries {
		wg.Go(func() { tries[i] = once() })
	}
	wg.Wait()
	for i, w := range group {
		var attempts []attempt
		for _, one := range tries {
			attempts = append(attempts, one[i])
		}
		w.note(attempts)
	}
}

// get reads something with a credential. If the read tables are behind or cannot be had, or the server does not know yet which API keys there are or were, it asks again, as a client does.
func (c *client) get(base, path, tenant string, by *apiKey) reading {
	for deadline := time.Now().Add(patience); ; time.Sleep(askAgain) {
		r := request(http.MethodGet, base+path, tenant, nil)
		by.sign(r)
		response, err := c.http.Do(r)
		if err != nil {
			return reading{path: path, body: []byte(err.Error())}
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return reading{path: path, body: []byte(err.Error())}
		}
		passing := by.justRevoked() && response.StatusCode == http.StatusNotFound
		for _, code := range []string{"reads_behind", "keys_unavailable", "unavailable"} { // the log is being replayed, or PostgreSQL is away
			passing = passing || bytes.Contains(body, []byte(`"code":"`+code+`"`))
		}
		if !passing || time.Now().After(deadline) {
			return reading{path: path, status: response.StatusCode, body: body}
		}
	}
}
