package main

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"resultlog/eventstore/sqlite"
	"resultlog/projections/audit"
)

// keepTrees makes the trees over the log in a directory, and signs them, by the key that is there.
func keepTrees(ctx context.Context, dir string) (err error) {
	log, err := sqlite.OpenExistingLog(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	text, err := os.ReadFile(filepath.Join(dir, "signing-key"))
	if err != nil {
		return err
	}
	key, err := audit.ParseSigningKey(string(text))
	if err != nil {
		return err
	}
	tables, err := sqlite.OpenAuditTables(ctx, dir, audit.SQLiteSchema())
	if err != nil {
		return err
	}
	keeper := audit.NewKeeper(audit.Config{Tables: audit.Tables{Write: tables.Write, Read: tables.Read}, Log: log, Key: key, Logger: slog.New(slog.DiscardHandler)})
	return errors.Join(keeper.Tick(ctx), tables.Close())
}

// linesOf yields the lines of a text that have something in them.
func linesOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !yield(line) {
				return
			}
		}
	}
}
