package httpapi

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"resultlog/core"
)

// MaxNesting is how deep a body's objects and arrays may stand in each other, the body itself counted (contract §2.3).
const MaxNesting = 64

// field is a member that an object may have: its name on the wire, whether it must be there, and how its value is read into the request R.
type field[R any] struct {
	name     string
	required bool
	read     func(*decoder, *R)
}

// The words of a field table.
const (
	required = true
	optional = false
)

// decoder reads one body strictly and in one pass (contract §2.3). The first error in decoding ends it; errors in values are gathered.
//
// Duplicate keys and lone surrogates are forbidden in what it decodes and allowed in payloads, where only syntax, UTF-8, depth and size count: so jsontext lets both pass, and
// the decoder itself refuses them where they count. UTF-8 and depth are looked at beforehand, over the whole body, and the body is cut where it goes wrong:
// running into the cut is the error, and whatever is wrong before it goes first.
type decoder struct {
	json   jsontext.Decoder
	cut    string       // why the body was cut; empty if it was not
	latest core.Instant // the last instant at which something can have occurred already

	parent string            // the pointer of the object that is being read: "" or "/task_result"
	name   string            // the member that is being read; empty between two of them
	bad    []core.FieldError // values that are wrong
	err    *core.Error       // what ended the decoding
}

// anyPayload lets jsontext pass what payloads may hold.
var anyPayload = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// decode reads the body into a request, as its field table says. The error is a *core.Error. Payloads in the request point into the body.
func decode[R any](b *buffers, fields []field[R], into *R, latest core.Instant) error {
	d := &b.decoder
	cut := cutBody(&b.in)
	d.begin(&b.in, latest)
	d.cut = cut
	readObject(d, fields, into)
	d.end()
	if d.err != nil {
		return d.err
	}
	return invalid(d.bad)
}

// begin starts at the beginning of a body.
func (d *decoder) begin(body *bytes.Buffer, latest core.Instant) {
	d.cut, d.latest, d.parent, d.name, d.bad, d.err = "", latest, "", "", nil, nil
	d.json.Reset(body, anyPayload...)
}

// readObject reads the object that comes next. A generic function and not a method, since methods cannot be generic.
func readObject[R any](d *decoder, fields []field[R], into *R) {
	if !d.open() {
		return
	}
	var seen uint64 // bit i: fields[i] was there
	next := 0       // where to look first: most clients send fields in the documented order
	for {
		raw, more := d.memberName()
		if !more {
			break
		}
		i := find(fields, raw, next)
		if i < 0 {
			d.refuseUnknown(raw, nearest(fields, raw))
			return
		}
		d.name, next = fields[i].name, i+1
		if seen&(1<<i) != 0 {
			d.fail("comes twice")
			return
		}
		seen |= 1 << i
		if d.isNull() {
			if fields[i].required {
				d.wrong("must not be null")
			}
			continue
		}
		if d.err == nil {
			fields[i].read(d, into)
		}
	}
	for i := range fields {
		if d.err == nil && fields[i].required && seen&(1<<i) == 0 {
			d.name = fields[i].name
			d.wrong("is required")
		}
	}
}

// find looks a name up, from start on and then from the beginning.
func find[R any](fields []field[R], name []byte, start int) int {
	for i := range fields {
		if at := (start + i) % len(fields); fields[at].name == string(name) {
			return at
		}
	}
	return -1
}

// nearest is the field that was meant, if only the case is wrong.
func nearest[R any](fields []field[R], name []byte) string {
	for i := range fields {
		if strings.EqualFold(fields[i].name, string(name)) {
			return fields[i].name
		}
	}
	return ""
}

// nested reads an object as the value of the member at hand.
func nested[R any](d *decoder, fields []field[R], into *R) {
	parent := d.parent
	d.parent, d.name = d.pointer(), ""
	readObject(d, fields, into)
	d.parent = parent
}
