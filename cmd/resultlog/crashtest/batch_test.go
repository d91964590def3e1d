package crashtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
)

const (
	// batchPath is where results are submitted in batches. A write with this path is an item of one; in which, and with which others, may differ whenever it is sent.
	batchPath = submitPath + "/batch"

	// mostItems is the most items of a batch. Several clients' fill a commit, and some are cut in two by the end of one.
	mostItems = 30

	// batchedWrites is one in how many sendings is a batch: about half of all submissions come in batches then.
	batchedWrites = 16
)

// batch makes the items of one: some are bad, some come twice, and some were acknowledged before.
func (k *worker) batch() (items []*write) {
	for range 2 + k.r.IntN(mostItems-3) {
		items = append(items, k.item(k.r, k.tenant))
	}
	again := func(of []*write) {
		if len(of) > 0 && of[0].path == batchPath && k.r.IntN(2) == 0 {
			items = slices.Insert(items, 1+k.r.IntN(len(items)), of[k.r.IntN(len(of))])
		}
	}
	again(items)
	again(k.last)
	return items
}

// item makes a submission for a batch, or what is none.
func (w *world) item(r *rand.Rand, tenant string) *write {
	one := w.write(tenant, "POST", batchPath, "")
	key := fmt.Sprintf(`"idempotency_key":%q,`, one.key)
	switch r.IntN(30) {
	case 0:
		one.bad, one.body = true, []byte("{"+key+`"status":"DONE"}`)
		return one
	case 1: // in an array it would be the fault of all of it
		one.bad, one.body = true, []byte("{"+key)
		return one
	}
	switch r.IntN(4) {
	case 0:
		return w.submission(r, one, key, "activity_id", some(w, r, w.activities, tenant).id)
	case 1:
		return w.submission(r, one, key, "provider_activity_id", some(w, r, w.activities, tenant).provider)
	case 2:
		return w.submission(r, one, key, "provider_activity_id", some(w, r, w.strays, tenant))
	default:
		return w.submission(r, one, key, "provider_activity_id", "")
	}
}

// batchBody is the body that holds items, and its media type: an array or lines.
func batchBody(items []*write) (body []byte, media string) {
	var bodies [][]byte
	lines := rand.IntN(2) == 0
	for _, w := range items {
		bodies = append(bodies, w.body)
		lines = lines || !json.Valid(w.body)
	}
	if lines {
		return bytes.Join(bodies, []byte("\n")), "application/x-ndjson"
	}
	return slices.Concat([]byte("["), bytes.Join(bodies, []byte(",")), []byte("]")), "application/json"
}

// tryBatch sends items together once, with the credential of the first, and gives what came back for each.
func (c *client) tryBatch(base string, items []*write) []attempt {
	body, media := batchBody(items)
	r := request(http.MethodPost, base+batchPath, items[0].tenant, body)
	r.Header.Set("Content-Type", media)
	whole, read := c.ask(r, items[0].by)
	attempts := slices.Repeat([]attempt{whole}, len(items))
	if whole.status != http.StatusMultiStatus {
		return attempts
	}
	answers := itemAnswers(read)
	for i := range attempts {
		a := &attempts[i]
		switch {
		case i < len(answers) && answers[i].Index == i:
			a.status, a.position, a.replayed = answers[i].Status, answers[i].Headers.Position, answers[i].Headers.Replayed == "true"
			a.retryAfter = answers[i].Headers.RetryAfter
			a.take(answers[i].Body)
		case whole.body == nil: // it was cut off before this item
			a.status = 0
		}
	}
	return attempts
}

// itemAnswer is what a 207 says of an item.
type itemAnswer struct {
	Index, Status int
	Headers       struct {
		Position   string `json:"Resultlog-Position"`
		Replayed   string `json:"Idempotent-Replayed"`
		RetryAfter string `json:"Retry-After"`
	}
	Body json.RawMessage
}

// itemAnswers gives those that stand in a 207, as far as that came.
func itemAnswers(read []byte) (answers []itemAnswer) {
	d := json.NewDecoder(bytes.NewReader(read))
	_, err := d.Token()
	for err == nil && d.More() {
		var one itemAnswer
		if err = d.Decode(&one); err == nil {
			answers = append(answers, one)
		}
	}
	return answers
}
