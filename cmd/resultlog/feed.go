package main

import (
	"log/slog"

	"resultlog/eventstore"
	"resultlog/eventstore/sqlite"
	"resultlog/projections"
)

// feedConfig is the one subscription that feeds all read tables, as serving and rebuilding share it.
func feedConfig(tables *sqlite.ReadTables, checkpoint *projections.Checkpoint, logger *slog.Logger) projections.Config {
	return projections.Config{
		DB: tables.Write, Schema: sqlite.EventsTopic(), Checkpoints: eventstore.Checkpoints{}, Decode: eventstore.MessageEvents,
		Projections: projections.All(), Checkpoint: checkpoint, Logger: logger,
	}
}
