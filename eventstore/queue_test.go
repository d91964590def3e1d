package eventstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"resultlog/core"
)

// tenant and request make waiters that can be told apart: the n-th of a tenant.
func tenant(n byte) core.ID { return core.ID{15: n} }

func request(t core.ID, n int, personal int) *waiter {
	return newWaiter(core.Command{
		Tenant: t, Metadata: core.Metadata{RequestID: fmt.Sprintf("%d/%d", t[15], n)},
		Intent: core.SubmitResult{Submission: core.Submission{Personal: core.Sealed{Bytes: make([]byte, personal)}}},
	})
}

func names(batch []*waiter) []string {
	var s []string
	for _, w := range batch {
		s = append(s, w.command.Metadata.RequestID)
	}
	return s
}

func mustAdd(t testing.TB, q *queue, ws ...*waiter) {
	t.Helper()
	for _, w := range ws {
		if err := q.add(w); err != nil {
			t.Fatal(err)
		}
	}
}

// mustAddAll adds them together.
func mustAddAll(t testing.TB, q *queue, ws ...*waiter) {
	t.Helper()
	if err := q.add(ws...); err != nil {
		t.Fatal(err)
	}
}

func TestQueueServesTenantsInTurn(t *testing.T) {
	q := newQueue()
	for n := range 5 { // a flood
		mustAdd(t, q, request(tenant(1), n, 0))
	}
	mustAdd(t, q, request(tenant(2), 0, 0), request(tenant(3), 0, 0), request(tenant(2), 1, 0))

	got := names(q.take(nil, 4, MaxBatchBytes))
	got = append(got, names(q.take(nil, 99, MaxBatchBytes))...)
	want := []string{"1/0", "2/0", "3/0", "1/1", "2/1", "1/2", "1/3", "1/4"}
	if !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
	if len(q.lanes) != 0 || len(q.turns) != 0 || q.length != 0 || q.bytes != 0 {
		t.Errorf("an empty queue holds %d lanes, %d turns, %d commands, %d bytes", len(q.lanes), len(q.turns), q.length, q.bytes)
	}
}

func TestQueueServesRequestsOfManyCommandsInTurn(t *testing.T) {
	q := newQueue()
	for of := range byte(3) {
		var ws []*waiter
		for n := range 3 {
			ws = append(ws, request(tenant(of), n, 0))
		}
		mustAddAll(t, q, ws...)
	}
	want := []string{"0/0", "1/0", "2/0", "0/1", "1/1", "2/1", "0/2", "1/2", "2/2"}
	if got := append(names(q.take(nil, 5, MaxBatchBytes)), names(q.take(nil, 99, MaxBatchBytes))...); !slices.Equal(got, want) {
		t.Errorf("served %v, want %v", got, want)
	}
}

func TestQueueBounds(t *testing.T) {
	full := func(t *testing.T, err error) {
		t.Helper()
		var refused *core.Error
		if !errors.As(err, &refused) || refused.Code != core.CodeQueueFull {
			t.Errorf("error %v, want %s", err, core.CodeQueueFull)
		}
	}
	t.Run("a tenant may hold half of the queue, and the others still get in", func(t *testing.T) {
		q := newQueue()
		for n := range TenantQueueLimit {
			mustAdd(t, q, request(tenant(1), n, 0))
		}
		full(t, q.add(request(tenant(1), TenantQueueLimit, 0)))
		mustAdd(t, q, request(tenant(2), 0, 0))
	})
	t.Run("the queue holds so many commands", func(t *testing.T) {
		q := newQueue()
		for n := range QueueLimit {
			mustAdd(t, q, request(tenant(byte(n%8)), n, 0))
		}
		full(t, q.add(request(tenant(9), 0, 0)))
		q.take(nil, 1, MaxBatchBytes)
		mustAdd(t, q, request(tenant(9), 0, 0))
	})
	t.Run("a tenant may hold half of the bytes, and the others still get in", func(t *testing.T) {
		q := newQueue()
		big := 250 << 10
		for n := 0; (n+1)*(big+CommandBytes) <= TenantQueueBytes; n++ {
			mustAdd(t, q, request(tenant(1), n, big))
		}
		full(t, q.add(request(tenant(1), 0, big)))
		mustAdd(t, q, request(tenant(2), 0, big))
	})
	t.Run("all of a request's commands get in, or none", func(t *testing.T) {
		for name, row := range map[string]struct {
			waiting  func(n int) core.ID // the tenants whose commands wait already
			fits     int                 // how many more of tenant 9 fit then
			personal int
			waits    int
		}{
			"by the count":                     {func(n int) core.ID { return tenant(byte(n % 8)) }, 3, 0, QueueLimit - 3},
			"by the bytes":                     {func(n int) core.ID { return tenant(byte(n % 8)) }, 3, 1<<20 - CommandBytes, QueueBytes>>20 - 3},
			"by the tenant's count":            {func(int) core.ID { return tenant(9) }, 3, 0, TenantQueueLimit - 3},
			"by the tenant's bytes":            {func(int) core.ID { return tenant(9) }, 3, 1<<20 - CommandBytes, TenantQueueBytes>>20 - 3},
			"by the count of the tenant's own": {nil, TenantQueueLimit, 0, 0},
		} {
			q := newQueue()
			for n := range row.waits {
				mustAdd(t, q, request(row.waiting(n), n, row.personal))
			}
			var ws []*waiter
			for n := range row.fits + 1 {
				ws = append(ws, request(tenant(9), n, row.personal))
			}
			lanes, bytes := len(q.lanes), q.bytes
			full(t, q.add(ws...))
			if q.depth() != row.waits || q.bytes != bytes || len(q.lanes) != lanes || len(q.turns) != lanes {
				t.Errorf("%s: %d commands and %d bytes in %d lanes, after one that was not let in", name, q.depth(), q.bytes, len(q.lanes))
			}
			if err := q.add(ws[:row.fits]...); err != nil {
				t.Errorf("%s: %d were not let in: %v", name, row.fits, err)
			}
		}
	})
	t.Run("creations count with their texts", func(t *testing.T) {
		text := strings.Repeat("€", 4000)
		w := newWaiter(core.Command{Intent: core.CreateActivity{ActivityDetails: core.ActivityDetails{Reason: text, AssignmentReason: text}}})
		if w.size < 2*len(text) {
			t.Errorf("%d bytes of text count as %d", 2*len(text), w.size)
		}
	})
	t.Run("the queue holds so many bytes", func(t *testing.T) {
		q := newQueue()
		big := 1 << 20
		for n := 0; q.bytes+big+CommandBytes <= QueueBytes; n++ {
			mustAdd(t, q, request(tenant(byte(n%8)), n, big))
		}
		full(t, q.add(request(tenant(9), 0, big)))
	})
	t.Run("a batch holds so many bytes, but at least one command", func(t *testing.T) {
		q := newQueue()
		mustAdd(t, q, request(tenant(1), 0, 100), request(tenant(1), 1, 100), request(tenant(1), 2, 0))
		if got := names(q.take(nil, 99, 1)); !slices.Equal(got, []string{"1/0"}) {
			t.Errorf("took %v", got)
		}
		if got := names(q.take(nil, 99, 100+2*CommandBytes)); !slices.Equal(got, []string{"1/1", "1/2"}) {
			t.Errorf("took %v", got)
		}
	})
	t.Run("a closed queue lets nothing in, and gives what it holds", func(t *testing.T) {
		q, closed := newQueue(), errors.New("closed")
		mustAdd(t, q, request(tenant(1), 0, 0))
		q.close(closed)
		if err := q.add(request(tenant(1), 1, 0)); err != closed {
			t.Errorf("error %v", err)
		}
		if got := q.take(nil, 99, MaxBatchBytes); len(got) != 1 {
			t.Errorf("took %v", names(got))
		}
	})
}

