package projections

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// statement is a text of SQL and its arguments, put together piece by piece.
type statement struct {
	text strings.Builder
	args []any
}

// add appends a piece in which each ? stands for the next of the arguments. It becomes $1, $2 and so on: the form that SQLite and PostgreSQL share.
func (s *statement) add(text string, args ...any) *statement {
	for _, arg := range args {
		before, after, _ := strings.Cut(text, "?")
		s.args = append(s.args, arg)
		fmt.Fprintf(&s.text, "%s$%d", before, len(s.args))
		text = after
	}
	s.text.WriteString(text)
	return s
}

// afterPrefix is the first text, byte by byte, after all those that begin with a prefix. There is none if that is made of the last character that there is alone.
func afterPrefix(prefix string) (end string, bounded bool) {
	for len(prefix) > 0 {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch last {
		case utf8.MaxRune:
			continue
		case 0xD7FF: // what follows are halves of surrogate pairs, which no text has
			return prefix + "\uE000", true
		}
		return prefix + string(last+1), true
	}
	return "", false
}
