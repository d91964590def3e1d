package httpapi

import (
	"bytes"
	"slices"

	"resultlog/core"
)

// batchItemFields is what an item of a batch may have: all that a submission has, and the key that is a header there.
var batchItemFields = append(slices.Clip(submissionFields),
	field[submission]{"idempotency_key", optional, func(d *decoder, r *submission) { r.key = d.text(1, maxIdempotencyKey) }})

// split cuts the body of a batch into its items, which point into it. Nothing is said of what an item holds; what is wrong between them is wrong with the whole.
func (b *buffers) split(media string) (items []batchItem, err error) {
	switch {
	case len(bytes.Trim(b.in.Bytes(), whiteSpace)) == 0: // neither an array nor a line
	case media == mediaNDJSON:
		items, err = splitLines(b.in.Bytes())
	default:
		items, err = splitArray(b)
	}
	if err == nil && len(items) == 0 {
		err = invalidJSON("", "holds no submission: send at least one")
	}
	return items, err
}

// whiteSpace is what JSON takes for it.
const whiteSpace = " \t\r\n"

// splitArray cuts a JSON array into its elements. It must be JSON throughout: where an element ends cannot be told otherwise.
func splitArray(b *buffers) (items []batchItem, err error) {
	d := &b.decoder
	d.begin(&b.in, 0)
	if d.expect("an array", '[') {
		d.read(d.json.ReadToken())
	}
	for d.err == nil && d.json.PeekKind() != ']' {
		switch raw, err := d.json.ReadValue(); {
		case err != nil:
			d.syntax(err)
		case len(items) == MaxBatchItems:
			d.fail("holds more than %d submissions: send them in several batches", MaxBatchItems)
		default:
			items = append(items, batchItem{raw: raw})
		}
	}
	d.read(d.json.ReadToken())
	d.end()
	if d.err != nil {
		return nil, d.err
	}
	return items, nil
}

// splitLines cuts newline-delimited JSON into its lines. Those that hold nothing are no items.
func splitLines(body []byte) (items []batchItem, err error) {
	line := 0
	for text := range bytes.SplitSeq(body, []byte{'\n'}) {
		line++
		if text = bytes.Trim(text, whiteSpace); len(text) == 0 {
			continue
		}
		if len(items) == MaxBatchItems {
			return nil, invalidJSON("", "holds more than %d submissions, the next one in line %d: send them in several batches", MaxBatchItems, line)
		}
		items = append(items, batchItem{line: line, raw: text})
	}
	return items, nil
}

// decodeItems makes a command of each item, or says why it is none.
func (s *Server) decodeItems(x *exchange, items []batchItem) {
	b := borrow()
	defer b.giveBack()
	latest := s.latest()
	for i := range items {
		items[i].command, items[i].Err = s.decodeItem(x, b, items[i].raw, latest)
		items[i].raw = nil
	}
}

// decodeItem reads an item just as it would be read if it were a body of its own.
func (s *Server) decodeItem(x *exchange, b *buffers, raw []byte, latest core.Instant) (core.Command, error) {
	if len(raw) > MaxBody {
		return core.Command{}, moreThan(MaxBody)
	}
	b.in.Reset()
	b.in.Write(raw)
	var said submission
	if err := decode(b, batchItemFields, &said, latest); err != nil {
		return core.Command{}, err
	}
	c := s.command(x, said.intent(s.NewID()))
	if said.key != "" {
		c.Metadata.Idempotency = x.idempotencyOf(said.key, raw)
	}
	return c, nil
}
