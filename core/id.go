package core

import (
	"encoding/hex"
	"fmt"
)

// ID is a UUID (RFC 9562) in its 16-byte form. The zero ID means "none": it is never minted and never accepted from a client.
type ID [16]byte

// idText is the length of a UUID as text: the 36-character form is the only one accepted (contract §2.3).
const idText = 36

// ParseID reads the 36-character form, in either case. It refuses every other spelling, and the all-zero UUID.
func ParseID(text string) (ID, error) {
	var id ID
	if err := id.UnmarshalText([]byte(text)); err != nil {
		return ID{}, err
	}
	return id, nil
}

// IsZero reports whether id is "none".
func (id ID) IsZero() bool { return id == ID{} }

// String is the lower-case 36-character form.
func (id ID) String() string { return string(id.appendText(make([]byte, 0, idText))) }

// MarshalText implements encoding.TextMarshaler with the form of String.
func (id ID) MarshalText() ([]byte, error) { return id.appendText(make([]byte, 0, idText)), nil }

// UnmarshalText implements encoding.TextUnmarshaler; see ParseID for what it accepts.
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) != idText || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return fmt.Errorf("must be a UUID of 36 characters, like 01890a5d-ac96-774b-bcce-b302099a8057")
	}
	var digits [32]byte
	copy(digits[0:8], text[0:8])
	copy(digits[8:12], text[9:13])
	copy(digits[12:16], text[14:18])
	copy(digits[16:20], text[19:23])
	copy(digits[20:32], text[24:36])
	if _, err := hex.Decode(id[:], digits[:]); err != nil {
		return fmt.Errorf("must be a UUID: %q is not hexadecimal", text)
	}
	if id.IsZero() {
		return fmt.Errorf("must not be the all-zero UUID")
	}
	return nil
}

func (id ID) appendText(b []byte) []byte {
	b = hex.AppendEncode(b, id[0:4])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[4:6])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[6:8])
	b = append(b, '-')
	b = hex.AppendEncode(b, id[8:10])
	b = append(b, '-')
	return hex.AppendEncode(b, id[10:16])
}

// eventIDs is how many event ids follow from one minted id: MaxEvents rounded up to a power of two.
const eventIDs = 4

// event is the id of the n-th event of the command that id was minted for: the lowest two bits count.
// A commit of a command holds at most MaxEvents events, so that two commands share an id only if they were minted the same.
func (id ID) event(n int) ID {
	id[15] = id[15]&^(eventIDs-1) | byte(n)
	return id
}
