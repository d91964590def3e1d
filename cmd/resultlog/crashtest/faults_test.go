package crashtest

import (
	"cmp"
	"math/rand/v2"
	"testing"
	"time"
)

// TestFaults lets the disk fail under a server with clients, and looks whether all is true that anybody was told: during it, after it, and after a kill.
func TestFaults(t *testing.T) {
	needStrace(t)
	for _, f := range faults {
		t.Run(f.name+", "+string(f.then), func(t *testing.T) {
			t.Parallel() // they mostly wait
			f.play(t)
		})
	}
}

// enough is how many acknowledgements show that a server records.
const enough = 50

func (f fault) play(t *testing.T) {
	s := newStore(t)
	s.payload, s.clients = cmp.Or(f.payload, usualPayload), cmp.Or(f.clients, usualClients)
	before := serve(t, s.place)
	load := s.load(before, false)
	s.awaitMore(t)
	if f.once {
		load.halt()
		load.wait()
	}
	f.strike(t, s, before, load)
	if f.then != killedAmid {
		await(t, "ready again without a write", before.ready)
	}
	if f.then == goesOn {
		load = s.load(before, false)
		s.awaitMore(t)
		load.halt()
		load.wait()
		dump(t, s.place, readHistory(t, s.place).head()) // the read tables catch up by themselves
	}
	if f.then != killedAmid {
		before.mustKill(t)
	}

	after := s.restart(t, s.writes)
	s.settle(t, after)
	r := rand.New(rand.NewPCG(0, 0))
	s.conclude(t, r, after, s.writes)
	judgeTables(t, r, s.place, readHistory(t, s.place).head())
}

// strike lets the fault happen under the load, and looks at what was answered meanwhile. It returns when it is over, the load is halted, and nothing is under way.
func (f fault) strike(t testing.TB, s *store, server *server, load *load) {
	t.Helper()
	injection := f.begin(t, s, server)
	from := time.Now()
	late := s.load(server, f.once) // sends something for sure since it began
	await(t, "sending", func() bool { return late.sent.Load() > 0 })
	f.awaitEffect(t, s, server, injection)
	load.halt()
	late.halt()
	if f.outlast {
		load.wait()
		late.wait()
	}
	to := time.Now()
	if f.then == killedAmid {
		server.mustKill(t)
	}
	injection.end()
	load.wait()
	late.wait()
	s.judgeWindow(t, f, from, to)
}

// begin lets the fault begin.
func (f fault) begin(t testing.TB, s *store, server *server) *injection {
	t.Helper()
	if f.strace.calls == "" {
		return holdLock(t, s.dir)
	}
	return inject(t, server, s.dir, f.strace)
}

// awaitEffect waits until a fault is seen to do what it must.
func (f fault) awaitEffect(t testing.TB, s *store, server *server, i *injection) {
	t.Helper()
	if i.notes != "" && f.records != slowly { // strace notes a delay when it is over
		await(t, "met", func() bool { return injected(t, i.notes) > 0 })
	}
	switch f.records {
	case nothing:
		await(t, "red", func() bool { return !server.ready() })
	case everything:
		s.awaitMore(t)
	case something:
		await(t, "met more often", func() bool { return injected(t, i.notes) > enough })
	}
}

// load lets the clients write to a server; if once, each of them one write.
func (s *store) load(to *server, once bool) *load {
	l := newLoad()
	l.once = once
	go s.drive([]*server{to}, uint64(s.count.Load()), l)
	return l
}

// awaitMore waits until more writes have been acknowledged.
func (s *store) awaitMore(t testing.TB) {
	t.Helper()
	from := s.acknowledgements.Load()
	await(t, "acknowledging", func() bool { return s.acknowledgements.Load() >= from+enough })
}

// judgeWindow looks at the answers to what was sent and answered while the fault lasted.
func (s *store) judgeWindow(t testing.TB, f fault, from, to time.Time) {
	t.Helper()
	within := func(a attempt) bool { return a.sent.After(from) && a.ended.Before(to) }
	answers := s.answers(within)
	t.Logf("answers while it lasted: %v", answers)
	if len(answers) == 0 && f.outlast {
		t.Error("nothing was answered while it lasted: this has shown nothing")
	}
	if f.records == something || f.records == everything {
		return
	}
	for _, w := range s.writes {
		for _, a := range w.attempts {
			if within(a) && a.acknowledged() && !a.replayed {
				t.Errorf("%s %s was acknowledged while it could not be made durable: %d %s", w.method, w.path, a.status, a.body)
			}
		}
	}
}
