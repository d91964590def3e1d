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
		for n := 0; (n+1)*(big+commandBytes) <= TenantQueueBytes; n++ {
			mustAdd(t, q, request(tenant(1), n, big))
		}
		full(t, q.add(request(tenant(1), 0, big)))
		mustAdd(t, q, request(tenant(2), 0, big))
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
		for n := 0; q.bytes+big+commandBytes <= QueueBytes; n++ {
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
		if got := names(q.take(nil, 99, 100+2*commandBytes)); !slices.Equal(got, []string{"1/1", "1/2"}) {
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
				w := request(tenant(byte(rapid.IntRange(1, 3).Draw(t, "tenant"))), added, rapid.IntRange(0, 50).Draw(t, "bytes"))
				added++
				if err := q.add(w); err != nil {
					t.Fatal(err)
				}
				model[w.command.Tenant] = append(model[w.command.Tenant], w)
				all = append(all, w)
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
				w := rapid.SampledFrom(all).Draw(t, "who")
				i := slices.Index(model[w.command.Tenant], w)
				if got := q.withdraw(w); got != (i >= 0) {
					t.Fatalf("withdraw of %s: %v, but it stands at %d", w.command.Metadata.RequestID, got, i)
				}
				if i >= 0 {
					model[w.command.Tenant] = slices.Delete(slices.Clone(model[w.command.Tenant]), i, i+1)
				}
			},
			"": func(t *rapid.T) {
				length, bytes := 0, 0
				for _, lane := range model {
					length += len(lane)
					for _, w := range lane {
						bytes += w.size
					}
				}
				if q.depth() != length || q.bytes != bytes {
					t.Fatalf("queue holds %d commands and %d bytes, want %d and %d", q.depth(), q.bytes, length, bytes)
				}
			},
		})
	})
}
