package core

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Personal is the part of a submission that may be about a person. It is stored apart from the rest of its event, so that it can be erased
// while every proof over the event's data still holds: the data keeps the SHA-256 of the sealed part, and the salt keeps that from being guessed.
type Personal struct {
	Salt               [16]byte
	Comment            string
	OperatorExternalID string
	RawPayload         []byte // the JSON text as sent, byte for byte; nil means absent
	Payload            []byte // likewise
}

// Sealed is a Personal as it is stored: its bytes, and their digest. The zero Sealed means that nothing personal was sent;
// a digest without bytes means that the person was erased.
type Sealed struct {
	Bytes  []byte
	SHA256 Digest
}

// Seal encodes p as one JSON object, payloads byte for byte, and takes its digest. It is the zero Sealed when p has nothing but a salt.
// It is the costliest part of encoding an event, and does not touch the machine: call it before the command is queued.
func (p Personal) Seal() Sealed {
	if p.Comment == "" && p.OperatorExternalID == "" && p.RawPayload == nil && p.Payload == nil {
		return Sealed{}
	}
	o := OpenObject(make([]byte, 0, 128+len(p.Comment)+len(p.OperatorExternalID)+len(p.RawPayload)+len(p.Payload)))
	o.hex("salt", p.Salt[:])
	o.OptionalText("comment", p.Comment)
	o.OptionalText("operator_external_id", p.OperatorExternalID)
	o.Raw("raw_payload", p.RawPayload)
	o.Raw("payload", p.Payload)
	b := o.Close()
	return Sealed{Bytes: b, SHA256: sha256.Sum256(b)}
}

// Erased reports whether there was something personal that has been erased since.
func (s Sealed) Erased() bool { return s.Bytes == nil && s.SHA256 != Digest{} }

// Open decodes what Seal encoded. Nothing sent, and erased, both open to the zero Personal.
func (s Sealed) Open() (Personal, error) {
	if s.Bytes == nil {
		return Personal{}, nil
	}
	if p, ok := plainPersonal(s.Bytes); ok {
		return p, nil
	}
	return openAny(s.Bytes)
}

// openAny opens a personal part however its JSON is spelled.
func openAny(personal []byte) (Personal, error) {
	var stored struct {
		Salt               string          `json:"salt"`
		Comment            string          `json:"comment"`
		OperatorExternalID string          `json:"operator_external_id"`
		RawPayload         json.RawMessage `json:"raw_payload"`
		Payload            json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(personal, &stored); err != nil {
		return Personal{}, fmt.Errorf("personal part: %w", err)
	}
	p := Personal{Comment: stored.Comment, OperatorExternalID: stored.OperatorExternalID, RawPayload: stored.RawPayload, Payload: stored.Payload}
	if err := decodeHex(p.Salt[:], stored.Salt); err != nil {
		return Personal{}, fmt.Errorf("personal part: salt: %w", err)
	}
	return p, nil
}
