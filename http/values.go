package httpapi

import (
	"encoding"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"resultlog/core"
)

// The lengths of strings, in characters (code points).
const (
	maxID      = 255  // ids of any kind (contract §2.3), and all other strings that a program made up: codes, statuses, times of day
	maxComment = 4000 // what a person wrote (contract §2.3): a page of text
)

// text reads a string of least to most characters.
func (d *decoder) text(least, most int) string {
	raw, ok := d.string()
	if !ok {
		return ""
	}
	s := string(raw)
	if problem := judgeText(s, least, most); problem != "" {
		d.wrong(problem)
	}
	return s
}

// judgeText says what is wrong with a text, if anything. It must be UTF-8.
func judgeText(s string, least, most int) string {
	switch {
	case len(s) < least:
		return "must not be empty"
	case len(s) > most && utf8.RuneCountInString(s) > most:
		return fmt.Sprintf("must have at most %d characters, and has %d", most, utf8.RuneCountInString(s))
	case strings.IndexByte(s, 0) >= 0:
		return "must not contain the character NUL"
	}
	return ""
}

// string reads a string's bytes, which are valid until the next read.
func (d *decoder) string() ([]byte, bool) {
	if !d.expect("a string", '"') {
		return nil, false
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		d.syntax(err)
		return nil, false
	}
	text, err := unquote(raw)
	if err != nil {
		d.fail("has half a surrogate pair in it, which is no character")
		return nil, false
	}
	return text, true
}

// into reads a string into what knows its own form and says what is allowed: ids, statuses, types.
func (d *decoder) into(v encoding.TextUnmarshaler) {
	text, ok := d.string()
	if !ok {
		return
	}
	if err := v.UnmarshalText(text); err != nil {
		d.wrong(err.Error())
	}
}

// oneOf reads a string that must be one of a list.
func oneOf[S ~string](d *decoder, list []S) S {
	text, ok := d.string()
	if !ok {
		return ""
	}
	for _, s := range list {
		if string(s) == string(text) {
			return s
		}
	}
	d.wrong(core.NotOneOf(list).Error())
	return ""
}

// instant reads a time of RFC 3339 (contract §2.3).
func (d *decoder) instant() core.Instant {
	text, ok := d.string()
	if !ok {
		return 0
	}
	i, err := core.ParseInstant(string(text))
	switch {
	case err != nil:
		d.wrong(err.Error())
	case i < yearOne:
		d.wrong("lies before the year 0001 in UTC")
	}
	return i
}

// yearOne is when the calendars of most clients begin: they could not read an earlier time in an answer.
var yearOne = core.InstantOf(time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC))

// past reads a time that must not lie further ahead than clocks are wrong.
func (d *decoder) past() core.Instant {
	i := d.instant()
	if i > d.latest {
		d.wrong(fmt.Sprintf("lies in the future: it must not be after %s", d.latest))
	}
	return i
}

// boolean reads true or false.
func (d *decoder) boolean() bool {
	kind := d.json.PeekKind()
	if kind != 'f' && !d.expect("a boolean", 't') {
		return false
	}
	d.read(d.json.ReadToken())
	return kind == 't'
}

// number reads a number that a float64 can hold.
func (d *decoder) number() float64 {
	if !d.expect("a number", '0') {
		return 0
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		d.syntax(err)
		return 0
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		d.wrong("is too large a number")
	}
	if n == 0 {
		return 0 // and not -0, which databases do not keep apart
	}
	return n
}

// object takes an object as it stands, byte for byte. It points into the body. Inside, only syntax, UTF-8, depth and size count.
func (d *decoder) object() []byte {
	if !d.expect("an object", '{') {
		return nil
	}
	raw, err := d.json.ReadValue()
	if err != nil {
		d.syntax(err)
		return nil
	}
	return raw
}
