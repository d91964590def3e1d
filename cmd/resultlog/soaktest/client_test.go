package soaktest

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

const (
	// attemptTimeout is how long a client waits for an answer: longer than a server takes to say that it cannot.
	attemptTimeout = 30 * time.Second

	// shortestPause and longestPause enclose the pauses before a client sends again what was not answered, each twice as long as the one before: if all came back at once, and at once again, a node that
	// could not answer for a moment could not for ever.
	shortestPause, longestPause = 250 * time.Millisecond, 4 * time.Second
)

// answer is what came back.
type answer struct {
	status   int
	body     []byte
	replayed bool
}

// id is that of what the answer shows.
func (a answer) id() string {
	var shown struct{ ID string }
	_ = json.Unmarshal(a.body, &shown) // what is no JSON has none, and is noticed by that
	return shown.ID
}

// ask sends a request to a client's node; as long as that is gone, or says that it is to be sent again, to the next one. It notes what is answered with none of some statuses, and reports whether it
// was one of them.
func (l *load) ask(r request, number int, statuses ...int) (answer, bool) {
	deadline, pause := time.Now().Add(patience), shortestPause
	for attempt := 0; ; attempt++ {
		a, err := l.try(r, l.nodes[(number+attempt)%len(l.nodes)])
		again := err != nil || a.status == http.StatusServiceUnavailable
		switch {
		case !again && slices.Contains(statuses, a.status):
			return a, true
		case !again:
			l.strange.note("%s %s with key %q was answered %d %s; want %d", r.method, r.path, r.key, a.status, a.body, statuses)
			return a, false
		case r.lines > 0 && l.staying.Err() != nil: // nothing more comes
			return a, false
		case time.Now().After(deadline):
			l.strange.note("%s %s with key %q was not answered within %s: %d %s, %v", r.method, r.path, r.key, patience, a.status, a.body, err)
			return a, false
		}
		l.retries.Add(1)
		pause = min(2*pause, longestPause)
		time.Sleep(pause/2 + rand.N(pause/2)) // a pause between two attempts
	}
}

// try sends a request once.
func (l *load) try(r request, to *node) (a answer, err error) {
	ctx := context.Background()
	if r.lines > 0 {
		ctx = l.staying
	}
	response, err := l.web.Do(r.to(to).WithContext(ctx))
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	a.status, a.replayed = response.StatusCode, response.Header.Get("Idempotent-Replayed") == "true"
	if r.lines > 0 && a.status == http.StatusOK {
		a.body, err = readLines(response.Body, r.lines)
	} else {
		a.body, err = io.ReadAll(response.Body)
	}
	return a, err
}

// readLines reads no more than some lines of an answer, which must have as many.
func readLines(answer io.Reader, lines int) (read []byte, err error) {
	for text := bufio.NewReader(answer); lines > 0; lines-- {
		line, err := text.ReadBytes('\n')
		if read = append(read, line...); err != nil {
			return read, err
		}
	}
	return read, nil
}

// write sends what is to be recorded once, and notes that it was acknowledged.
func (l *load) write(r request, number int) (answer, bool) {
	a, ok := l.ask(r, number, http.StatusCreated)
	if !ok {
		return a, false
	}
	if a.id() == "" {
		l.strange.note("%s with key %q was answered 201 without an id: %s", r.path, r.key, a.body)
		return a, false
	}
	l.acknowledge(r.key, a.id())
	l.sent.put(acknowledged{r, a.body})
	return a, true
}
