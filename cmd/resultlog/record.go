package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"resultlog/core"
	"resultlog/eventstore"
	httpapi "resultlog/http"
)

// recordPatience is how long a command waits until it is decided: the log is replayed first, all of it, which takes some seconds for each million events.
const recordPatience = time.Hour

// validateSub refuses what no event could name.
func validateSub(sub string) error {
	if n := utf8.RuneCountInString(sub); n < 1 || n > httpapi.MaxKeyName || !utf8.ValidString(sub) {
		return fmt.Errorf("--sub must have 1 to %d characters", httpapi.MaxKeyName)
	}
	return nil
}

// decideOn decides an intent of somebody on a tenant's part of the log, as a server does and beside any that run.
func decideOn(ctx context.Context, con console, log storedLog, tenant core.ID, sub string, intent core.Intent) (core.Recorded, error) {
	head, err := log.Head(ctx)
	if err != nil {
		return core.Recorded{}, err
	}
	sequencer := eventstore.NewSequencer(eventstore.SequencerConfig{
		Log: watchedLog{Log: log, reached: progress(con, "replaying", head)}, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)), Appended: func() {}, AnswerTimeout: recordPatience,
	})
	failed := make(chan error, 1)
	running := launch(sequencer.Run, failed)
	receipt, err := sequencer.Submit(ctx, core.Command{
		Tenant: tenant, EventID: core.ID(uuid.Must(uuid.NewV7())), Metadata: core.Metadata{Actor: core.Actor{Subject: sub}}, Intent: intent,
	})
	running.stop()
	var unavailable *core.Error
	switch {
	case errors.As(err, &unavailable) && unavailable.Code == core.CodeUnavailable && unavailable.Err != nil:
		return core.Recorded{}, fmt.Errorf("nothing was recorded: %w", unavailable.Err) // its message is for clients of a server
	case err != nil:
		return core.Recorded{}, err
	}
	return receipt.Events[0], nil
}

// watchedLog shows how far its replay has come.
type watchedLog struct {
	eventstore.Log
	reached func(core.Position)
}

// ReadSlim implements eventstore.Log.
func (l watchedLog) ReadSlim(ctx context.Context, after core.Position) iter.Seq2[core.Recorded, error] {
	return func(yield func(core.Recorded, error) bool) {
		for r, err := range l.Log.ReadSlim(ctx, after) {
			if err == nil {
				l.reached(r.Position)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
