package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// eventsPrinter is a walk through the log for one command.
type eventsPrinter struct {
	core.EventFilter
	log     storedLog
	tenant  core.ID
	out     *bufio.Writer
	line    []byte
	reached func(core.Position)
}

// print prints what is there after a tenant position, then goes on with what comes, if that is wanted.
func (p *eventsPrinter) print(ctx context.Context, con console, after core.Position, follow bool) error {
	head, err := p.log.TenantHead(ctx, p.tenant)
	if err != nil {
		return err
	}
	if after > head {
		return fmt.Errorf("--after %d lies beyond the last event of this tenant, which is %d", after, head)
	}
	if !isTerminal(con.out) { // where the lines themselves show how far it is
		p.reached = progress(con, "printing", head)
	}
	if err := p.findStreams(ctx); err != nil {
		return err
	}
	if p.Recorded.From != nil {
		if after, err = core.RecordedFrom(*p.Recorded.From, after, head, p.tenantEntries(ctx)); err != nil {
			return err
		}
	}
	entries, err := p.entries(ctx, after)
	if err != nil {
		return err
	}
	if _, err := p.printAll(entries, after, head); err != nil || !follow {
		return errors.Join(err, p.out.Flush())
	}
	return p.follow(ctx, head)
}

// findStreams finds whose events are wanted.
func (p *eventsPrinter) findStreams(ctx context.Context) error {
	switch {
	case !p.Activity.IsZero():
		is, result, err := core.ActivityOf(p.Activity, p.stream(ctx, p.Activity)(0))
		if err == nil && !is {
			err = fmt.Errorf("this tenant has no activity %s", p.Activity)
		}
		if err == nil && result.IsZero() {
			result, err = p.pendingResult(ctx)
		}
		p.Know(p.Activity)
		p.Know(result)
		return err
	case !p.Result.IsZero():
		p.Know(p.Result)
	}
	return nil
}

// pendingResult searches the result of an activity that it has not moved among all that was recorded since the activity was. It reads no read table: a log can be looked at alone.
func (p *eventsPrinter) pendingResult(ctx context.Context) (core.ID, error) {
	for e, err := range p.stream(ctx, p.Activity)(0) {
		if err != nil {
			return core.ID{}, err
		}
		for e, err := range p.log.TenantEntries(ctx, p.tenant, e.TenantPosition) {
			if err != nil {
				return core.ID{}, err
			}
			if result, err := e.ResultOf(p.Activity); err != nil || !result.IsZero() {
				return result, err
			}
		}
		break
	}
	return core.ID{}, nil
}

func (p *eventsPrinter) tenantEntries(ctx context.Context) core.EntriesFrom[core.Position] {
	return func(after core.Position) iter.Seq2[core.Entry, error] {
		return p.log.TenantEntries(ctx, p.tenant, after)
	}
}

func (p *eventsPrinter) stream(ctx context.Context, id core.ID) core.EntriesFrom[core.Version] {
	return func(after core.Version) iter.Seq2[core.Entry, error] {
		return p.log.StreamEntries(ctx, core.Stream{Tenant: p.tenant, ID: id}, after)
	}
}

// entries yields the events that are there after a tenant position, among which the wanted ones are.
func (p *eventsPrinter) entries(ctx context.Context, after core.Position) (iter.Seq2[core.Entry, error], error) {
	if p.IsWhole() {
		return p.log.TenantEntries(ctx, p.tenant, after), nil
	}
	var streams []core.EntriesFrom[core.Version]
	for _, id := range p.Streams() {
		streams = append(streams, p.stream(ctx, id))
	}
	return core.EntriesAfter(after, streams...)
}

// follow prints what comes after a tenant position, until ctx is done.
func (p *eventsPrinter) follow(ctx context.Context, after core.Position) error {
	again := time.NewTicker(followEvery)
	defer again.Stop()
	for {
		var err error
		if after, err = p.printAll(p.log.TenantEntries(ctx, p.tenant, after), after, math.MaxInt64); err != nil {
			return err
		}
		if err := p.out.Flush(); err != nil {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// printAll prints the events that fit, up to a tenant position, and gives that of the last that it has looked at.
func (p *eventsPrinter) printAll(entries iter.Seq2[core.Entry, error], after, last core.Position) (core.Position, error) {
	for e, err := range entries {
		if err == nil {
			err = p.Learn(e)
		}
		switch {
		case err != nil:
			return after, err
		case e.TenantPosition > last || p.IsOver(e):
			return after, nil
		}
		if after = e.TenantPosition; after%eventstore.PageSize == 0 {
			p.reached(after)
		}
		if !p.Fits(e) {
			continue
		}
		if p.line, err = e.AppendJSON(p.line[:0]); err != nil {
			return after, err
		}
		if _, err := p.out.Write(append(p.line, '\n')); err != nil {
			return after, err
		}
	}
	return after, nil
}
