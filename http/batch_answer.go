package httpapi

import (
	"net/http"
	"strconv"

	"resultlog/core"
)

// appendBatch encodes the 207 of a batch: an object for each item, in their order, and counts them.
func (s *Server) appendBatch(b []byte, x *exchange, items []batchItem) []byte {
	var body []byte
	b = append(b, '[')
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		o := core.OpenObject(b)
		o.Integer("index", int64(i))
		if items[i].line > 0 {
			o.Integer("line", int64(items[i].line))
		}
		body = s.appendItem(body[:0], x, &o, &items[i])
		o.Raw("body", body)
		b = o.Close()
	}
	x.items = len(items)
	return append(b, ']')
}

// appendItem encodes what an item would have been answered alone: the body at the end of b, which it gives, and status and headers as members of o.
func (s *Server) appendItem(b []byte, x *exchange, o *core.Object, it *batchItem) []byte {
	err := it.Err
	if err == nil {
		if b, err = s.appendAccepted(b, it.Receipt); err == nil {
			x.acceptedItem(it.Receipt)
			o.Integer("status", http.StatusCreated)
			o.Object("headers", func(in *core.Object) { appendReceiptHeaders(in, it.Receipt) })
			return b
		}
	}
	e, p := s.meaning(x, err)
	o.Integer("status", int64(p.status))
	switch {
	case p.retryAfter > 0:
		o.Object("headers", func(in *core.Object) { in.Text("Retry-After", strconv.Itoa(p.retryAfter)) })
	case p.status == http.StatusUnauthorized: // its API key ended between the request and this item
		o.Object("headers", func(in *core.Object) { in.Text("WWW-Authenticate", x.challenge(err)) })
	}
	return appendProblem(b, p, e, x.requestID)
}

// appendReceiptHeaders shows the headers of a write that was accepted.
func appendReceiptHeaders(o *core.Object, receipt core.Receipt) {
	o.Text("Resultlog-Position", strconv.FormatInt(int64(receipt.Events[0].TenantPosition), 10))
	if receipt.Replayed > 0 {
		o.Text("Idempotent-Replayed", "true")
	}
}
