package httpapi

import (
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"resultlog/core"
)

// wrong notes what is wrong with the value at hand; decoding goes on.
func (d *decoder) wrong(message string) {
	d.bad = append(d.bad, core.FieldError{Pointer: d.pointer(), Message: message})
}

// fail ends the decoding at the place where it is.
func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = invalidJSON(d.pointer(), format, args...)
	}
}

// refuseUnknown ends the decoding at a member that there is not; meant is the one that differs from it only in case, if there is one.
func (d *decoder) refuseUnknown(name []byte, meant string) {
	where := string(jsontext.Pointer(d.parent).AppendToken(shorten(string(name))))
	if meant != "" {
		d.err = invalidJSON(where, "is not a field here: names are case-sensitive, and this one is written %s", meant)
		return
	}
	d.err = invalidJSON(where, "is not a field here")
}

// syntax ends the decoding with an error of jsontext's, which knows the place more exactly.
func (d *decoder) syntax(err error) {
	if d.err != nil {
		return
	}
	ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
	where, at := d.pointer(), int64(0)
	var s *jsontext.SyntacticError
	if errors.As(err, &s) {
		where, at, err = shorten(string(s.JSONPointer)), s.ByteOffset, s.Err
	}
	switch {
	case ended && d.cut != "":
		d.err = invalidJSON(where, "%s", d.cut)
	case err == io.EOF:
		d.err = invalidJSON(where, "is empty: a JSON object must be sent")
	case ended:
		d.err = invalidJSON(where, "ends too early, at byte %d", at)
	default:
		d.err = invalidJSON(where, "is not JSON at byte %d: %v", at, err)
	}
}
