package crashtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
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

// try sends a write once.
func (c *client) try(base string, w *write) (a attempt) {
	r := request(w.method, base+w.path, w.tenant, w.body)
	r.Header.Set("Idempotency-Key", w.key)
	a.sent = time.Now()
	defer func() { a.ended = time.Now() }()
	response, err := c.http.Do(r)
	if err != nil {
		return a
	}
	defer response.Body.Close()
	a.status, a.position, a.replayed = response.StatusCode, response.Header.Get("Resultlog-Position"), response.Header.Get("Idempotent-Replayed") == "true"
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return a
	}
	a.body = body
	var problem struct{ Code string }
	if !a.acknowledged() && json.Unmarshal(body, &problem) == nil {
		a.code = problem.Code
	}
	return a
}

// send sends a write, several times at once if it is to be seen that only one of them counts, and notes the answers.
func (c *client) send(base string, w *write, atOnce int) {
	attempts := make([]attempt, atOnce)
	var wg sync.WaitGroup
	for i := range attempts[1:] {
		wg.Go(func() { attempts[1+i] = c.try(base, w) })
	}
	attempts[0] = c.try(base, w)
	wg.Wait()
	slices.SortStableFunc(attempts, func(a, b attempt) int { return a.certainty() - b.certainty() })
	known := w.acknowledgement() != nil
	w.attempts = append(w.attempts, attempts...)
	if a := w.acknowledgement(); !known && a != nil && a.whole() && w.learn != nil {
		w.learn(a.body)
	}
}

// get reads something. If the read tables are behind, it asks again, as a client does.
func (c *client) get(base, path, tenant string) reading {
	for deadline := time.Now().Add(patience); ; time.Sleep(askAgain) {
		response, err := c.http.Do(request(http.MethodGet, base+path, tenant, nil))
		if err != nil {
			return reading{path, 0, []byte(err.Error())}
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			return reading{path, 0, []byte(err.Error())}
		}
		if !bytes.Contains(body, []byte(`"code":"reads_behind"`)) || time.Now().After(deadline) {
			return reading{path, response.StatusCode, body}
		}
	}
}
