package core

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// brief is an event in a line, by what decisions rest on.
func brief(r Recorded) string {
	head := fmt.Sprintf("%s %s v%d", r.Event.Type(), short(r.Stream.ID), r.Version)
	var overridden bool
	switch e := r.Event.(type) {
	case ActivityCreated:
		head += " " + e.ActivityType.String()
	case ResultSubmitted:
		head += fmt.Sprintf(" %s %s of %s", e.Status, e.Source, short(e.ActivityID))
		overridden = e.Overridden
	case ActivityTransitioned:
		head += fmt.Sprintf(" %s to %s by %s %s", e.From, e.To, e.Reason, short(e.ResultID))
		if e.ProviderActivityID != "" {
			head += " as " + e.ProviderActivityID
		}
		overridden = e.Overridden
	case ResultLinked:
		head += fmt.Sprintf(" to %s as %s", short(e.ActivityID), e.ProviderActivityID)
	case ResultTypeConfigured:
		head += " " + e.ResultTypeSetting.describe()
	case APIKeyIssued:
		head += fmt.Sprintf(" %s %s, expires %s", short(e.KeyID), e.Permissions, expiry(e.ExpiresAt))
	case APIKeyRevoked:
		head += " " + short(e.KeyID)
	}
	if overridden {
		head += " overridden"
	}
	return head
}

// describe shows how a tenant has a code from now on.
func (s ResultTypeSetting) describe() string {
	text := s.Code.String() + " off"
	if s.Active {
		text = s.Code.String() + " active"
	}
	if s.Classification != Unclassified {
		text += " " + s.Classification.String()
	}
	return text
}

// expiry shows when an API key expires.
func expiry(at *Instant) string {
	if at == nil {
		return "never"
	}
	return seconds(*at)
}

// briefly is a refusal in a line: its code, and what stands in the way.
func (e *Error) briefly() string {
	text := "refused " + string(e.Code)
	if e.Existing == nil {
		return text
	}
	text += ", existing " + short(e.Existing.ID)
	if e.Existing.ResultStatus != NoResult {
		text += fmt.Sprintf(" %s %s", e.Existing.ResultStatus, seconds(e.Existing.UpdatedAt))
	}
	return text
}

// replays is a receipt of a command that was accepted before, in a line.
func (r Receipt) replays() string { return fmt.Sprintf("replays position %d", r.Replayed) }

// stored is an event as the log holds it.
func stored(r Recorded) string {
	var b strings.Builder
	e := Encode(r.Event)
	fmt.Fprintf(&b, "%d %s/%d %s %s v%d schema %d event %s at %s\n", r.Position, short(r.Stream.Tenant), r.TenantPosition,
		e.Type, short(r.Stream.ID), r.Version, e.Schema, short(r.EventID), r.RecordedAt)
	fmt.Fprintf(&b, "  data     %s\n", e.Data)
	if e.Personal != nil {
		fmt.Fprintf(&b, "  personal %s\n", e.Personal)
	}
	fmt.Fprintf(&b, "  metadata %s\n", EncodeMetadata(r.Metadata))
	return b.String()
}

// refused is a refusal as its sender gets it.
func refused(e *Error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  message  %s\n", e.briefly(), e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "  field    %s %s\n", f.Pointer, f.Message)
	}
	return b.String()
}

// describe is one line per activity, result and tenant, one for the idempotency keys, and one for the log.
func (s snapshot) describe() string {
	var b strings.Builder
	for _, id := range sorted(s.Activities) {
		a := s.Activities[id]
		fmt.Fprintf(&b, "%s %s %s v%d of %s, result %s\n", short(id), a.Type, a.Status, a.Version, short(a.Tenant), short(a.ResultID))
	}
	for _, id := range sorted(s.Results) {
		r := s.Results[id]
		fmt.Fprintf(&b, "%s %s %s v%d of %s, created %s, updated %s%s\n", short(id), r.Status, r.Code, r.Version, short(r.ActivityID), seconds(r.CreatedAt), seconds(r.UpdatedAt), r.erasure())
	}
	for _, id := range sorted(s.Tenants) {
		t := s.Tenants[id]
		fmt.Fprintf(&b, "%s at %d%s\n", short(id), t.Head, t.settings())
	}
	for _, id := range sorted(s.APIKeys) {
		fmt.Fprintf(&b, "%s %s\n", short(id), s.APIKeys[id].describe())
	}
	if len(s.Keys) > 0 {
		fmt.Fprintf(&b, "keys at %v\n", slices.Sorted(maps.Values(s.Keys)))
	}
	if s.Head > 0 {
		fmt.Fprintf(&b, "log at %d, %s\n", s.Head, seconds(s.At))
	}
	return b.String()
}

// erasure shows whether a result is erased.
func (r Result) erasure() string {
	if r.Erased {
		return ", erased"
	}
	return ""
}

// settings shows what a tenant's own stream has made of it; nothing if it has none.
func (t Tenant) settings() string {
	if t.Version == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, ", v%d, %d keys", t.Version, t.Keys)
	for i, entry := range Catalog {
		code := ResultCode(i + 1)
		if !t.Types.Active(code) {
			fmt.Fprintf(&b, ", %s off", entry.Code)
		}
		if as := t.Types.Classification(code); as != Unclassified {
			fmt.Fprintf(&b, ", %s %s", entry.Code, as)
		}
	}
	return b.String()
}

// describe shows an API key.
func (k APIKey) describe() string {
	expires, revoked := "never", ""
	if k.ExpiresAt != 0 {
		expires = seconds(k.ExpiresAt)
	}
	if k.Revoked {
		revoked = ", revoked"
	}
	return fmt.Sprintf("%s of %s, expires %s%s", k.Permissions, short(k.Tenant), expires, revoked)
}

func sorted[V any](m map[ID]V) []ID {
	return slices.SortedFunc(maps.Keys(m), func(x, y ID) int { return bytes.Compare(x[:], y[:]) })
}

// trimmed is a text without the indentation that the source gives it.
func trimmed(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}
