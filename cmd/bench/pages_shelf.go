package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// shelf is read tables with results in them.
type shelf struct {
	log     *sqlite.Log
	tables  *sqlite.ReadTables
	queries *projections.Queries
	rows    int
}

// openShelf fills read tables. What is in them never was in the log, which is empty.
func openShelf(ctx context.Context, dir string, rows int) (s *shelf, err error) {
	s = &shelf{rows: rows}
	if s.log, err = sqlite.OpenLog(ctx, dir); err != nil {
		return nil, err
	}
	if s.tables, err = sqlite.OpenReadTables(ctx, dir, projections.SQLiteSchema()); err != nil {
		return nil, errors.Join(err, s.log.Close())
	}
	s.queries = projections.NewQueries(s.tables.Read)
	if err := s.fill(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("fill read tables with %d results: %w", rows, err), s.close())
	}
	return s, nil
}

func (s *shelf) close() error { return errors.Join(s.tables.Close(), s.log.Close()) }

// fillResults makes results $1 to $2, the n-th of them a second after the one before. Every hundred in a row are of as many commerces as there are hundreds.
const fillResults = `
	WITH RECURSIVE numbers (n) AS (VALUES ($1) UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)
	INSERT INTO results (tenant_id, id, activity_id, source, status, provider_activity_id, commerce_external_id, occurred_at, hard_override, result, contact_type, comment,
		created_at, updated_at, version, last_position)
	SELECT $3, CAST(printf('%016d', n) AS BLOB), CAST(printf('a%015d', n) AS BLOB), 'RETEN_ACTIVITY', CASE WHEN n % 10 = 0 THEN 'NOT_EXECUTED' ELSE 'COMPLETED' END,
		'ext-' || n, 'store-' || (n % $4), $5 + 1000 * n, 0, CASE WHEN n % 10 = 0 THEN 'not_home' ELSE 'success' END, 'OUTBOUND', 'Order placed successfully',
		$5 + 1000 * n, $5 + 1000 * n, 1, 2 * n
	FROM numbers`

// rowsACommerce is how many results each commerce has, and fillBatch how many are made in one transaction.
const (
	rowsACommerce = 100
	fillBatch     = 100_000
)

// firstInstant is when the results began.
const firstInstant core.Instant = 1_700_000_000_000

// instantOf is when the n-th result was recorded.
func instantOf(n int) core.Instant { return firstInstant + core.Instant(1000*n) }

// fill makes the indexes after the rows, which is much faster than with each row.
func (s *shelf) fill(ctx context.Context) error {
	indexes, err := s.takeIndexes(ctx)
	if err != nil {
		return err
	}
	tenant, err := core.ParseID(tenantText)
	if err != nil {
		return err
	}
	for n := 1; n <= s.rows; n += fillBatch {
		if _, err := s.tables.Write.ExecContext(ctx, fillResults, n, min(n+fillBatch-1, s.rows), tenant[:], s.rows/rowsACommerce, int64(firstInstant)); err != nil {
			return err
		}
	}
	for _, index := range indexes {
		if _, err := s.tables.Write.ExecContext(ctx, index); err != nil {
			return err
		}
	}
	return nil
}

// takeIndexes drops the indexes of the results, and gives the statements that make them again.
func (s *shelf) takeIndexes(ctx context.Context) (statements []string, err error) {
	rows, err := s.tables.Read.QueryContext(ctx, `SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'results' AND sql IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, err
		}
		names, statements = append(names, name), append(statements, statement)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for _, name := range names {
		if _, err := s.tables.Write.ExecContext(ctx, "DROP INDEX "+name); err != nil {
			return nil, err
		}
	}
	return statements, nil
}

// pagesASample is how many pages are read of each list in each round, and size. The median of so many is steady.
const pagesASample = 50

// sample is the median time of a page, in milliseconds. A page that is not full measures nothing.
func (s *shelf) sample(ctx context.Context, list string) (float64, error) {
	tenant, err := core.ParseID(tenantText)
	if err != nil {
		return 0, err
	}
	query := lists(s.rows)[list]
	query.Page, query.Limit = 1, pageLimit
	took := make([]time.Duration, 0, pagesASample)
	for range pagesASample + 1 { // the first warms the caches up, and does not count
		began := time.Now()
		page, err := s.queries.Results(ctx, 0, tenant, query)
		if err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
		if len(page.Rows) != pageLimit {
			return 0, fmt.Errorf("a page %s has %d rows of %d", list, len(page.Rows), pageLimit)
		}
	}
	return milliseconds(percentile(slices.Sorted(slices.Values(took[1:])), 50)), nil
}
