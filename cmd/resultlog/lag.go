package main

import (
	"context"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
	httpapi "resultlog/http"
)

// recordedAt looks up when events of a log were recorded.
func recordedAt(log eventstore.Log) func(context.Context, core.Position) (core.Instant, error) {
	return func(ctx context.Context, at core.Position) (core.Instant, error) {
		r, found, err := eventAt(ctx, log, at)
		if err == nil && !found {
			err = fmt.Errorf("the log does not come as far as %d", at)
		}
		return r.RecordedAt, err
	}
}

// readsReady measures how far the read tables are behind the log.
func (n *node) readsReady(ctx context.Context) (httpapi.ReadLag, error) {
	lag, err := n.barrier.Lag(ctx)
	return httpapi.ReadLag{Events: lag.Events, Time: lag.Time, TooLong: lag.TooLong()}, err
}
