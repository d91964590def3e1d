package audit_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"resultlog/core"
	"resultlog/projections/audit"
)

// Metadata is decoded as the core decodes it, whatever texts are in it, and whatever was done to its bytes.
func TestPropertyMetadataIsDecodedAsTheCoreDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.Just(""), rapid.StringMatching(`[a-z0-9 -]{1,12}`), rapid.SampledFrom([]string{`"`, `\`, `","role":"x`, "ñ", "\u2028", "<&>", "\x7f", "\x00", "\xff", `\u0041`, `}`}), rapid.String())
		m := core.Metadata{
			Actor: core.Actor{Subject: text.Draw(t, "subject"), Role: text.Draw(t, "role"), Key: text.Draw(t, "key")}, RequestID: text.Draw(t, "request"), Traceparent: text.Draw(t, "trace"),
			Idempotency: core.Idempotency{Key: text.Draw(t, "idempotency key"), Endpoint: text.Draw(t, "endpoint")},
		}
		if rapid.Bool().Draw(t, "body") {
			m.Body = core.Digest{1, 2, 0xab}
		}
		if rapid.Bool().Draw(t, "caused") {
			m.CausationID = stranger
		}
		data := core.EncodeMetadata(m)
		switch draw(t, "change", 0, 3) {
		case 0:
			at := draw(t, "at", 0, len(data)-1)
			data = slices.Concat(data[:at], []byte(rapid.SampledFrom([]string{"", ",", `"`, " ", "}", "\\", "A", "\xff", `"role":"y",`, `"role":"",`}).Draw(t, "piece")), data[min(len(data), at+draw(t, "lost", 0, 2)):])
		case 1:
			data = data[:draw(t, "cut", 0, len(data))]
		}
		want, wantErr := core.DecodeMetadata(data)
		got, err := audit.DecodeMetadata(data)
		if got != want || (err == nil) != (wantErr == nil) {
			t.Fatalf("%q is %+v (%v), the core says %+v (%v)", data, got, err, want, wantErr)
		}
	})
}
