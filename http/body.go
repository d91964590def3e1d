package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"

	"resultlog/core"
)

const (
	// MaxBody is the most bytes that a request's body may have (contract §2.3).
	MaxBody = 256 << 10

	// maxPooled is the largest buffer that is kept for the next request: nearly all fit in it, and a rush of large ones does not stay in memory for ever.
	maxPooled = 64 << 10
)

// buffers are what one request reads into and encodes its answer into.
type buffers struct {
	in      bytes.Buffer
	decoder decoder
	out     []byte
}

var bufferPool = sync.Pool{New: func() any { return new(buffers) }}

// borrow gives empty buffers. Nothing may point into them after giveBack.
func borrow() *buffers { return bufferPool.Get().(*buffers) }

func (b *buffers) giveBack() {
	if b.in.Cap() > maxPooled || cap(b.out) > maxPooled {
		return
	}
	b.in.Reset()
	b.out = b.out[:0]
	bufferPool.Put(b)
}

// readBody reads the whole body of a request: 415 first, then 413 (contract §2.4).
func (b *buffers) readBody(x *exchange) error {
	if err := judgeMediaType(x.request.Header); err != nil {
		return err
	}
	length := x.request.ContentLength
	if length > MaxBody {
		return tooLarge(x)
	}
	if length > 0 {
		b.in.Grow(int(length) + bytes.MinRead) // ReadFrom asks for MinRead more before it believes that the end has come
	}
	n, err := b.in.ReadFrom(io.LimitReader(x.request.Body, MaxBody+1))
	switch {
	case n > MaxBody:
		return tooLarge(x)
	case err != nil:
		return &core.Error{Code: codeBodyUnreadable, Message: "the body broke off, or came more slowly than this service waits", Err: err}
	}
	return nil
}

// maxDiscarded is how much of a body that is too large is read and thrown away: many clients read no answer before they have written everything.
const maxDiscarded = 4 << 20

// tooLarge also closes the connection, since the body may go on for ever.
func tooLarge(x *exchange) error {
	x.Header().Set("Connection", "close")
	_, _ = io.CopyN(io.Discard, x.request.Body, maxDiscarded) // it may end early, or be slow: BodyTimeout
	return fail(codeBodyTooLarge, "the body has more than %d bytes", MaxBody)
}

// judgeMediaType lets application/json through, in UTF-8 and uncompressed. Parameters are allowed.
func judgeMediaType(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fail(codeUnsupportedMediaType, "the body must not be compressed: Content-Encoding %q is not supported", shorten(encoding))
	}
	values := h["Content-Type"]
	if err := isJSON(values); err != nil {
		return &core.Error{Code: codeUnsupportedMediaType, Message: "the body must be JSON, sent with Content-Type: application/json", Err: err}
	}
	return nil
}

func isJSON(values []string) error {
	if len(values) != 1 {
		return errors.New("not one Content-Type")
	}
	if values[0] == "application/json" {
		return nil // nearly always, and quick
	}
	media, params, err := mime.ParseMediaType(values[0])
	switch {
	case err != nil:
		return err
	case media != "application/json":
		return errors.New("another media type")
	case params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		return errors.New("another charset")
	}
	return nil
}
