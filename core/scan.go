package core

import "bytes"

// What is stored as JSON text is shown again byte for byte, so nothing needs to be decoded: only to be found, and to be what it should be. A scanner walks over JSON text and says where a piece of it
// ends, and that it is one. It exists because encoding/json takes several times as long, and every event of an export comes through here. It takes no line feed and no carriage return, which
// JSON lets stand between its tokens: what it has passed stands on one line, whatever it is written into.
type scanner struct {
	text  []byte
	at    int
	depth int
	bad   bool // what stands at the place is no JSON, or breaks the line
}

// maxScanDepth is how deep an object may be nested that is scanned: events and their metadata are 2 deep, and whoever spoils one must not exhaust the stack.
const maxScanDepth = 64

// scanObject gives the length of the JSON object that text begins with, and shows member each key and value of it as they stand; 0 if text begins with no such object.
func scanObject(text []byte, member func(key, value []byte)) int {
	s := scanner{text: text}
	if s.next() != '{' {
		return 0
	}
	s.object(member)
	if s.bad {
		return 0
	}
	return s.at
}

// next is the byte at the place; 0, which JSON never has, at the end.
func (s *scanner) next() byte {
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

// take walks over one byte, which must be c, and the blanks on both its sides.
func (s *scanner) take(c byte) {
	s.blanks()
	s.bad = s.bad || s.next() != c
	s.at++
	s.at = min(s.at, len(s.text))
	s.blanks()
}

func (s *scanner) blanks() {
	for c := s.next(); c == ' ' || c == '\t'; c = s.next() {
		s.at++
	}
}

// more walks over what stands between the pieces of an object or array, or over its end.
func (s *scanner) more(end byte) bool {
	s.blanks()
	if s.next() == ',' {
		s.take(',')
		return !s.bad
	}
	s.end(end)
	return false
}

// end walks over the end of an object or array, and not over what follows.
func (s *scanner) end(c byte) {
	if s.next() != c {
		s.bad = true
		return
	}
	s.at++
	s.depth--
}

// begin walks over the beginning of an object or array, and says whether there is something in it.
func (s *scanner) begin(c, end byte) bool {
	s.take(c)
	if s.depth++; s.depth > maxScanDepth {
		s.bad = true
	}
	if s.next() == end {
		s.end(end)
		return false
	}
	return !s.bad
}

func (s *scanner) object(member func(key, value []byte)) {
	for going := s.begin('{', '}'); going; going = s.more('}') {
		from := s.at
		s.string()
		key := s.text[from:s.at]
		s.take(':')
		from = s.at
		s.value()
		if s.bad {
			return
		}
		if member != nil {
			member(key, s.text[from:s.at])
		}
	}
}

func (s *scanner) array() {
	for going := s.begin('[', ']'); going; going = s.more(']') {
		s.value()
		if s.bad {
			return
		}
	}
}

func (s *scanner) value() {
	switch s.next() {
	case '"':
		s.string()
	case '{':
		s.object(nil)
	case '[':
		s.array()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
}

func (s *scanner) word(w string) {
	if !bytes.HasPrefix(s.text[s.at:], []byte(w)) {
		s.bad = true
		return
	}
	s.at += len(w)
}

// string walks over a string. Nearly all of it are bytes that stand for themselves.
func (s *scanner) string() {
	if s.next() != '"' {
		s.bad = true
		return
	}
	for i := s.at + 1; i < len(s.text); i++ {
		switch c := s.text[i]; {
		case c == '"':
			s.at = i + 1
			return
		case c == '\\':
			n := escapeLength(s.text[i:])
			if n == 0 {
				s.bad = true
				return
			}
			i += n - 1
		case c < ' ':
			s.bad = true
			return
		}
	}
	s.bad = true
}

// escapeLength is that of the escape which text begins with; 0 if it is none.
func escapeLength(text []byte) int {
	switch {
	case len(text) >= 2 && bytes.IndexByte([]byte(`"\/bfnrt`), text[1]) >= 0:
		return 2
	case len(text) >= 6 && text[1] == 'u' && isHex(text[2:6]):
		return 6
	}
	return 0
}

func isHex(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}

// number walks over -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() {
	if s.next() == '-' {
		s.at++
	}
	if s.next() == '0' {
		s.at++
	} else {
		s.digits()
	}
	if s.next() == '.' {
		s.at++
		s.digits()
	}
	if c := s.next(); c == 'e' || c == 'E' {
		s.at++
		if c = s.next(); c == '+' || c == '-' {
			s.at++
		}
		s.digits()
	}
}

// digits walks over one digit or more.
func (s *scanner) digits() {
	from := s.at
	for c := s.next(); '0' <= c && c <= '9'; c = s.next() {
		s.at++
	}
	s.bad = s.bad || s.at == from
}
