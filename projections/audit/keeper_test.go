package audit_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"

	"resultlog/core"
	"resultlog/projections/audit"
)

// Whatever the order in which tenants' events come, and however many at a time, every event is in its tenant's tree and every proof holds.
func TestEveryEventIsProved(t *testing.T) {
	eachEngine(t, func(t *testing.T, tables audit.Tables) {
		log, key := &events{}, newKey(t)
		random := rand.New(rand.NewPCG(1, 2))
		tenants := []core.ID{id(1), id(2), id(3)}
		keeper := newKeeper(t, tables, log, key)
		for range 40 {
			for range 1 + random.IntN(60) {
				log.grow(tenants[min(random.IntN(6), 2)])
			}
			if random.IntN(4) == 0 { // another node, or this one restarted: nothing is remembered
				keeper = newKeeper(t, tables, log, key)
			}
			mustTick(t, keeper)
		}
		for _, tenant := range tenants {
			its := len(log.tenant(tenant))
			mustProve(t, tables, log, tenant, key.Verifier(), somePositions(random, its))
		}
	})
}

// somePositions are those around where stored subtrees end, and some more.
func somePositions(random *rand.Rand, n int) []int {
	all := []int{1, n, n - 1, 255, 256, 257, 511, 512, 513}
	for range 60 {
		all = append(all, 1+random.IntN(n))
	}
	positions := all[:0]
	for _, p := range all {
		if p >= 1 && p <= n {
			positions = append(positions, p)
		}
	}
	return positions
}

// The trees of every size are right, proofs and all, from the first event on.
func TestTreesOfEverySize(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine alone: make test runs it")
	}
	log, key, tables := &events{}, newKey(t), sqliteTables(t)
	keeper := newKeeper(t, tables, log, key)
	for n := 1; n <= 70; n++ {
		log.grow(id(1))
		mustTick(t, keeper)
		var all []int
		for p := 1; p <= n; p++ {
			all = append(all, p)
		}
		mustProve(t, tables, log, id(1), key.Verifier(), all)
	}
}

// A page of the log that is larger than a transaction adds takes several, and a keeper that remembers its trees makes the same as one that reads them.
func TestManyEventsAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, tables audit.Tables) {
		log, key := &events{}, newKey(t)
		keeper := newKeeper(t, tables, log, key)
		for range 2 {
			for range audit.MaxExtended + 300 {
				log.grow(id(1))
			}
			mustTick(t, keeper)
		}
		mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 256, 4096, 4097, 8192, 8193, 8792})
	})
}

// What cannot be read stops the trees, before it; nothing after it is in them, until it can be read.
func TestTheTreesStopAtWhatCannotBeRead(t *testing.T) {
	eachEngine(t, func(t *testing.T, tables audit.Tables) {
		log, key := &events{}, newKey(t)
		keeper := newKeeper(t, tables, log, key)
		for range 5 {
			log.grow(id(1))
		}
		unreadable := errors.New("the disk is bad there")
		log.err, log.all = unreadable, log.all[:3]
		if err := keeper.Tick(t.Context()); !errors.Is(err, unreadable) {
			t.Fatalf("error %v, want %v", err, unreadable)
		}
		log.err, log.all = nil, log.all[:5]
		mustTick(t, keeper)
		mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 2, 3, 4, 5})
	})
}

// A gap in a tenant's positions, or in the log's, stops the trees before it.
func TestTheTreesStopAtAGap(t *testing.T) {
	for name, change := range map[string]func(e *core.Entry){
		"a tenant's position is left out": func(e *core.Entry) { e.TenantPosition++ },
		"a tenant's position is repeated": func(e *core.Entry) { e.TenantPosition-- },
		"the log's position is left out":  func(e *core.Entry) { e.Position++ },
	} {
		t.Run(name, func(t *testing.T) {
			tables, log := sqliteTables(t), &events{}
			for range 4 {
				log.grow(id(1))
			}
			mustTick(t, newKeeper(t, tables, log, newKey(t)))
			log.grow(id(1))
			change(&log.all[4])
			for range 2 { // it is not skipped the next time either
				if err := newKeeper(t, tables, log, newKey(t)).Tick(t.Context()); !errors.Is(err, audit.ErrGap) {
					t.Errorf("error %v, want %v", err, audit.ErrGap)
				}
			}
			checkpoint, err := audit.NewProofs(tables.Read, log.head).Checkpoint(t.Context(), id(1))
			if err != nil || checkpoint.Size != 4 {
				t.Errorf("the checkpoint is of %d events (%v), want 4", checkpoint.Size, err)
			}
		})
	}
}

