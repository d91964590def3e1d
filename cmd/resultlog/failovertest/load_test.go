package failovertest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// clients is how many write at once, each one result after the other.
	clients = 16

	// think is the pause of a client after an answer: the cluster, the nodes and the clients share a machine, and the log is read whole at the end.
	think = 10 * time.Millisecond

	// retryAfter is the pause before a client sends again what was not acknowledged.
	retryAfter = 200 * time.Millisecond

	// attemptTimeout is how long a client waits for an answer: longer than HAProxy's timeout server, after which there is one.
	attemptTimeout = 40 * time.Second
)

// load is clients at work, and what they were told.
type load struct {
	*service
	halted  chan struct{}
	working sync.WaitGroup
	retried atomic.Int64 // attempts beyond the first

	mu           sync.Mutex
	acknowledged map[string]string // the id of the result, by the key that it was sent with
	moments      []time.Time       // of acknowledgements, in their order
	strange      []string          // answers that are neither an acknowledgement nor a reason to send again
}

// startLoad lets the clients write until finish.
func startLoad(s *service) *load {
	l := &load{service: s, halted: make(chan struct{}), acknowledged: map[string]string{}}
	for i := range clients {
		l.working.Go(func() { l.work(i) })
	}
	return l
}

// finish lets the clients finish what they have begun, and send nothing new.
func (l *load) finish(t *testing.T) {
	t.Helper()
	close(l.halted)
	ended := make(chan struct{})
	go func() { l.working.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatalf("clients have had no acknowledgement for %s", patience)
	}
	for _, answer := range l.strange {
		t.Error(answer)
	}
}

// work is one client: it sends a result under a key until it is acknowledged, and then the next.
func (l *load) work(client int) {
	web := &http.Client{Timeout: attemptTimeout, Transport: &http.Transport{}}
	defer web.CloseIdleConnections()
	for n := 0; ; n++ {
		key := fmt.Sprintf("client-%d-%d", client, n)
		body := fmt.Sprintf(`{"commerce_external_id":%q,"status":"COMPLETED","occurred_at":"2025-01-16T14:30:00.000Z","task_result":{"result":"success"}}`, key)
		for !l.attempt(web, key, body) {
			l.retried.Add(1)
			time.Sleep(retryAfter) // a pause between two attempts
		}
		select {
		case <-l.halted:
			return
		case <-time.After(think):
		}
	}
}

// attempt sends a result once, and reports whether the client is done with it.
func (l *load) attempt(web *http.Client, key, body string) (done bool) {
	r, err := http.NewRequest(http.MethodPost, l.base+"/api/activity-results/tasks", strings.NewReader(body)) //nolint:noctx // the client has a time-out
	if err != nil {
		panic(err) // the test writes the URL itself
	}
	r.GetBody = nil // the transport does not send it again by itself: attempts are counted
	r.Header = http.Header{"Authorization": {"Bearer " + l.token}, "X-Tenant-Id": {tenant}, "Content-Type": {"application/json"}, "Idempotency-Key": {key}}
	response, err := web.Do(r)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusInternalServerError {
		return false
	}
	var result struct{ ID string }
	err = json.Unmarshal(answer, &result)
	l.mu.Lock()
	defer l.mu.Unlock()
	if response.StatusCode != http.StatusCreated || err != nil || result.ID == "" {
		l.strange = append(l.strange, fmt.Sprintf("%s was answered %d %s", key, response.StatusCode, answer))
		return true
	}
	l.acknowledged[key] = result.ID
	l.moments = append(l.moments, time.Now())
	return true
}

// count is how much has been acknowledged.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.moments)
}

// longestOutage is the longest time without an acknowledgement since one moment.
func (l *load) longestOutage(since time.Time) (longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, _ := slices.BinarySearchFunc(l.moments, since, time.Time.Compare)
	for _, moment := range append(slices.Clone(l.moments[first:]), time.Now()) {
		longest = max(longest, moment.Sub(since))
		since = moment
	}
	return longest
}
