package httpapi

import (
	"bytes"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// open consumes the beginning of an object.
func (d *decoder) open() bool {
	if !d.expect("an object", '{') {
		return false
	}
	d.read(d.json.ReadToken())
	return d.err == nil
}

// read takes note of a token's error; the token itself is known from having peeked.
func (d *decoder) read(_ jsontext.Token, err error) {
	if err != nil {
		d.syntax(err)
	}
}

// memberName reads the next member's name, or the end of the object. The name is valid until the next read.
func (d *decoder) memberName() (name []byte, more bool) {
	if d.err != nil {
		return nil, false
	}
	d.name = ""
	if d.json.PeekKind() == '}' {
		d.read(d.json.ReadToken())
		return nil, false
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		d.syntax(err)
		return nil, false
	}
	name, err = unquote(raw)
	if err != nil {
		d.fail("has a name with half a surrogate pair in it: %s", shorten(string(raw)))
		return nil, false
	}
	return name, true
}

// isNull consumes a null, if that comes next.
func (d *decoder) isNull() bool {
	if d.json.PeekKind() != 'n' {
		return false
	}
	d.read(d.json.ReadToken())
	return true
}

// expect judges the type of the value that comes next.
func (d *decoder) expect(what string, kind jsontext.Kind) bool {
	got := d.json.PeekKind()
	if got == kind {
		return true
	}
	if name := kindName(got); name != "" {
		d.fail("must be %s, not %s", what, name)
	} else {
		d.read(d.json.ReadToken()) // nothing that is a value: reading it tells why
	}
	return false
}

// kindName says in words what a value is; nothing if it is none.
func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	return ""
}

// end refuses whatever comes after the body's object.
func (d *decoder) end() {
	if d.err != nil {
		return
	}
	_, err := d.json.ReadToken()
	switch {
	case err == nil:
		d.fail("goes on after its end")
	case err != io.EOF || d.cut != "":
		d.syntax(err)
	}
}

// pointer is where the decoder is, as a JSON pointer (RFC 6901). No field's name needs escaping.
func (d *decoder) pointer() string {
	if d.name == "" {
		return d.parent
	}
	return d.parent + "/" + d.name
}

// unquote decodes a JSON string; without escapes it is a part of raw.
func unquote(raw []byte) ([]byte, error) {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1], nil
	}
	return jsontext.AppendUnquote(nil, raw)
}
