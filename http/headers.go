package httpapi

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"resultlog/core"
)

const (
	maxRequestID      = 128 // contract §2.4
	maxIdempotencyKey = 255 // contract §2.5
	maxShown          = 100 // how much of what a client sent is shown again in a message, in characters: enough to recognise it
)

// requestID is the client's X-Request-Id if it is 1 to 128 of A-Za-z0-9._-, else a new one (contract §2.4).
func (s *Server) requestID(h http.Header) string {
	if id := h.Get("X-Request-Id"); id != "" && len(id) <= maxRequestID && strings.IndexFunc(id, notRequestID) < 0 {
		return id
	}
	return s.NewID().String()
}

func notRequestID(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-'
}

// metadata says who asks and by which request; every event that follows keeps it.
func (x *exchange) metadata() core.Metadata {
	return core.Metadata{Actor: x.grant.actor, RequestID: x.requestID, Traceparent: traceparent(x.request.Header), Idempotency: x.idempotency}
}

// idempotencyKey reads Idempotency-Key: 1 to 255 characters, once, or not at all (contract §2.5).
func idempotencyKey(h http.Header) (string, error) {
	keys := h["Idempotency-Key"]
	if len(keys) == 0 {
		return "", nil
	}
	key := keys[0]
	if n := utf8.RuneCountInString(key); len(keys) > 1 || n < 1 || n > maxIdempotencyKey || !utf8.ValidString(key) {
		return "", fail(codeInvalidHeader, "Idempotency-Key must be sent once, as 1 to %d characters of UTF-8", maxIdempotencyKey)
	}
	return key, nil
}

// traceparentLength is that of W3C Trace Context version 00: 2 hex digits, 32, 16 and 2, with dashes between.
const traceparentLength = 2 + 1 + 32 + 1 + 16 + 1 + 2

// traceparent reads a W3C traceparent; what is not valid is dropped, as the recommendation says. Of a version after 00 it keeps the part that is known.
func traceparent(h http.Header) string {
	values := h["Traceparent"]
	if len(values) != 1 || len(values[0]) < traceparentLength {
		return ""
	}
	v, rest := values[0][:traceparentLength], values[0][traceparentLength:]
	version, trace, parent, flags := v[0:2], v[3:35], v[36:52], v[53:55]
	switch {
	case v[2] != '-' || v[35] != '-' || v[52] != '-':
		return ""
	case !lowerHex(version) || !lowerHex(trace) || !lowerHex(parent) || !lowerHex(flags):
		return ""
	case strings.Trim(trace, "0") == "" || strings.Trim(parent, "0") == "" || version == "ff":
		return ""
	case rest != "" && (version == "00" || rest[0] != '-'):
		return ""
	}
	return v
}

func lowerHex(text string) bool {
	return strings.IndexFunc(text, func(c rune) bool { return (c < '0' || c > '9') && (c < 'a' || c > 'f') }) < 0
}

// shorten cuts what a client sent to what a message or a log line can show.
func shorten(text string) string {
	if len(text) <= maxShown {
		return text
	}
	n := 0
	for i := range text {
		if n++; n > maxShown {
			return text[:i] + "…"
		}
	}
	return text
}
