package main

import (
	"context"
	"fmt"
	"io"
	"iter"

	"resultlog/core"
	"resultlog/projections/export"
)

// exportEvents exports the events that the log holds now. As NDJSON they are the lines of resultlog events; as anything else, rows of a table.
func (c *exportCommand) exportEvents(ctx context.Context, con console, log storedLog, format export.Format, to io.Writer) (exported, error) {
	p, err := partOf(ctx, log, c.Tenant)
	if err != nil {
		return exported{}, err
	}
	var w eventWriter = &eventLines{out: to}
	if format != export.NDJSON {
		rows, err := export.NewWriter(format, to, c.table(eventColumns(), p.position, p.head))
		if err != nil {
			return exported{}, err
		}
		w = &eventRows{Writer: rows}
	}
	reached := func(core.Position) {}
	if !isTerminal(con.out) { // where the lines themselves show how far it is
		reached = progress(con, "exporting", p.head)
	}
	written, err := c.writeEvents(ctx, p, w, reached)
	if err == nil {
		err = w.Close()
	}
	return exported{written, fmt.Sprintf("as of %s %d, which is the last", p.position, p.head)}, err
}

// eventWriter writes events in a format.
type eventWriter interface {
	writeEvent(e core.Entry) error
	Close() error
}

// eventLines writes those that auditors are shown.
type eventLines struct {
	out  io.Writer
	line []byte
}

func (w *eventLines) writeEvent(e core.Entry) (err error) {
	if w.line, err = e.AppendJSON(w.line[:0]); err != nil {
		return err
	}
	_, err = w.out.Write(append(w.line, '\n'))
	return err
}

// Close implements eventWriter.
func (*eventLines) Close() error { return nil }

// writeEvents writes the events that are wanted, and gives how many they are.
func (c *exportCommand) writeEvents(ctx context.Context, p logPart, w eventWriter, reached func(core.Position)) (written int64, err error) {
	after := core.Position(0)
	if c.From != nil {
		if after, err = core.RecordedFrom(core.Instant(*c.From), 0, p.head, func(after core.Position) iter.Seq2[core.Entry, error] { return p.after(ctx, after) }); err != nil {
			return 0, err
		}
	}
	if after >= p.head {
		return 0, nil
	}
	for e, err := range p.after(ctx, after) {
		if err != nil {
			return written, err
		}
		if p.of(e) > p.head || c.To != nil && e.RecordedAt >= core.Instant(*c.To) { // when events were recorded never decreases
			break
		}
		if err := w.writeEvent(e); err != nil {
			return written, err
		}
		if written++; written%progressEvery == 0 {
			reached(p.of(e))
		}
	}
	reached(p.head)
	return written, nil
}

// logPart is a log, or a tenant's part of it, up to what is its last event now.
type logPart struct {
	log      storedLog
	tenant   core.ID // zero: all of it
	position string  // what an event's place in it is called
	head     core.Position
}

func partOf(ctx context.Context, log storedLog, tenant core.ID) (p logPart, err error) {
	p = logPart{log: log, tenant: tenant, position: "position"}
	if tenant.IsZero() {
		p.head, err = log.Head(ctx)
	} else {
		p.position = "tenant position"
		p.head, err = log.TenantHead(ctx, tenant)
	}
	return p, err
}

// after yields its events after a place in it.
func (p logPart) after(ctx context.Context, after core.Position) iter.Seq2[core.Entry, error] {
	if p.tenant.IsZero() {
		return p.log.Entries(ctx, after)
	}
	return p.log.TenantEntries(ctx, p.tenant, after)
}

// of is the place of an event in it.
func (p logPart) of(e core.Entry) core.Position {
	if p.tenant.IsZero() {
		return e.Position
	}
	return e.TenantPosition
}
