package core

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Object appends one JSON object to a buffer, members in the order of the calls: the same calls always give the same bytes. Events, their personal parts and the
// answers of the API are written by it. It exists because encoding/json compacts raw values, which must come back byte for byte, and because events
// are encoded on the only goroutine that decides. Keys must not need escaping.
type Object struct{ b []byte }

// OpenObject begins an object at the end of b.
func OpenObject(b []byte) Object { return Object{append(b, '{')} }

// Close ends the object and gives the buffer.
func (o *Object) Close() []byte { return append(o.b, '}') }

func (o *Object) key(k string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, '"')
	o.b = append(o.b, k...)
	o.b = append(o.b, '"', ':')
}

// Text writes a string.
func (o *Object) Text(k, v string) {
	o.key(k)
	o.b = appendString(o.b, v)
}

// OptionalText writes a string, or nothing if it is empty: an empty optional string means "absent" throughout the core.
func (o *Object) OptionalText(k, v string) {
	if v != "" {
		o.Text(k, v)
	}
}

// Null writes null.
func (o *Object) Null(k string) {
	o.key(k)
	o.b = append(o.b, "null"...)
}

// ID writes a UUID, or nothing if there is none.
func (o *Object) ID(k string, v ID) {
	if v.IsZero() {
		return
	}
	o.key(k)
	o.b = append(o.b, '"')
	o.b = v.appendText(o.b)
	o.b = append(o.b, '"')
}

// Digest writes a SHA-256 in hexadecimal digits, or nothing if there is none.
func (o *Object) Digest(k string, v Digest) {
	if v != (Digest{}) {
		o.hex(k, v[:])
	}
}

// hex writes bytes in hexadecimal digits.
func (o *Object) hex(k string, v []byte) {
	o.key(k)
	o.b = append(o.b, '"')
	o.b = hex.AppendEncode(o.b, v)
	o.b = append(o.b, '"')
}

// Instant writes a time in UTC with three fractional digits.
func (o *Object) Instant(k string, v Instant) {
	o.key(k)
	o.b = append(o.b, '"')
	o.b = v.appendText(o.b)
	o.b = append(o.b, '"')
}

// OptionalInstant writes a time, or nothing.
func (o *Object) OptionalInstant(k string, v *Instant) {
	if v != nil {
		o.Instant(k, *v)
	}
}

// Flag writes true, or nothing.
func (o *Object) Flag(k string, v bool) {
	if v {
		o.key(k)
		o.b = append(o.b, "true"...)
	}
}

// Boolean writes true or false.
func (o *Object) Boolean(k string, v bool) {
	o.key(k)
	o.b = strconv.AppendBool(o.b, v)
}

// Integer writes a whole number.
func (o *Object) Integer(k string, v int64) {
	o.key(k)
	o.b = strconv.AppendInt(o.b, v, 10)
}

// OptionalNumber writes a number, or nothing. It must be finite.
func (o *Object) OptionalNumber(k string, v *float64) {
	if v != nil {
		o.key(k)
		o.b = strconv.AppendFloat(o.b, *v, 'g', -1, 64)
	}
}

// Raw writes JSON text as it stands, or nothing if it is nil.
func (o *Object) Raw(k string, v []byte) {
	if v != nil {
		o.key(k)
		o.b = append(o.b, v...)
	}
}

// Texts writes an array of strings.
func (o *Object) Texts(k string, vs []string) {
	o.key(k)
	o.b = append(o.b, '[')
	for i, v := range vs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, v)
	}
	o.b = append(o.b, ']')
}

// Object writes an object within the object; fill writes its members.
func (o *Object) Object(k string, fill func(*Object)) {
	o.key(k)
	in := OpenObject(o.b)
	fill(&in)
	o.b = in.Close()
}

// Objects writes an array of n objects; fill writes the members of the i-th.
func (o *Object) Objects(k string, n int, fill func(i int, in *Object)) {
	o.key(k)
	o.b = append(o.b, '[')
	for i := range n {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		in := OpenObject(o.b)
		fill(i, &in)
		o.b = in.Close()
	}
	o.b = append(o.b, ']')
}

// appendString writes a JSON string. What needs no escaping, which is nearly everything, is copied; the rest is left to encoding/json.
func appendString(b []byte, s string) []byte {
	if !copies(s) {
		return appendEscaped(b, s)
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// copies reports whether encoding/json would write a text as it is. It escapes U+2028 and U+2029 too, for the sake of JavaScript; they begin with 0xE2, as a few others do.
func copies(s string) bool {
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c == '"' || c == '\\' || c == 0x7f || c == 0xE2:
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return ascii || utf8.ValidString(s)
}

func appendEscaped(b []byte, s string) []byte {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false) // answers are application/json and read by people
	if err := e.Encode(s); err != nil {
		panic("a string always encodes: " + err.Error())
	}
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte("\n"))...)
}
