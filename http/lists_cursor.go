package httpapi

import (
	"encoding/base64"
	"encoding/binary"
	"errors"

	"resultlog/core"
)

// A cursor on the wire is, in base64url: the version of this form, the walk that it is of, the number of its page, and its place in that walk. Clients have no business with what
// is in it, and it keeps nothing secret: only what the row before it showed.
const (
	cursorVersion = 1

	cursorByCreation byte = 'c' // then milliseconds and id of the row
	cursorByPosition byte = 'p' // then its lastPosition
)

// cursorEncoding takes one spelling of each cursor and no other.
var cursorEncoding = base64.RawURLEncoding.Strict()

// cursorText spells a cursor.
func cursorText(c *core.Cursor) string {
	b := make([]byte, 0, 2+4+8+len(c.ID))
	if c.ByPosition {
		b = binary.BigEndian.AppendUint32(append(b, cursorVersion, cursorByPosition), uint32(c.Page))
		b = binary.BigEndian.AppendUint64(b, uint64(c.Position))
	} else {
		b = binary.BigEndian.AppendUint32(append(b, cursorVersion, cursorByCreation), uint32(c.Page))
		b = binary.BigEndian.AppendUint64(b, uint64(c.CreatedAt))
		b = append(b, c.ID[:]...)
	}
	return cursorEncoding.EncodeToString(b)
}

var errNoCursor = errors.New("not a cursor")

// parseCursor reads what cursorText wrote.
func parseCursor(text string) (core.Cursor, error) {
	b, err := cursorEncoding.DecodeString(text)
	if err != nil || len(b) < 2+4+8 || b[0] != cursorVersion {
		return core.Cursor{}, errNoCursor
	}
	c := core.Cursor{Page: int(binary.BigEndian.Uint32(b[2:])), ByPosition: b[1] == cursorByPosition}
	place, rest := int64(binary.BigEndian.Uint64(b[6:])), b[14:]
	switch {
	case b[1] == cursorByPosition && len(rest) == 0 && place > 0:
		c.Position = core.Position(place)
	case b[1] == cursorByCreation && len(rest) == len(c.ID):
		c.CreatedAt, c.ID = core.Instant(place), core.ID(rest)
	default:
		return core.Cursor{}, errNoCursor
	}
	if c.Page < 2 {
		return core.Cursor{}, errNoCursor
	}
	return c, nil
}
