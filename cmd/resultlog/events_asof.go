package main

import (
	"context"
	"errors"
	"fmt"

	"resultlog/core"
	"resultlog/eventstore"
	httpapi "resultlog/http"
)

// printAsOf prints how the activity, or the result, was at a moment: what a read would have answered then.
func (c *eventsCommand) printAsOf(ctx context.Context, con console, log storedLog) error {
	past := eventstore.Past{History: log}
	moment, _, err := past.Settle(ctx, c.Tenant, *c.AsOf)
	if err != nil {
		return inWords(err)
	}
	var text []byte
	if !c.Result.IsZero() {
		var v core.ResultView
		if v, err = past.Result(ctx, c.Tenant, c.Result, moment); err == nil {
			text = httpapi.AppendResult(nil, &v)
		}
	} else {
		var v core.ActivityView
		if v, err = c.activityAsOf(ctx, past, log, moment); err == nil {
			text = httpapi.AppendActivity(nil, &v)
		}
	}
	if err != nil {
		return inWords(err)
	}
	_, err = con.out.Write(append(text, '\n'))
	return err
}

// activityAsOf finds the activity's result first, without the read tables.
func (c *eventsCommand) activityAsOf(ctx context.Context, past eventstore.Past, log storedLog, moment core.Moment) (core.ActivityView, error) {
	p := eventsPrinter{EventFilter: core.EventFilter{Activity: c.Activity}, log: log, tenant: c.Tenant}
	is, result, err := core.ActivityOf(c.Activity, p.stream(ctx, c.Activity)(0))
	if err == nil && is && result.IsZero() {
		result, err = p.pendingResult(ctx)
	}
	if err != nil {
		return core.ActivityView{}, err
	}
	return past.Activity(ctx, c.Tenant, c.Activity, result, moment)
}

// inWords is an error without its code, which is for programs.
func inWords(err error) error {
	var e *core.Error
	if errors.As(err, &e) && e.Message != "" && e.Err == nil {
		return errors.New(e.Message)
	}
	return fmt.Errorf("read the log: %w", err)
}
