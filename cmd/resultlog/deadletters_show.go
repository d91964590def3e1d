package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections"
)

// showLetter shows one parked event.
type showLetter struct {
	lettersFlags
	Position core.Position `arg:"" help:"Its position in the log, as list shows it."`
	Personal bool          `env:"-" help:"Show the personal part too: comment, operator and payloads of a submission."`
}

// Help stands in --help, below the usage.
func (*showLetter) Help() string {
	return `Shows why it was parked, the event as it stands in the log, byte for byte, and what is parked behind it on its stream. What may be about a person is left out unless --personal is said.`
}

// shownLetter is a parked event with all that there is to know of it, for programs.
type shownLetter struct {
	letterReport
	Event   shownEvent     `json:"event"`
	Follows []letterReport `json:"follows"` // what is parked behind it on its stream
}

// shownEvent is an event as the log holds it. What is not JSON, as it should be, is shown as text.
type shownEvent struct {
	Schema        int `json:"schema"`
	Data          any `json:"data"`
	Metadata      any `json:"metadata"`
	PersonalBytes int `json:"personalBytes"`      // how large the personal part is; 0: there is none, or it was erased
	Personal      any `json:"personal,omitempty"` // if it was asked for
}

// Run implements the subcommand.
func (c *showLetter) Run(ctx context.Context, con console) error {
	return c.open(ctx, func(l letters) error {
		letter, err := l.At(ctx, c.Position)
		if err != nil {
			return fmt.Errorf("%w; resultlog deadletters list shows what is", err)
		}
		row, err := l.row(ctx, letter)
		if err != nil {
			return err
		}
		shown := shownLetter{letterReport: reportOf(letter, row.Type), Event: c.event(row), Follows: []letterReport{}}
		for next, err := range l.List(ctx, projections.Which{Tenant: letter.Stream.Tenant, Stream: letter.Stream.ID}) {
			if err != nil {
				return err
			}
			if next.Version > letter.Version {
				row, err := l.row(ctx, next)
				if err != nil {
					return err
				}
				shown.Follows = append(shown.Follows, reportOf(next, row.Type))
			}
		}
		if c.JSON {
			return printJSON(con.out, shown)
		}
		_, err = fmt.Fprint(con.out, shown.text())
		return err
	})
}

func (c *showLetter) event(row eventstore.Row) shownEvent {
	shown := shownEvent{Schema: row.SchemaVersion, Data: asIs(row.Data), Metadata: asIs(row.Metadata), PersonalBytes: len(row.Personal)}
	if c.Personal && row.Personal != nil {
		shown.Personal = asIs(row.Personal)
	}
	return shown
}

// asIs is JSON as it stands, or text if it is none.
func asIs(text []byte) any {
	if json.Valid(text) {
		return json.RawMessage(text)
	}
	return string(text)
}

// text is what a person reads.
func (s shownLetter) text() string {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s"+format+"\n", append([]any{name}, args...)...)
	}
	line("position", "%d (the tenant's %d)", s.Position, s.TenantPosition)
	line("stream", "%s, version %d", s.Stream, s.Version)
	line("tenant", "%s", s.Tenant)
	line("recorded", "%s", s.RecordedAt)
	line("parked", "%s", s.ParkedAt)
	line("error", "%s", strings.ReplaceAll(s.Error, "\n", "\n          "))
	line("event", "%s", s.EventID)
	line("type", "%s, schema %d", s.Type, s.Event.Schema)
	line("data", "%s", s.Event.Data)
	switch {
	case s.Event.Personal != nil:
		line("personal", "%s", s.Event.Personal)
	case s.Event.PersonalBytes > 0:
		line("personal", "%d bytes, left out; --personal shows them", s.Event.PersonalBytes)
	default:
		line("personal", "none, or erased")
	}
	line("metadata", "%s", s.Event.Metadata)
	line("follows", "%d more on the stream", len(s.Follows))
	for _, next := range s.Follows {
		line("", "%d  %s, version %d", next.Position, next.Type, next.Version)
	}
	return b.String()
}
