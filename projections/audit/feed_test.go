package audit_test

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections/audit"
)

// recorded are the events of a log after a position, as a sequencer hands them over.
func (l *events) recorded(after int) (appended []core.Recorded) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.all[after:] {
		appended = append(appended, core.Recorded{Stored: &l.all[after+i]})
	}
	return appended
}

// What a keeper was handed it does not read again.
func TestWhatWasHandedIsNotReadAgain(t *testing.T) {
	log, key, tables := &events{}, newKey(t), sqliteTables(t)
	keeper := newKeeper(t, tables, unreadableLog{log}, key)
	for range 20 {
		before := len(log.all)
		for range 300 {
			log.grow(id(1))
		}
		keeper.Feed(log.recorded(before))
		mustTick(t, keeper)
	}
	mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 300, 301, 4096, 6000})
}

// unreadableLog is a log of which no more than the last event can be read: whether there is another after it.
type unreadableLog struct{ *events }

// Entries implements audit.Log.
func (l unreadableLog) Entries(ctx context.Context, after core.Position) iter.Seq2[core.Entry, error] {
	if int(after) < len(l.all)-1 {
		return (&events{err: errors.New("nobody is to read the log")}).Entries(ctx, 0)
	}
	return l.events.Entries(ctx, after)
}

// Whatever is handed over, and whatever is lost on the way, and whoever else appends and keeps meanwhile: the trees are those of the log.
func TestWhateverIsHandedTheTreesAreThoseOfTheLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, tables audit.Tables) {
		log, key := &events{}, newKey(t)
		random := rand.New(rand.NewPCG(3, 4))
		keepers := []*audit.Keeper{newKeeper(t, tables, log, key), newKeeper(t, tables, log, key)}
		for range 150 {
			before := len(log.all)
			for range 1 + random.IntN(40) {
				log.grow(id(uint64(1 + random.IntN(3))))
			}
			keeper := keepers[random.IntN(2)]
			if random.IntN(5) > 0 {
				keeper.Feed(log.recorded(before))
			}
			if random.IntN(3) > 0 {
				mustTick(t, keepers[random.IntN(2)])
			}
		}
		mustTick(t, keepers[0])
		for tenant := range uint64(3) {
			mustProve(t, tables, log, id(tenant+1), key.Verifier(), somePositions(random, len(log.tenant(id(tenant+1)))))
		}
	})
}

// A keeper that is handed more than it can hold loses it, and reads the log.
func TestMoreThanAKeeperHolds(t *testing.T) {
	log, key, tables := &events{}, newKey(t), sqliteTables(t)
	keeper := newKeeper(t, tables, log, key)
	for n := range audit.MaxFed + 10 {
		log.grow(id(1))
		keeper.Feed(log.recorded(n))
	}
	log.grow(id(1))
	large := log.recorded(audit.MaxFed + 10)
	large[0].Stored = &core.Entry{Data: make([]byte, audit.MaxFedBytes+1)}
	keeper.Feed(large)
	mustTick(t, keeper)
	mustProve(t, tables, log, id(1), key.Verifier(), []int{1, audit.MaxFed, audit.MaxFed + 11})
}

// What was handed over before the log turned out to be another is not taken for a part of that.
func TestWhatWasHandedOfAnotherLog(t *testing.T) {
	log, key, tables := &events{}, newKey(t), sqliteTables(t)
	keeper := newKeeper(t, tables, log, key)
	for range 50 {
		log.grow(id(1))
	}
	keeper.Feed(log.recorded(0))
	mustTick(t, keeper)
	lost := len(log.all)
	for range 50 {
		log.grow(id(1))
	}
	handed := log.recorded(lost)
	log.restore(40, id(1), 80)
	mustTick(t, keeper) // the trees are of the log that there is now, up to 120
	keeper.Feed(handed) // of positions 51 to 100
	for range 5 {
		log.grow(id(1))
	}
	mustTick(t, keeper)
	mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 40, 41, 100, 125})
}

// What a keeper was handed of a log that is gone is let go of with the trees that were made of it, which are made anew once.
func TestWhatWasHandedGoesWithItsLog(t *testing.T) {
	log, key, tables := &events{}, newKey(t), sqliteTables(t)
	for range 50 {
		log.grow(id(1))
	}
	var told strings.Builder
	keeper := newKeeper(t, tables, log, key)
	keeper.Logger = slog.New(slog.NewTextHandler(&told, nil))
	keeper.Feed(log.recorded(0))
	for range 50 {
		log.grow(id(1))
	}
	mustTick(t, newKeeper(t, tables, log, key)) // another node's
	log.restore(0, id(1), 120)
	mustTick(t, keeper)
	if times := strings.Count(told.String(), "they are made again"); times != 1 {
		t.Errorf("the trees are made anew %d times", times)
	}
	mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 40, 100, 120})
}
