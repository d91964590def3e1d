package main

import (
	"context"
	"io"
	"testing"

	"resultlog/projections/export"
)

// manyResults fills the read tables of an embedded store with results of a usual size: two of three have a comment, and each has a payload.
const manyResults = `
	WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
	INSERT INTO results (tenant_id, id, activity_id, source, status, provider_activity_id, commerce_external_id, occurred_at, hard_override, result, contact_type, comment, operator_external_id,
		payload, created_at, updated_at, version, last_position)
	SELECT unhex('01890a5dac96774bbcceb302099a8057'), randomblob(16), randomblob(16), 'RETEN_ACTIVITY', iif(i % 7, 'COMPLETED', 'NOT_EXECUTED'), 'ext-' || i, 'store-' || (i * 7919) % 5000,
		1736000000000 + i * 997, i % 5 = 0, iif(i % 7, 'success', 'not_home'), iif(i % 2, 'OUTBOUND', 'INBOUND'), iif(i % 3, 'Order placed, delivery on Friday ' || i, NULL), 'operator-' || i % 300,
		'{"order_id":"ord-' || i || '","amount":' || (i * 104729) % 100000 || ',"currency":"CLP","items":[{"sku":"A-' || i % 500 || '","quantity":' || i % 9 || '}]}',
		1736000000000 + i * 1000, 1736000000000 + i * 1000, 1, i
	FROM n`

// fillResults makes a store in a directory with as many results.
func fillResults(t testing.TB, dir string, rows int) {
	t.Helper()
	s, err := storeFlags{Data: dir}.open(context.Background())
	if err == nil {
		_, err = s.tables.ExecContext(context.Background(), manyResults, rows)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
}

// countedOutput counts what is written to it.
type countedOutput struct{ bytes int64 }

// Write implements io.Writer.
func (c *countedOutput) Write(b []byte) (int, error) {
	c.bytes += int64(len(b))
	return len(b), nil
}

// BenchmarkExport exports results in each format: rows and bytes in a second are those of the whole command, which opens the store, too.
func BenchmarkExport(b *testing.B) {
	const rows = 100_000
	dir := b.TempDir()
	fillResults(b, dir, rows)
	for _, format := range export.Formats {
		b.Run(string(format), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var out countedOutput
				if code := run(b.Context(), []string{"export", "results", "--data", dir, "--format", string(format)}, console{out: &out, err: io.Discard}); code != 0 {
					b.Fatalf("exit code %d", code)
				}
				b.SetBytes(out.bytes)
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
