package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
	"resultlog/projections/audit"
)

// verifyTables folds the log once more, into tables that are thrown away, and compares the read tables with those.
func (c *verifyCommand) verifyTables(ctx context.Context, con console, s *store, report *verifyReport) (err error) {
	dir, err := os.MkdirTemp("", "resultlog-verify-")
	if err != nil {
		return fmt.Errorf("make a place for the tables to compare with: %w; TMPDIR names another", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	scratch, err := sqlite.OpenScratchTables(ctx, dir, projections.SQLiteSchema(), projections.FoldingIndexes...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, scratch.Close()) }()
	head, err := s.log.Head(ctx)
	if err != nil {
		return err
	}
	reached := progress(con, "comparing", head)
	compared, err := projections.Comparison{
		Live: s.reading, Scratch: projections.Tables{DB: scratch, Given: sqlite.Given{}, Catalog: sqlite.Catalog}, Events: s.log.ReadAll, History: s.log.ReadStream,
		Progress: func(done, _ core.Position) { reached(done) },
		Found: func(d projections.Difference) error {
			report.found(audit.Finding{Kind: audit.KindReadTables, Message: d.String()})
			return nil
		},
	}.Compare(ctx)
	report.Tables = &tablesReport{Rows: compared.Rows, Parked: compared.Parked, Unapplied: compared.Unapplied}
	report.MoreFound += max(0, int(compared.Differences)-projections.MaxDifferences)
	return err
}
