package httpapi

import (
	"errors"

	"resultlog/core"
)

// receive reads and decodes the body of a write, in the order of contract §2.4: 415, 413, then everything that is a 400 in itself.
func receive[R any](s *Server, x *exchange, b *buffers, fields []field[R], into *R) (err error) {
	if err = b.readBody(x); err != nil {
		return err
	}
	if _, err = readQuery(x.request.URL); err != nil {
		return err
	}
	if x.idempotencyKey, err = idempotencyKey(x.request.Header); err != nil {
		return err
	}
	return decode(b, fields, into, core.InstantOf(s.Now().Add(s.OccurredAhead)))
}

// submit hands an intent to whoever decides it.
func (s *Server) submit(x *exchange, intent core.Intent) (core.Receipt, error) {
	ctx := x.request.Context()
	receipt, err := s.Submitter.Submit(ctx, core.Command{Tenant: x.tenant, EventID: s.NewID(), Metadata: x.metadata(), Intent: intent})
	if err != nil {
		if errors.Is(err, ctx.Err()) {
			err = whenOver(ctx, err, core.CodeOutcomeUnknown) // it did not say what became of the command: nothing may be assumed
		}
		return core.Receipt{}, err
	}
	x.accepted(receipt.Events[0])
	return receipt, nil
}
