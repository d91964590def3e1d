package httpapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
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

// readBody reads the whole body of a request, which has at most so many bytes.
func (b *buffers) readBody(x *exchange, most int64) error {
	length := x.request.ContentLength
	if length > most {
		return tooLarge(x, most)
	}
	if length > 0 {
		b.in.Grow(int(length) + bytes.MinRead) // ReadFrom asks for MinRead more before it believes that the end has come
	}
	n, err := b.in.ReadFrom(io.LimitReader(x.request.Body, most+1))
	switch {
	case n > most:
		return tooLarge(x, most)
	case err != nil:
		return &core.Error{Code: codeBodyUnreadable, Message: "the body broke off, or came more slowly than this service waits", Err: err}
	}
	return nil
}

// maxDiscarded is how much of a body that nobody wants is read and thrown away before the answer: many clients read no answer before they have written everything, and would find
// the connection broken instead of being told why. As much as any path takes, and some more; it takes no memory, and no longer than BodyTimeout.
const maxDiscarded = MaxBatchBody + 4<<20

// discardBody reads what is left of a body, unless its client waits to be told whether to send it. If there is more of it than is read, the connection must end, since it may go on for ever.
func (x *exchange) discardBody() {
	if x.request.Header.Get("Expect") != "" {
		return // net/http closes the connection
	}
	if n, _ := io.CopyN(io.Discard, x.request.Body, maxDiscarded); n == maxDiscarded { // it may end early, or be slow
		x.Header().Set("Connection", "close")
	}
}

// tooLarge also ends the connection: what sends so much may go on for ever.
func tooLarge(x *exchange, most int64) error {
	x.Header().Set("Connection", "close")
	return moreThan(most)
}

func moreThan(most int64) error {
	return fail(codeBodyTooLarge, "the body has more than %d bytes", most)
}

// The media types of bodies.
const (
	mediaJSON   = "application/json"
	mediaNDJSON = "application/x-ndjson"
)

// judgeMediaType lets the allowed media types through, in UTF-8 and uncompressed, and says which one it is. Parameters are allowed.
func judgeMediaType(h http.Header, allowed ...string) (media string, err error) {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return "", fail(codeUnsupportedMediaType, "the body must not be compressed: Content-Encoding %q is not supported", shorten(encoding))
	}
	if media, err = mediaType(h["Content-Type"], allowed); err != nil {
		return "", &core.Error{Code: codeUnsupportedMediaType, Message: "the body must be JSON, sent with Content-Type: " + strings.Join(allowed, " or "), Err: err}
	}
	return media, nil
}

func mediaType(values, allowed []string) (string, error) {
	if len(values) != 1 {
		return "", errors.New("not one Content-Type")
	}
	if slices.Contains(allowed, values[0]) {
		return values[0], nil // nearly always, and quick
	}
	media, params, err := mime.ParseMediaType(values[0])
	switch {
	case err != nil:
		return "", err
	case !slices.Contains(allowed, media):
		return "", errors.New("another media type")
	case params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8"):
		return "", errors.New("another charset")
	}
	return media, nil
}
