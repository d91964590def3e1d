package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
)

// backupCommand copies the log of a data directory into a file.
type backupCommand struct {
	storeFlags
	File string `arg:"" type:"path" help:"The file to make; one that is there is not replaced."`
	JSON bool   `name:"json" help:"Print what was done as JSON, for programs."`
}

// Help stands in --help, below the usage.
func (*backupCommand) Help() string {
	return `Servers may run meanwhile, and are not held up: everything that was acknowledged when the backup began is in it.
The copy is verified, by replaying it, before it gets its name; what is interrupted leaves no file of that name.
It holds personal data, and only its owner may read it. The read tables are not in it, since they are made again from the log; secrets neither.
To bring it back: resultlog restore.`
}

// Validate refuses what would be taken for something else.
func (c *backupCommand) Validate() error {
	return errors.Join(c.storeFlags.Validate(), notStdout(c.File))
}

// Run implements the subcommand.
func (c *backupCommand) Run(ctx context.Context, con console) error {
	dir, err := c.embedded("backup")
	if err != nil {
		return err
	}
	begin := time.Now()
	copied, err := sqlite.Backup(ctx, dir, c.File, steps(con))
	if err != nil {
		return fmt.Errorf("no backup was made: %w", err)
	}
	return con.tellCopied(c.JSON, "backed up", c.File, copied, time.Since(begin))
}

func notStdout(file string) error {
	if file == "-" {
		return errors.New("- is not a file: a log is copied to and from files only")
	}
	return nil
}

// copyReport is what backup and restore print for programs.
type copyReport struct {
	File    string        `json:"file"`    // that was made
	Events  core.Position `json:"events"`  // how many it has
	Head    core.Position `json:"head"`    // position of the last of them
	Bytes   int64         `json:"bytes"`   // its size
	Seconds float64       `json:"seconds"` // that it took
}

func (con console) tellCopied(asJSON bool, what, file string, copied sqlite.Copied, took time.Duration) error {
	if asJSON {
		return json.NewEncoder(con.out).Encode(copyReport{File: file, Events: copied.Head, Head: copied.Head, Bytes: copied.Bytes, Seconds: took.Seconds()})
	}
	_, err := fmt.Fprintf(con.out, "%s %d events (%d bytes) to %s in %s; the last is at position %d\n",
		what, copied.Head, copied.Bytes, file, took.Round(time.Millisecond), copied.Head)
	return err
}

// steps draws a bar for one step after the other, if somebody is looking.
func steps(con console) sqlite.Progress {
	if !isTerminal(con.err) {
		return func(sqlite.Step, int64, int64) {}
	}
	var current sqlite.Step
	var bar *progressbar.ProgressBar
	return func(step sqlite.Step, done, total int64) {
		if step != current {
			current = step
			bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(con.err), progressbar.OptionSetDescription(string(step)), progressbar.OptionClearOnFinish())
		}
		_ = bar.Set64(done)
	}
}
