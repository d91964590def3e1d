package main

import (
	"context"
	"errors"
	"fmt"

	"resultlog/core"
)

// eraseCommand takes what may be about a person out of a result, for good.
type eraseCommand struct {
	storeFlags
	Tenant   core.ID `required:"" env:"-" placeholder:"UUID" help:"The tenant that the result belongs to."`
	Result   core.ID `env:"-" placeholder:"UUID" help:"The result, by its id."`
	Activity core.ID `env:"-" placeholder:"UUID" help:"The result of this activity, in place of --result."`
	Sub      string  `required:"" env:"-" placeholder:"WHO" help:"Who you are; it stands in the event."`
	JSON     bool    `name:"json" help:"Print what was done as JSON, for programs."`
}

// Help stands in --help, below the usage.
func (*eraseCommand) Help() string {
	return `Comment, operator, raw_payload and payload of every submission of the result so far are taken out of the log, of the read tables, and of the database's files. An event says that it was done, when, and by
whom; reads show erasedAt. Status, times and codes stay, and so does every proof, since the log holds a digest of what was erased. What is submitted afterwards is kept again. It cannot be undone.

Servers may run meanwhile; but the files are written anew, which takes some seconds for each gigabyte and as much free space as they have, and whoever writes waits for that: beyond ten seconds (five on PostgreSQL,
where reads wait too) requests are answered 503, and are to be retried. If it is cut short, or somebody has been reading for so long that the files cannot be cleaned, the exit code is 1: run the same command again. It
is always safe to, and does what is left to do.

It does not reach what is no longer in the store: backups and copies of before (restore one, and erase again), what an interrupted restore left behind (log.db.partial-…), what clients and analysts were shown, the free blocks
of the file system, and servers' logs. On PostgreSQL neither does SQL reach the WAL that is not recycled yet and its archives, standbys until they have caught up and taken a checkpoint, nor what pg_dump or
pg_basebackup have copied. There the command must be run by the role that owns the schemas, since to the others the log is append-only (docs/deploy/roles.sql).`
}

// Validate refuses what names nothing, or two things.
func (c *eraseCommand) Validate() error {
	if c.Result.IsZero() == c.Activity.IsZero() {
		return errors.New("say what to erase: --result, or --activity, and not both")
	}
	return errors.Join(validateSub(c.Sub), c.storeFlags.Validate())
}

// erasedReport is what erase prints for programs.
type erasedReport struct {
	Result      core.ID      `json:"result"`
	Tenant      core.ID      `json:"tenant"`
	ErasedAt    core.Instant `json:"erasedAt"`    // when it was recorded that it is erased
	Recorded    bool         `json:"recorded"`    // by this run; else by an earlier one, which this run has finished
	Submissions int64        `json:"submissions"` // whose personal part this run has emptied
	Left        []string     `json:"left,omitempty"`
}

// Run implements the subcommand.
func (c *eraseCommand) Run(ctx context.Context, con console) error {
	return c.withStore(ctx, func(s *store) error {
		e := &erasure{eraseCommand: c, store: s, con: con}
		for _, step := range e.steps() {
			if err := step(ctx); err != nil {
				return e.unfinished(err)
			}
		}
		return e.tell()
	})
}

func (e *erasure) tell() error {
	report := erasedReport{
		Result: e.erased.Stream.ID, Tenant: e.Tenant, ErasedAt: e.erased.RecordedAt, Recorded: e.recorded, Submissions: e.emptied, Left: e.left,
	}
	if e.JSON {
		return printJSON(e.con.out, report)
	}
	for _, left := range e.left {
		fmt.Fprintln(e.con.err, "not reached:", left)
	}
	if !e.recorded {
		_, err := fmt.Fprintf(e.con.out, "result %s was erased at %s already, and nothing was submitted since; what was left of it is gone now (%d submissions)\n", report.Result, report.ErasedAt, report.Submissions)
		return err
	}
	_, err := fmt.Fprintf(e.con.out, "erased result %s at %s: %d submissions\n", report.Result, report.ErasedAt, report.Submissions)
	return err
}