// Keepers of several nodes, each with a key of its own, share the work: whatever they do at the same time, the trees are right, and whoever signed is among the keys.
func TestSeveralKeepers(t *testing.T) {
	eachEngine(t, func(t *testing.T, tables audit.Tables) {
		log := &events{}
		keys := []audit.SigningKey{newKey(t), newKey(t), newKey(t)}
		var working sync.WaitGroup
		for _, key := range keys {
			keeper := newKeeper(t, tables, log, key)
			working.Go(func() {
				for range 60 {
					log.grow(id(1))
					if err := keeper.Tick(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		working.Wait()
		mustTick(t, newKeeper(t, tables, log, keys[0]))
		proofs := audit.NewProofs(tables.Read, log.head)
		checkpoint, err := proofs.Checkpoint(t.Context(), id(1))
		if err != nil || checkpoint.Size != 180 {
			t.Fatalf("the checkpoint is of %d events (%v), want 180", checkpoint.Size, err)
		}
		texts, err := proofs.Keys(t.Context(), id(1))
		if err != nil {
			t.Fatal(err)
		}
		var trusted []audit.VerifierKey
		for _, text := range texts {
			key, err := audit.ParseVerifierKey(text)
			if err != nil {
				t.Fatal(err)
			}
			trusted = append(trusted, key)
		}
		rows, err := tables.Read.Query(`SELECT size, note FROM signed_checkpoints ORDER BY size`)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		leaves := leafHashes(log.tenant(id(1)))
		for rows.Next() {
			var size int64
			var signed string
			if err := rows.Scan(&size, &signed); err != nil {
				t.Fatal(err)
			}
			tenant, c, err := audit.OpenCheckpoint(signed, trusted)
			if err != nil || tenant != id(1) || c.Size != size || string(c.Root[:]) != string(naiveRoot(leaves[:size])) {
				t.Errorf("the checkpoint of %d events: %v, %+v", size, err, c)
			}
		}
	})
}

// A log that is another one than the trees were made of, an older copy say, gets trees of its own; what was signed stays, and cannot be changed or deleted.
func TestAnotherLog(t *testing.T) {
	eachEngine(t, func(t *testing.T, tables audit.Tables) {
		log, key := &events{}, newKey(t)
		keeper := newKeeper(t, tables, log, key)
		for range 300 {
			log.grow(id(1))
		}
		mustTick(t, keeper)
		log.restore(280, id(1), 30) // it has come further already
		mustTick(t, keeper)
		mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 256, 280, 281, 310})
		log.all = log.all[:20:20] // and a shorter one
		mustTick(t, keeper)
		mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 20})

		var kept int
		if err := tables.Read.QueryRow(`SELECT count(*) FROM signed_checkpoints`).Scan(&kept); err != nil || kept != 3 {
			t.Errorf("%d signed checkpoints are left (%v), want 3", kept, err)
		}
		for _, statement := range []string{`UPDATE signed_checkpoints SET size = 1`, `DELETE FROM signed_checkpoints`} {
			if _, err := tables.Write.Exec(statement); err == nil {
				t.Errorf("%s: let through", statement)
			}
		}
	})
}

// A keeper that ends between growing and signing leaves the signing to the next one.
func TestWhatIsNotSignedYetIsSignedByTheNext(t *testing.T) {
	eachEngine(t, func(t *testing.T, tables audit.Tables) {
		log, key := &events{}, newKey(t)
		log.grow(id(1))
		mustTick(t, newKeeper(t, tables, log, key))
		log.grow(id(1))
		if _, err := audit.Extend(newKeeper(t, tables, log, key), t.Context()); err != nil {
			t.Fatal(err)
		}
		var refused *core.Error
		if _, err := audit.NewProofs(tables.Read, log.head).Inclusion(t.Context(), id(1), 2); !errors.As(err, &refused) || refused.Code != core.CodeProofUnavailable {
			t.Errorf("error %v: it is in no checkpoint yet", err)
		}
		mustTick(t, newKeeper(t, tables, log, key))
		mustProve(t, tables, log, id(1), key.Verifier(), []int{1, 2})
	})
}

// Run keeps the trees until it is told to stop.
func TestRun(t *testing.T) {
	tables, log, key := sqliteTables(t), &events{}, newKey(t)
	log.grow(id(1))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- newKeeper(t, tables, log, key).Run(ctx) }()
	for {
		if checkpoint, err := audit.NewProofs(tables.Read, log.head).Checkpoint(t.Context(), id(1)); err == nil && checkpoint.Size == 1 {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("nothing was signed")
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
