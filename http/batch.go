package httpapi

import (
	"net/http"

	"resultlog/core"
)

// The bounds of a batch (contract §2.8).
const (
	// MaxBatchItems is the most submissions that it may hold: about what one commit makes durable.
	MaxBatchItems = 500

	// MaxBatchBody is the most bytes that it may have: as many submissions, of 32 KiB each.
	MaxBatchBody = 16 << 20

	// MaxBatches is how many batches are answered at once: of the largest, each takes up to some 80 MB of body, commands and answer. Half of them at most are one tenant's, and all
	// together are no more commands than the queue holds, so that batches are not refused because of batches. One more waits, before its body is read, as long as any read waits.
	MaxBatches = 8
)

// batchItem is one submission of a batch.
type batchItem struct {
	line    int          // where it stands in the body, from 1; 0 if the body is an array
	raw     []byte       // its exact bytes, a part of the body
	command core.Command // what it asks for, once it is decoded

	core.Outcome // what came of it
}

// submitBatch answers each item as it would have been answered alone. What is wrong with the request as a whole is the answer to all of it, and then nothing was decided.
func (s *Server) submitBatch(x *exchange) error {
	media, err := judgeMediaType(x.request.Header, mediaJSON, mediaNDJSON)
	if err != nil {
		return err
	}
	if err := x.takePlace(s.batches, codeBatchesBusy); err != nil {
		return err
	}
	defer s.batches.giveBack(x.tenant)
	items, err := s.receiveBatch(x, media)
	if err != nil {
		return err
	}
	if err := s.decideBatch(x, items); err != nil {
		return err
	}
	s.chargeRate(x, len(items)-1) // a batch is no way around the limit; but one that was not let in is sent again
	b := borrow()
	defer b.giveBack()
	b.out = s.appendBatch(b.out, x, items)
	x.answerJSON(http.StatusMultiStatus, b.out)
	return nil
}

// receiveBatch is receive for a batch: it gives the items, each with its command or with what is wrong with it. The commands do not point into the body, so that it need not be
// kept while they wait.
func (s *Server) receiveBatch(x *exchange, media string) ([]batchItem, error) {
	b := borrow()
	defer b.giveBack()
	if err := b.readBody(x, MaxBatchBody); err != nil {
		return nil, err
	}
	if _, err := readQuery(x.request.URL); err != nil {
		return nil, err
	}
	if len(x.request.Header["Idempotency-Key"]) > 0 {
		return nil, fail(codeInvalidHeader, "Idempotency-Key is not for batches: give each submission an idempotency_key of its own, and leave the header out")
	}
	items, err := b.split(media)
	if err != nil {
		return nil, err
	}
	s.decodeItems(x, items)
	return items, nil
}

// decideBatch hands in what can be decided, all of it together.
func (s *Server) decideBatch(x *exchange, items []batchItem) error {
	var commands []core.Command
	for i := range items {
		if items[i].Err == nil {
			commands = append(commands, items[i].command)
		}
	}
	if len(commands) == 0 {
		return nil
	}
	outcomes, err := s.Submitter.SubmitAll(x.request.Context(), commands)
	if err != nil {
		return err
	}
	for i := range items {
		if items[i].Err != nil {
			continue
		}
		items[i].Outcome = outcomes[0]
		if outcomes = outcomes[1:]; items[i].Err != nil {
			items[i].Err = x.whenGone(items[i].Err)
		}
	}
	return nil
}
