package httpapi

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"resultlog/core"
)

// receive reads and decodes the body of a write, in the order of contract §2.4: 415, 413, then everything that is a 400 in itself.
func receive[R any](s *Server, x *exchange, b *buffers, fields []field[R], into *R) error {
	if _, err := judgeMediaType(x.request.Header, mediaJSON); err != nil {
		return err
	}
	if err := b.readBody(x, MaxBody); err != nil {
		return err
	}
	if _, err := readQuery(x.request.URL); err != nil {
		return err
	}
	if err := x.readIdempotency(b.in.Bytes()); err != nil {
		return err
	}
	return decode(b, fields, into, s.latest())
}

// latest is the last instant at which something can have occurred already.
func (s *Server) latest() core.Instant { return core.InstantOf(s.Now().Add(s.OccurredAhead)) }

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

// submitOn submits what is asked of that which the id in the path names; the body may be left out.
func submitOn[R any](s *Server, x *exchange, fields []field[R], into *R, intent func(id core.ID) core.Intent) (core.Receipt, error) {
	b := borrow()
	defer b.giveBack()
	if err := receiveOptional(s, x, b, fields, into); err != nil {
		return core.Receipt{}, err
	}
	id, err := x.pathID()
	if err != nil {
		return core.Receipt{}, err
	}
	return s.submit(x, intent(id))
}

// readIdempotency notes the Idempotency-Key that a write came with, if it did, and what makes a retry the same: endpoint and body (contract §2.5).
func (x *exchange) readIdempotency(body []byte) error {
	key, err := idempotencyKey(x.request.Header)
	if err != nil || key == "" {
		return err
	}
	x.idempotency = x.idempotencyOf(key, body)
	return nil
}

// idempotencyOf is what a key means at this endpoint, with this body.
func (x *exchange) idempotencyOf(key string, body []byte) core.Idempotency {
	return core.Idempotency{
		Key: key, Endpoint: x.request.Method + " " + strings.ToLower(x.request.URL.Path), Body: sha256.Sum256(body), // the path may have a UUID in it, in any case
	}
}

// submit hands an intent to whoever decides it.
func (s *Server) submit(x *exchange, intent core.Intent) (core.Receipt, error) {
	receipt, err := s.Submitter.Submit(x.request.Context(), s.command(x, intent))
	if err != nil {
		return core.Receipt{}, x.whenGone(err)
	}
	x.accepted(receipt)
	return receipt, nil
}

// command is what a request asks for.
func (s *Server) command(x *exchange, intent core.Intent) core.Command {
	return core.Command{Tenant: x.tenant, EventID: s.NewID(), Metadata: x.metadata(), APIKey: x.grant.apiKey, Intent: intent}
}

// whenGone is for the error of a Submitter that did not say what became of a command, since the request was over: nothing may be assumed.
func (x *exchange) whenGone(err error) error {
	ctx := x.request.Context()
	if errors.Is(err, ctx.Err()) {
		err = whenOver(ctx, err, core.CodeOutcomeUnknown)
	}
	return err
}

// recordedAs is the recorded event as the type that an answer is made of; the answer says, for the error, which one it needs.
func recordedAs[E core.Event](r core.Recorded, answer string) (E, error) {
	e, ok := r.Event.(E)
	if !ok {
		return e, fmt.Errorf("position %d is a %s: the answer of %s", r.Position, r.Event.Type(), answer)
	}
	return e, nil
}
