package projections

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"resultlog/core"
)

// Difference is a place at which the read tables are not what the log says.
type Difference struct {
	Table  string
	ID     string // the row's key, in words; empty: it is about the table as such
	Column string // empty: it is about the row as such, or the table
	Have   string // what the read tables have there
	Want   string // what they should have, by the log
}

// String is one line for people.
func (d Difference) String() string {
	var place []string
	for _, part := range []string{d.Table, d.ID, d.Column} {
		if part != "" {
			place = append(place, part)
		}
	}
	if d.Want == "" {
		return strings.Join(place, " ") + ": " + d.Have
	}
	return fmt.Sprintf("%s: have %s, want %s", strings.Join(place, " "), d.Have, d.Want)
}

// shownBytes is how much of a value is shown: enough to recognise it.
const shownBytes = 200

// differs is all that is said of a personal value.
const differs = "differs"

// personalColumns names the columns whose values may be about a person. They are compared as all others are, and never shown.
var personalColumns = map[string]bool{"comment": true, "operator_external_id": true, "raw_payload": true, "payload": true, "error_message": true}

// id is a row's key in words.
func (t tableShape) id(row []any) string {
	words := make([]string, t.keys)
	for i := range words {
		words[i] = t.names[i] + "=" + inWords(t.names[i], row[i])
	}
	return strings.Join(words, " ")
}

// inWords is a value as it is shown.
func inWords(column string, value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case string:
		return quoted(v)
	case []byte:
		if len(v) == len(core.ID{}) && strings.HasSuffix(column, "id") { // other bytes are no UUID, however long they are
			return core.ID(v).String()
		}
		return hex.EncodeToString(v[:min(len(v), shownBytes)])
	}
	return fmt.Sprint(value)
}

// quoted is a text in quotes, cut where it is long, between two characters.
func quoted(text string) string {
	if len(text) <= shownBytes {
		return strconv.Quote(text)
	}
	end := shownBytes
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return fmt.Sprintf("%s… (%d bytes)", strconv.Quote(text[:end]), len(text))
}
