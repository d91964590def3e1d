package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/sqlite"
)

const (
	// rowsAtOnce is how many events one commit of a history has: enough that a commit's fixed costs vanish, and a few megabytes.
	rowsAtOnce = 8192

	// stores is how many commerces the activities of a history are about, in turns.
	stores = 1000
)

// history is a log that is made in bulk, of tasks that are created and completed, three events each, as the documented example has them. A machine decides them: it is what a server would have written.
type history struct {
	events int // how many there are: as many as were asked for, or up to two more
	open   int // how many tasks were left open, under the provider ids that the first so many submissions name
	last   core.Recorded

	machine *core.Machine
	tasks   int
	every   int  // one task in so many is left open; 0: none is
	keyless bool // the tasks have no idempotency_key, which a machine remembers
}

// bulkLog is what a history is written into, whichever engine keeps it.
type bulkLog interface {
	eventstore.Log
	AppendRows(ctx context.Context, rows []eventstore.Row) error
}

// openLog opens the log of a place.
func (at place) openLog(ctx context.Context) (bulkLog, error) {
	if at.dsn != "" {
		return postgres.OpenLog(ctx, at.dsn)
	}
	return sqlite.OpenLog(ctx, at.dir)
}

// newHistory makes one without an event yet, in which one task in openEvery will be left open.
func newHistory(openEvery int) *history {
	return &history{machine: core.NewMachine(), every: openEvery}
}

// extend writes until there are so many events, or up to two more, into the log of a place, which holds what was written before.
func (h *history) extend(ctx context.Context, at place, events int) (err error) {
	log, err := at.openLog(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return h.write(ctx, log, events)
}

// fillHistory makes a whole history in the empty log of a place.
func fillHistory(ctx context.Context, at place, events, openEvery int) (*history, error) {
	h := newHistory(openEvery)
	if err := h.extend(ctx, at, events); err != nil {
		return nil, fmt.Errorf("make a history of %d events: %w", events, err)
	}
	h.machine = nil // it may take a gigabyte
	return h, nil
}

// write decides and encodes in one goroutine while what came before is written in the other.
func (h *history) write(ctx context.Context, log bulkLog, events int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	made, failed := make(chan []eventstore.Row), make(chan error, 1)
	go func() {
		defer close(made)
		for h.events < events {
			rows, err := h.next(min(rowsAtOnce, events-h.events))
			if err != nil {
				failed <- err
				return
			}
			select {
			case made <- rows:
			case <-ctx.Done():
				return
			}
		}
	}()
	for rows := range made {
		if err := log.AppendRows(ctx, rows); err != nil {
			cancel()
			for range made { // until its maker has ended
			}
			return err
		}
	}
	close(failed)
	return errors.Join(ctx.Err(), <-failed)
}

// next decides tasks until there are so many events, or up to two more, and encodes them.
func (h *history) next(least int) (rows []eventstore.Row, err error) {
	if err := h.decide(time.Now(), least, math.MaxInt); err != nil {
		return nil, err
	}
	for _, r := range h.machine.Pending() {
		rows, h.last = append(rows, eventstore.ToRow(r)), r
	}
	h.machine.Commit()
	h.events += len(rows)
	return rows, nil
}

// decide decides tasks until so many events are pending, or so many tasks have been made in all.
func (h *history) decide(now time.Time, events, tasks int) error {
	for len(h.machine.Pending()) < events && h.tasks < tasks {
		h.tasks++
		for i, intent := range h.task(now) {
			c := core.Command{Tenant: benchTenant, At: core.InstantOf(now), EventID: mintedID(4, 2*h.tasks+i), Intent: intent, Metadata: core.Metadata{
				Actor: core.Actor{Subject: "bench", Role: "FDE"}, RequestID: fmt.Sprintf("0194a3f0-5d2e-7c11-9a40-%012d", h.tasks)}}
			if _, err := h.machine.Step(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// task is the next task: its creation, and its completion unless it is to be left open.
func (h *history) task(now time.Time) []core.Intent {
	store := fmt.Sprintf("store-%03d", h.tasks%stores)
	open := h.every > 0 && h.tasks%h.every == 0
	provider := fmt.Sprintf("done-%0*d", digits, h.tasks)
	if open {
		h.open++
		provider = fmt.Sprintf("ext-%0*d", digits, h.open)
	}
	created := core.CreateActivity{ActivityID: mintedID(1, h.tasks), ActivityDetails: core.ActivityDetails{
		ActivityType: core.Task, Reason: "Visit the store", Channel: "SALESMAN", CommerceID: core.ID{15: 1}, CommerceExternalID: store, IdempotencyKey: fmt.Sprint("key-", h.tasks),
		ProviderActivityID: provider, ScheduledAt: core.InstantOf(now),
	}}
	if h.keyless {
		created.IdempotencyKey = ""
	}
	if open {
		return []core.Intent{created}
	}
	return []core.Intent{created, core.SubmitResult{ResultID: mintedID(2, h.tasks), Submission: core.Submission{
		ProviderActivityID: provider, CommerceExternalID: store, OccurredAt: core.InstantOf(now), Status: core.ResultCompleted, Result: "success", ContactType: "OUTBOUND",
		Personal: core.Personal{Salt: [16]byte{15: byte(h.tasks)}, Comment: "Order placed successfully"}.Seal(),
	}}}
}

// mintedID is a UUIDv7 that grows with n.
func mintedID(kind byte, n int) (id core.ID) {
	binary.BigEndian.PutUint64(id[:8], uint64(n)<<20)
	id[6], id[8], id[15] = 0x70, 0x80|kind, byte(n)<<2
	binary.BigEndian.PutUint32(id[9:13], uint32(n))
	return id
}
