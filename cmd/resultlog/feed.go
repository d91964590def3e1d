package main

import (
	"log/slog"

	"resultlog/eventstore"
	"resultlog/projections"
)

// feedConfig is the one subscription that feeds all read tables, as serving and rebuilding share it.
func (s *store) feedConfig(checkpoint *projections.Checkpoint, logger *slog.Logger) projections.Config {
	return projections.Config{
		Tables: s.tables, Schema: s.topic, Checkpoints: eventstore.Checkpoints{}, Decode: eventstore.MessageEvents,
		Projections: projections.All(), Checkpoint: checkpoint, Logger: logger,
	}
}
