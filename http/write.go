package httpapi

import (
	"crypto/sha256"
	"errors"
	"strings"

	"resultlog/core"
)

// receive reads and decodes the body of a write, in the order of contract §2.4: 415, 413, then everything that is a 400 in itself.
func receive[R any](s *Server, x *exchange, b *buffers, fields []field[R], into *R) error {
	if err := b.readBody(x); err != nil {
		return err
	}
	if _, err := readQuery(x.request.URL); err != nil {
		return err
	}
	if err := x.readIdempotency(b.in.Bytes()); err != nil {
		return err
	}
	return decode(b, fields, into, core.InstantOf(s.Now().Add(s.OccurredAhead)))
}

// receiveOptional is receive for a write whose body may be left out. Without one there need be no Content-Type either.
func receiveOptional[R any](s *Server, x *exchange, b *buffers, fields []field[R], into *R) error {
	if x.request.ContentLength != 0 {
		return receive(s, x, b, fields, into)
	}
	if _, err := readQuery(x.request.URL); err != nil {
		return err
	}
	return x.readIdempotency(nil)
}

// readIdempotency notes the Idempotency-Key that a write came with, if it did, and what makes a retry the same: endpoint and body (contract §2.5).
func (x *exchange) readIdempotency(body []byte) error {
	key, err := idempotencyKey(x.request.Header)
	if err != nil || key == "" {
		return err
	}
	x.idempotency = core.Idempotency{
		Key: key, Endpoint: x.request.Method + " " + strings.ToLower(x.request.URL.Path), Body: sha256.Sum256(body), // the path may have a UUID in it, in any case
	}
	return nil
}

// submit hands an intent to whoever decides it.
func (s *Server) submit(x *exchange, intent core.Intent) (core.Receipt, error) {
	ctx := x.request.Context()
	receipt, err := s.Submitter.Submit(ctx, core.Command{Tenant: x.tenant, EventID: s.NewID(), Metadata: x.metadata(), APIKey: x.grant.apiKey, Intent: intent})
	if err != nil {
		if errors.Is(err, ctx.Err()) {
			err = whenOver(ctx, err, core.CodeOutcomeUnknown) // it did not say what became of the command: nothing may be assumed
		}
		return core.Receipt{}, err
	}
	x.accepted(receipt)
	return receipt, nil
}
