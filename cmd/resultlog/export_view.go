package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"resultlog/core"
	"resultlog/projections"
	"resultlog/projections/analytics"
	"resultlog/projections/export"
)

// exportView exports a view over the read tables, all of it as of one moment.
func (c *exportCommand) exportView(ctx context.Context, con console, s *store, view analytics.View, format export.Format, to io.Writer) (exported, error) {
	snapshot, err := s.reading.Snapshot(ctx)
	if err != nil {
		return exported{}, err
	}
	defer snapshot.Rollback() // nothing was written
	w, err := export.NewWriter(format, to, c.table(view.Columns, "position", snapshot.Position))
	if err != nil {
		return exported{}, err
	}
	rows, err := c.writeRows(ctx, con, snapshot, view, w)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return exported{}, err
	}
	asOf, err := freshness(ctx, s.log, snapshot.Position)
	if snapshot.Parked > 0 {
		asOf += fmt.Sprintf("; %d activities, results or tenants have events that are set aside, and are not as the log has them: resultlog deadletters list", snapshot.Parked)
	}
	return exported{rows, asOf}, err
}

// writeRows writes the rows that are wanted.
func (c *exportCommand) writeRows(ctx context.Context, con console, snapshot *projections.Snapshot, view analytics.View, w export.Writer) (written int64, err error) {
	query, args := view.Select(analytics.Filter{Tenant: c.Tenant, From: (*core.Instant)(c.From), Before: (*core.Instant)(c.To)})
	reached, err := progressOfRows(ctx, con, snapshot, query, args)
	if err != nil {
		return 0, err
	}
	found, err := snapshot.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	for row, err := range export.Rows(found, view.Columns) {
		if err == nil {
			err = w.Write(row)
		}
		if err != nil {
			return written, err
		}
		if written++; written%progressEvery == 0 {
			reached(written)
		}
	}
	reached(written)
	return written, nil
}

// progressOfRows draws a bar that goes through what a query finds. They are counted if somebody is looking, and for no other reason: it takes a fraction of what exporting them does.
func progressOfRows(ctx context.Context, con console, snapshot *projections.Snapshot, query string, args []any) (func(done int64), error) {
	if !isTerminal(con.err) || isTerminal(con.out) { // where the lines themselves show how far it is
		return func(int64) {}, nil
	}
	var total int64
	if err := snapshot.QueryRowContext(ctx, "SELECT count(*) FROM ("+query+") AS counted", args...).Scan(&total); err != nil {
		return nil, err
	}
	return bar(con, "exporting", total, progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("rows")), nil
}

// freshness tells how far read tables had come that were at a position, and what of the log they lacked.
func freshness(ctx context.Context, log storedLog, at core.Position) (string, error) {
	head, err := log.Head(ctx)
	if err != nil {
		return "", err
	}
	if at >= head {
		return fmt.Sprintf("as of position %d of the log, which is its last", at), nil
	}
	first, err := recordedAt(log)(ctx, at+1)
	if err != nil {
		return "", err
	}
	age := max(0, time.Since(first.Time())).Round(time.Millisecond)
	return fmt.Sprintf("as of position %d of the log: of the %d events that came after it, the first was recorded %s ago", at, head-at, age), nil
}