// TestQueueAgainstModel drives the queue with random steps beside one slice per tenant.
func TestQueueAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, model, added := newQueue(), map[core.ID][]*waiter{}, 0
		var all []*waiter
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				var ws []*waiter
				of := tenant(byte(rapid.IntRange(1, 3).Draw(t, "tenant")))
				for range rapid.IntRange(1, 4).Draw(t, "commands") {
					ws = append(ws, request(of, added, rapid.IntRange(0, 50).Draw(t, "bytes")))
					added++
				}
				if err := q.add(ws...); err != nil {
					t.Fatal(err)
				}
				model[of] = append(model[of], ws...)
				all = append(all, ws...)
			},
			"take": func(t *rapid.T) {
				for _, w := range q.take(nil, rapid.IntRange(1, 5).Draw(t, "max"), MaxBatchBytes) {
					lane := model[w.command.Tenant]
					if len(lane) == 0 || lane[0] != w {
						t.Fatalf("%s was served out of its order", w.command.Metadata.RequestID)
					}
					model[w.command.Tenant] = lane[1:]
				}
			},
			"withdraw": func(t *rapid.T) {
				if len(all) == 0 {
					t.Skip()
				}
				ws := rapid.SliceOfNDistinct(rapid.SampledFrom(all), 1, 3, rapid.ID[*waiter]).Draw(t, "who")
				var waiting []*waiter
				for _, w := range ws {
					if slices.Contains(model[w.command.Tenant], w) {
						waiting = append(waiting, w)
					}
				}
				gone := withdrawn(all)
				q.withdraw(ws...)
				if got, want := withdrawn(all), gone+len(waiting); got != want {
					t.Fatalf("%d are withdrawn, want %d", got, want)
				}
				for _, w := range waiting {
					model[w.command.Tenant] = slices.DeleteFunc(slices.Clone(model[w.command.Tenant]), func(other *waiter) bool { return other == w })
				}
			},
			"": func(t *rapid.T) {
				length, bytes := 0, 0
				for of, lane := range model {
					length += len(lane)
					before := bytes
					for _, w := range lane {
						bytes += w.size
					}
					if l := q.lanes[of]; (l != nil) != (len(lane) > 0) || l != nil && l.bytes != bytes-before {
						t.Fatalf("lane %+v, want %d commands of %d bytes", l, len(lane), bytes-before)
					}
				}
				if q.depth() != length || q.bytes != bytes {
					t.Fatalf("queue holds %d commands and %d bytes, want %d and %d", q.depth(), q.bytes, length, bytes)
				}
			},
		})
	})
}

// withdrawn counts those that were withdrawn.
func withdrawn(ws []*waiter) (n int) {
	for _, w := range ws {
		if w.withdrawn {
			n++
		}
	}
	return n
}
