package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/projections/audit"
)

// verifyCommand finds out whether a history is what it was.
type verifyCommand struct {
	storeFlags
	Key        []string `env:"-" placeholder:"PUBLIC" help:"A key by which checkpoints are verified, as resultlog signing-key prints it; may be repeated, since keys rotate. Without it, a store's own keys are taken, which proves less."`
	Checkpoint []string `env:"-" type:"path" placeholder:"FILE" help:"Checkpoints that you have kept (GET /api/audit/checkpoint), one after the other; may be repeated. The older and the more, the closer a change can be placed."`
	File       string   `env:"-" type:"path" placeholder:"FILE" help:"Verify this export of one tenant's history (resultlog events, or GET /api/events as NDJSON): neither a server nor a store is needed."`
	SkipTables bool     `env:"-" help:"Leave the read tables out: they can be made again at any time, and comparing them takes longer than the log."`
	JSON       bool     `name:"json" help:"Print what was found as JSON, for programs."`
}

// Help stands in --help, below the usage.
func (*verifyCommand) Help() string {
	return `Reads the whole log, and says of it: nothing is missing and everything is in its place; every event can be read; the status machine could have decided it, given what came before; the
Merkle trees over each tenant's events have the roots that were signed, in the checkpoints that are stored and in those that you have kept; the read tables are what the log says.

Servers may run meanwhile: what they append after the beginning is left for the next time. Exit code 1 if anything is not as it must be; each finding says where. To prove it without trusting the
service, its machine or its database, give the key that you were given (--key) and checkpoints that you have kept yourself (--checkpoint):

  resultlog events --tenant T > history.ndjson
  resultlog verify --file history.ndjson --key "$(cat service.key)" --checkpoint kept.txt

docs/audit.md says what is proved, and what cannot be.`
}

// Validate refuses what does not belong together.
func (c *verifyCommand) Validate() error {
	if c.File != "" && c.Store != "" {
		return errors.New("--file is verified by itself: leave --store out")
	}
	if c.File != "" && len(c.Key) == 0 && len(c.Checkpoint) > 0 {
		return errors.New("checkpoints of a file are verified by a key that you trust: give --key too")
	}
	return c.storeFlags.Validate()
}

// Run implements the subcommand.
func (c *verifyCommand) Run(ctx context.Context, con console) error {
	keys, err := c.trusted()
	if err != nil {
		return err
	}
	report := newVerifyReport()
	if c.File != "" {
		err = c.verifyFile(ctx, con, keys, report)
	} else {
		err = c.withStore(ctx, func(s *store) error { return c.verifyStore(ctx, con, s, keys, report) })
	}
	if err != nil {
		return err
	}
	return report.print(con, c.JSON)
}

// trusted are the keys that were given.
func (c *verifyCommand) trusted() (keys []audit.VerifierKey, err error) {
	for _, text := range c.Key {
		key, err := audit.ParseVerifierKey(text)
		if err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// promises are the checkpoints that were kept, opened by keys that are trusted.
func (c *verifyCommand) promises(keys []audit.VerifierKey) (all []audit.Promise, err error) {
	for _, file := range c.Checkpoint {
		kept, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for i, signed := range audit.SplitCheckpoints(kept) {
			promise, err := audit.OpenPromise(signed, keys, fmt.Sprintf("checkpoint %d of %s", i+1, file))
			if err != nil {
				return nil, err
			}
			all = append(all, promise)
		}
	}
	return all, nil
}

// verifyStore verifies a log where it is.
func (c *verifyCommand) verifyStore(ctx context.Context, con console, s *store, keys []audit.VerifierKey, report *verifyReport) error {
	stored, err := audit.ReadStored(ctx, s.trees.Read, keys) // before the head: the trees never come further than the log
	if err != nil {
		return err
	}
	promises, err := c.promises(stored.Trusted())
	if err != nil {
		return err
	}
	head, err := s.log.Head(ctx)
	if err != nil {
		return err
	}
	report.Keys = "trusted"
	if len(keys) == 0 {
		report.Keys = "stored"
	}
	v := audit.NewVerifier(audit.Verification{Promises: promises, Stored: stored, Found: report.found})
	if err := verifyRows(ctx, v, s.log, head, progress(con, "verifying", head)); err != nil {
		return err
	}
	if err := v.End(ctx); err != nil {
		return err
	}
	report.end(v)
	if c.SkipTables {
		return nil
	}
	return c.verifyTables(ctx, con, s, report)
}

// verifyRows verifies row by row, and past those of which not even the columns can be read.
func verifyRows(ctx context.Context, v *audit.Verifier, log storedLog, head core.Position, reached func(core.Position)) error {
	after := core.Position(0)
	for {
		err := verifyRowsAfter(ctx, v, log, after, head, reached)
		var broken *eventstore.RowError
		if !errors.As(err, &broken) {
			return err
		}
		v.Skip(broken.Position, broken)
		after = broken.Position
	}
}

func verifyRowsAfter(ctx context.Context, v *audit.Verifier, log storedLog, after, head core.Position, reached func(core.Position)) error {
	if after >= head {
		return nil
	}
	for p, err := range audit.InOrder(ctx, upTo(head, log.Rows(ctx, after)), prepareRow) {
		if err != nil {
			return err
		}
		if err := v.Next(ctx, p); err != nil {
			return err
		}
		if p.Entry.Position%progressEvery == 0 {
			reached(p.Entry.Position)
		}
	}
	return nil
}

// progressEvery is after how many events the bar moves: drawing costs more than verifying.
const progressEvery = 4096

func prepareRow(row eventstore.Row) audit.Prepared { return audit.Prepare(row.Entry, row.Slim) }

// upTo ends a log at the head of the moment when the verification began.
func upTo(head core.Position, rows iter.Seq2[eventstore.Row, error]) iter.Seq2[eventstore.Row, error] {
	return func(yield func(eventstore.Row, error) bool) {
		for row, err := range rows {
			if !yield(row, err) || row.Position >= head {
				return
			}
		}
	}
}
