package httpapi

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"resultlog/core"
)

// cutBody cuts a body off at the first byte that is not UTF-8 or opens one level too many, and says why; nothing if the body is whole.
// What comes before the cut is read as usual, so that an earlier error goes first.
func cutBody(body *bytes.Buffer) (why string) {
	if i := tooDeep(body.Bytes()); i >= 0 {
		body.Truncate(i)
		why = fmt.Sprintf("is nested too deep at byte %d: a body may be nested %d deep, itself counted", i, MaxNesting)
	}
	if i := invalidUTF8(body.Bytes()); i >= 0 {
		body.Truncate(i)
		why = fmt.Sprintf("is not UTF-8 at byte %d", i)
	}
	return why
}

// tooDeep is the place of the first bracket that stands deeper than MaxNesting; -1 if none does. On what is not JSON it may point anywhere:
// the decoder meets the place where JSON ends before that.
func tooDeep(b []byte) int {
	if bytes.Count(b, []byte{'{'})+bytes.Count(b, []byte{'['}) <= MaxNesting {
		return -1 // nearly always, and quick
	}
	for place, depth := range core.Brackets(b) {
		if depth > MaxNesting {
			return place
		}
	}
	return -1
}

// invalidUTF8 is the place of the first byte that is not UTF-8; -1 if there is none.
func invalidUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
}
