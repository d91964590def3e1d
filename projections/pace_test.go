package projections

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"
)

// A poll that fails is not tried again before RetryDelay, however many reads wait: they would only make it fail more often.
func TestReadsDoNotHurryAFailingPoll(t *testing.T) {
	checkpoint, _ := checkpointAt(t)
	synctest.Test(t, func(t *testing.T) {
		hurry := make(chan struct{}, 1)
		cfg := Config{Checkpoint: checkpoint, Hurry: hurry, Logger: slog.New(slog.DiscardHandler)}
		cfg.setDefaults()
		p := &pace{Runner: &Runner{Config: cfg}, ctx: t.Context()}
		hurry <- struct{}{}
		begin := time.Now()
		p.HandleError(nil, false, errors.New("disk"))
		if took := time.Since(begin); took < RetryDelay {
			t.Errorf("tried again after %s", took)
		}
		if p.ctx.Err() != nil {
			t.Error(context.Cause(p.ctx))
		}
	})
}
