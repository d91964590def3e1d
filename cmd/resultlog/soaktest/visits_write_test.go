package soaktest

import (
	"bytes"
	"fmt"
	"net/http"
)

// create creates an activity.
func (l *load) create(number int) bool {
	name := fmt.Sprint("activity-", number)
	a, ok := l.write(request{method: http.MethodPost, path: activitiesPath, body: creation(name), key: name}, number)
	if ok {
		l.created.put(activity{id: a.id(), provider: name})
	}
	return ok
}

// begin submits the first result of an activity, by its provider's id.
func (l *load) begin(number int) bool {
	one, ok := l.created.take()
	if !ok { // there is none yet
		l.create(number)
		return false
	}
	if one.result, ok = l.submit("provider_activity_id", one.provider, "PENDING", number); ok {
		l.begun.put(one)
	}
	return ok
}

// complete submits the last result of an activity, by its id.
func (l *load) complete(number int) bool {
	one, ok := l.begun.take()
	if !ok {
		l.begin(number)
		return false
	}
	if one.result, ok = l.submit("activity_id", one.id, "COMPLETED", number); ok {
		l.done.put(one)
	}
	return ok
}

// stray submits a result of what nobody has created.
func (l *load) stray(number int) bool {
	_, ok := l.submit("provider_activity_id", fmt.Sprint("stray-", number), "COMPLETED", number)
	return ok
}

// submit submits a result, and gives its id.
func (l *load) submit(naming, name, status string, number int) (id string, ok bool) {
	a, ok := l.write(request{method: http.MethodPost, path: submitPath, body: submission(naming, name, status, soon()), key: fmt.Sprint("result-", number)}, number)
	return a.id(), ok
}

// sendAgain sends what was acknowledged before: the answer must be the same.
func (l *load) sendAgain(number int) bool {
	earlier, ok := l.sent.any()
	if !ok {
		return false
	}
	a, ok := l.ask(earlier.request, number, http.StatusCreated)
	if ok && (!a.replayed || !bytes.Equal(a.body, earlier.answer)) {
		l.strange.note("sent again with key %q, it was answered %s (replayed: %t), and at first %s", earlier.key, a.body, a.replayed, earlier.answer)
	}
	return ok
}

// comeTooLate submits a result of an activity that is done, or one that occurred before what is there was recorded.
func (l *load) comeTooLate(number int) bool {
	one, ok := l.done.any()
	if !ok {
		return false
	}
	at := soon()
	if number%2 == 0 {
		at = early
	}
	_, ok = l.ask(request{method: http.MethodPost, path: submitPath, body: submission("activity_id", one.id, "CANCELED", at), key: fmt.Sprint("late-", number)}, number, http.StatusConflict)
	return ok
}

// createTwice creates an activity that is there.
func (l *load) createTwice(number int) bool {
	one, ok := l.done.any()
	if ok {
		_, ok = l.ask(request{method: http.MethodPost, path: activitiesPath, body: creation(one.provider), key: fmt.Sprint("twice-", number)}, number, http.StatusConflict)
	}
	return ok
}

// sendNonsense sends what is no submission.
func (l *load) sendNonsense(number int) bool {
	body := submission("provider_activity_id", "nonsense", "DONE", soon())
	if number%2 == 0 {
		body = body[:len(body)/2]
	}
	_, ok := l.ask(request{method: http.MethodPost, path: submitPath, body: body, key: fmt.Sprint("nonsense-", number)}, number, http.StatusBadRequest)
	return ok
}
