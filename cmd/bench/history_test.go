package main

import (
	"context"
	"errors"
	"testing"

	"resultlog/core"
)

// A history is lawful: a server replays it. What is left open is named as submissions name it, and all else is closed.
func TestHistoryIsLawful(t *testing.T) {
	at := place{dir: t.TempDir()}
	h := newHistory(3)
	for _, events := range []int{100, 9000} { // more than one commit, and on from what is there
		if err := h.extend(t.Context(), at, events); err != nil {
			t.Fatal(err)
		}
		if h.events < events || h.events > events+2 || int(h.last.Position) != h.events {
			t.Fatalf("%d events of %d, the last at %d", h.events, events, h.last.Position)
		}
	}
	log, err := at.openLog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	machine, open := core.NewMachine(), map[string]bool{}
	for r, err := range log.ReadAll(t.Context(), 0) {
		if err == nil {
			err = machine.Replay(r)
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := r.Event.(type) {
		case core.ActivityCreated:
			open[e.ProviderActivityID] = true
		case core.ResultSubmitted:
			delete(open, e.ProviderActivityID)
		}
	}
	if int(machine.Head()) != h.events || len(open) != h.open || h.open < h.tasks/3 || !open["ext-000000000001"] || !open[string(marked("ext-"+mark).fill(int64(h.open)))] {
		t.Errorf("%d events, %d tasks are open, %d were left open of %d", machine.Head(), len(open), h.open, h.tasks)
	}
}

// What cannot be written is an error, and leaves nobody waiting.
func TestHistoryEndsWhenItIsToldTo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	at, h := place{dir: t.TempDir()}, newHistory(0)
	if err := h.extend(ctx, at, 10); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := h.extend(ctx, at, 1_000_000); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
