package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections"
)

// deadlettersCommand is what an operator does about events that the read tables could not take.
type deadlettersCommand struct {
	List  listLetters `cmd:"" default:"withargs" help:"One line for each parked event; what is done if nothing else is said."`
	Show  showLetter  `cmd:"" help:"All there is to know of one."`
	Retry retryLetter `cmd:"" help:"Apply parked events again."`
	Drop  dropLetter  `cmd:"" help:"Give one up."`
}

// Help stands in --help, below the usage.
func (*deadlettersCommand) Help() string {
	return `An event that cannot be applied to the read tables is parked: set aside with what follows it on its stream (the events of one result, of one activity, or of a tenant's own settings), so that everything else flows.
Nothing is lost, since it stands in the log; writes go on. Until it is retried or dropped, reading that result or activity by its id is answered 503 projection_parked, and lists show its row as
it was before; of a tenant's own stream, reading its result types and its API keys is answered so, and its results are classified as before. Look at why with list and show, cure that (a newer version of this program, say: start the servers with it first), and retry. Servers may run meanwhile.`
}

// lettersFlags are what all subcommands share.
type lettersFlags struct {
	storeFlags
	JSON bool `name:"json" help:"As JSON, for programs."`
}

// letters is the store, opened to look after its dead letters.
type letters struct {
	projections.DeadLetters
	log storedLog
}

// open runs a subcommand on the store.
func (f lettersFlags) open(ctx context.Context, do func(letters) error) error {
	return f.withStore(ctx, func(s *store) error {
		return do(letters{log: s.log, DeadLetters: s.deadLetters()})
	})
}

func (s *store) deadLetters() projections.DeadLetters {
	return projections.DeadLetters{Tables: s.tables, Read: s.read, Projections: projections.All(), History: s.log.ReadStream}
}

// row gives a parked event as the log holds it.
func (l letters) row(ctx context.Context, letter projections.DeadLetter) (eventstore.Row, error) {
	row, found, err := l.log.Row(ctx, letter.Position)
	switch {
	case err != nil:
		return row, err
	case !found || row.EventID != letter.EventID:
		return row, fmt.Errorf("the log has another event at position %d, or none: the read tables were made of another log; resultlog rebuild makes them again", letter.Position)
	}
	return row, nil
}

// letterReport is a parked event, for programs.
type letterReport struct {
	Position       core.Position `json:"position"`
	TenantPosition core.Position `json:"tenantPosition"`
	Type           string        `json:"type"`
	Stream         core.ID       `json:"stream"`
	Version        core.Version  `json:"version"` // in the stream
	Tenant         core.ID       `json:"tenant"`
	EventID        core.ID       `json:"eventId"`
	RecordedAt     core.Instant  `json:"recordedAt"`
	ParkedAt       core.Instant  `json:"parkedAt"`
	Error          string        `json:"error"`
}

func reportOf(l projections.DeadLetter, eventType string) letterReport {
	return letterReport{
		Position: l.Position, TenantPosition: l.TenantPosition, Type: eventType, Stream: l.Stream.ID, Version: l.Version, Tenant: l.Stream.Tenant, EventID: l.EventID,
		RecordedAt: l.RecordedAt, ParkedAt: l.ParkedAt, Error: l.Error,
	}
}

// printJSON writes one object on one line; what people read in it keeps its characters.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
