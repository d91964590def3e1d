package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"resultlog/core"
	"resultlog/projections/analytics"
	"resultlog/projections/export"
)

// exportCommand writes what analysts ask for to a file.
type exportCommand struct {
	storeFlags
	Kind    string        `arg:"" help:"What to export; see above."`
	Format  export.Format `env:"-" placeholder:"FORMAT" help:"parquet, csv or ndjson. Default: what the name of FILE ends with; ndjson for standard output."`
	Tenant  core.ID       `env:"-" placeholder:"UUID" help:"Only what is this tenant's. Default: what is anybody's."`
	From    *timeOrDay    `env:"-" placeholder:"TIME" help:"Only rows of then or later, like 2025-01-16T14:30:00Z; a day, like 2025-01-16, begins with it, in UTC."`
	To      *timeOrDay    `env:"-" placeholder:"TIME" help:"Only rows of before then: the day 2025-02-01 is the end of January."`
	Output  string        `env:"-" short:"o" default:"-" type:"path" placeholder:"FILE" help:"The file to make. Default: standard output."`
	Replace bool          `env:"-" help:"If there is a FILE, replace it once the new one is complete. Without this, one that is there stays."`
}

// Help stands in --help, below the usage.
func (*exportCommand) Help() string {
	var text strings.Builder
	text.WriteString("Writes one of these, all of one moment, and by which time --from and --to select:\n")
	for _, v := range analytics.Views() {
		fmt.Fprintf(&text, "  %-22s %-12s %s\n", v.Name, v.Time, v.Comment)
	}
	fmt.Fprintf(&text, "  %-22s %-12s %s\n", eventsKind, "recorded_at", "One row for each event of the log; as NDJSON, the lines that resultlog events prints.")
	text.WriteString(`
Servers may run meanwhile. All but the events is of the read tables, as far as they have come: the last line says how far that is, on standard error. Nothing is waited for.
FILE holds personal data, and only its owner may read it. It has its name only when it is complete. In CSV, what a spreadsheet would run as a formula has an apostrophe before it.
docs/exports.md has the columns' types in each format, and how DuckDB, pandas and spreadsheets read them.

  resultlog export results -o results.parquet
  resultlog export activities --tenant UUID --from 2025-01-01 --to 2025-02-01 -o january.csv
  resultlog export events --tenant UUID | jq -r .type | sort | uniq -c`)
	return text.String()
}

// eventsKind is what is not made of the read tables.
const eventsKind = "events"

// exportKinds lists what can be exported.
func exportKinds() (kinds []string) {
	for _, v := range analytics.Views() {
		kinds = append(kinds, v.Name)
	}
	return append(kinds, eventsKind)
}

// timeOrDay is a time on the command line, or a day, which stands for its first moment in UTC.
type timeOrDay core.Instant

// UnmarshalText implements encoding.TextUnmarshaler.
func (m *timeOrDay) UnmarshalText(text []byte) error {
	if day, err := time.Parse(time.DateOnly, string(text)); err == nil {
		*m = timeOrDay(core.InstantOf(day))
		return nil
	}
	at, err := core.ParseInstant(string(text))
	if err != nil {
		return fmt.Errorf("%w; or a day, like 2025-01-16", err)
	}
	*m = timeOrDay(at)
	return nil
}

// Validate refuses what could not be written, or would be empty whatever there is.
func (c *exportCommand) Validate() error {
	if _, err := c.format(); err != nil {
		return err
	}
	switch {
	case !slices.Contains(exportKinds(), c.Kind):
		return fmt.Errorf("%q %w", c.Kind, core.NotOneOf(exportKinds()))
	case c.From != nil && c.To != nil && *c.From >= *c.To:
		return errors.New("--from must lie before --to")
	case c.Replace && c.Output == stdout:
		return errors.New("--replace is about a file: give -o FILE")
	}
	return c.storeFlags.Validate()
}

// format is the one that was asked for.
func (c *exportCommand) format() (export.Format, error) {
	ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.Output)), ".")
	format := c.Format
	switch {
	case format == "" && c.Output == stdout:
		format = export.NDJSON
	case format == "" && ending == "jsonl":
		format = export.NDJSON
	case format == "":
		format = export.Format(ending)
	}
	if !slices.Contains(export.Formats, format) {
		return "", fmt.Errorf("--format %w; without it, that is what FILE must end with", core.NotOneOf(export.Formats))
	}
	return format, nil
}

// Run implements the subcommand.
func (c *exportCommand) Run(ctx context.Context, con console) error {
	begin := time.Now()
	format, err := c.format()
	if err != nil {
		return err
	}
	if c.Output == stdout && format == export.Parquet && isTerminal(con.out) {
		return errors.New("a terminal cannot show Parquet: give -o FILE")
	}
	to, err := newDestination(con, c.Output, c.Replace)
	if err != nil {
		return err
	}
	defer to.discard()
	done, err := c.export(ctx, con, format, to)
	if err == nil {
		err = to.finish()
	}
	switch {
	case format != export.Parquet && isGone(err): // head has seen enough
		return nil
	case err != nil:
		return fmt.Errorf("nothing is exported: %w", err)
	}
	done.tell(con.err, c.Kind, to, time.Since(begin))
	return nil
}

// export writes what was asked for.
func (c *exportCommand) export(ctx context.Context, con console, format export.Format, to io.Writer) (done exported, err error) {
	if view, ok := analytics.Find(c.Kind); ok {
		err = c.withStore(ctx, func(s *store) error {
			done, err = c.exportView(ctx, con, s, view, format, to)
			return err
		})
		return done, err
	}
	err = c.withLog(ctx, func(log storedLog) error {
		done, err = c.exportEvents(ctx, con, log, format, to)
		return err
	})
	return done, err
}

// table describes what is exported: as of a position, which is one in the whole log, or in the tenant's part of it.
func (c *exportCommand) table(columns []analytics.Column, position string, at core.Position) export.Table {
	version := thisBuild().Version
	about := map[string]string{"version": version, "contract": fmt.Sprint(analytics.Version), "kind": c.Kind, strings.ReplaceAll(position, " ", "_"): fmt.Sprint(at)}
	if !c.Tenant.IsZero() {
		about["tenant"] = c.Tenant.String()
	}
	if c.From != nil {
		about["from"] = core.Instant(*c.From).String()
	}
	if c.To != nil {
		about["to"] = core.Instant(*c.To).String()
	}
	return export.Table{Name: c.Kind, Columns: columns, Program: version, About: about}
}

// exported is what came of an export.
type exported struct {
	rows int64
	asOf string // how far what it was made of had come
}

// tell tells it, and warns if it is nothing.
func (e exported) tell(w io.Writer, kind string, to *destination, took time.Duration) {
	if e.rows == 0 {
		fmt.Fprintf(w, "no %s were found that fit: check --tenant, --from and --to\n", kind)
	}
	fmt.Fprintf(w, "exported %d rows of %s (%d bytes) in %s, %s\n", e.rows, kind, to.bytes, took.Round(time.Millisecond), e.asOf)
}
