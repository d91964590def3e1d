package eventstore

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"resultlog/core"
)

// drain takes all that waits, in batches of max commands and maxBytes.
func drain(q *queue, max, maxBytes int) (served []string) {
	for q.depth() > 0 {
		served = append(served, names(q.take(nil, max, maxBytes))...)
	}
	return served
}

// flood makes n waiters of a tenant, numbered from 0.
func flood(t core.ID, n int) (ws []*waiter) {
	for i := range n {
		ws = append(ws, request(t, i, 0))
	}
	return ws
}

// TestQueueTurns is about the order alone: the n-th command of tenant t is "t/n".
func TestQueueTurns(t *testing.T) {
	for _, row := range []struct {
		name  string
		serve func(t *testing.T, q *queue) []string
		want  []string
	}{
		{"a quiet tenant is in the next batch, second, however many of a flood came before", func(t *testing.T, q *queue) []string {
			mustAdd(t, q, flood(tenant(1), 3*MaxBatch)...)
			mustAdd(t, q, request(tenant(2), 0, 0))
			return names(q.take(nil, MaxBatch, MaxBatchBytes))[:3]
		}, []string{"1/0", "2/0", "1/1"}},
		{"the same while the flood goes on: whoever comes back for more waits for one of each other", func(t *testing.T, q *queue) (served []string) {
			mustAdd(t, q, flood(tenant(1), 9)...)
			for n := range 3 {
				mustAdd(t, q, request(tenant(2), n, 0))
				served = append(served, names(q.take(nil, 2, MaxBatchBytes))...)
			}
			return served
		}, []string{"1/0", "2/0", "1/1", "2/1", "1/2", "2/2"}},
		{"three tenants of unequal queues: one of each in turn, in the order in which they came", func(t *testing.T, q *queue) []string {
			mustAdd(t, q, flood(tenant(3), 1)...)
			mustAdd(t, q, flood(tenant(1), 4)...)
			mustAdd(t, q, flood(tenant(2), 2)...)
			return drain(q, MaxBatch, MaxBatchBytes)
		}, []string{"3/0", "1/0", "2/0", "1/1", "2/1", "1/2", "1/3"}},
		{"the turn goes on where the batch before has ended", func(t *testing.T, q *queue) []string {
			for n := range byte(3) {
				mustAdd(t, q, flood(tenant(n), 2)...)
			}
			return drain(q, 2, MaxBatchBytes)
		}, []string{"0/0", "1/0", "2/0", "0/1", "1/1", "2/1"}},
		{"a tenant that comes back after its lane was empty does not jump ahead", func(t *testing.T, q *queue) []string {
			mustAdd(t, q, request(tenant(1), 0, 0))
			mustAdd(t, q, flood(tenant(2), 2)...)
			mustAdd(t, q, flood(tenant(3), 2)...)
			served := names(q.take(nil, 1, MaxBatchBytes)) // the first has nothing waiting now
			mustAdd(t, q, request(tenant(1), 1, 0))
			return append(served, drain(q, MaxBatch, MaxBatchBytes)...)
		}, []string{"1/0", "2/0", "3/0", "1/1", "2/1", "3/1"}},
		{"commands withdrawn from the front and the middle leave their tenant its turn", func(t *testing.T, q *queue) []string {
			first := flood(tenant(1), 4)
			mustAdd(t, q, first...)
			mustAdd(t, q, flood(tenant(2), 3)...)
			q.withdraw(first[2])
			q.withdraw(first[0])
			return drain(q, MaxBatch, MaxBatchBytes)
		}, []string{"1/1", "2/0", "1/3", "2/1", "2/2"}},
		{"a tenant that withdraws all it has gives up its turn, and the others keep theirs", func(t *testing.T, q *queue) []string {
			gone := request(tenant(2), 0, 0)
			mustAdd(t, q, request(tenant(1), 0, 0), gone, request(tenant(3), 0, 0), request(tenant(4), 0, 0), request(tenant(1), 1, 0))
			q.withdraw(gone)
			mustAdd(t, q, request(tenant(2), 1, 0))
			return drain(q, MaxBatch, MaxBatchBytes)
		}, []string{"1/0", "3/0", "4/0", "2/1", "1/1"}},
		{"a batch that is full by bytes does not cost a tenant its turn", func(t *testing.T, q *queue) []string {
			mustAdd(t, q, flood(tenant(1), 3)...)
			mustAdd(t, q, request(tenant(2), 0, 3*CommandBytes)) // has no room beside another
			mustAdd(t, q, request(tenant(3), 0, 0))
			return drain(q, MaxBatch, 4*CommandBytes)
		}, []string{"1/0", "2/0", "3/0", "1/1", "1/2"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.serve(t, newQueue()); !slices.Equal(got, row.want) {
				t.Errorf("served %v, want %v", got, row.want)
			}
		})
	}
}

// pair is two tenants, of whom one waits while the other is served.
type pair struct{ waits, served core.ID }

// fairness is the law of turns in its naive form: it counts, for each tenant that waits, how often each other was served meanwhile.
type fairness struct {
	waiting map[core.ID]int
	passed  map[pair]int
}

// begins notes a command more of a tenant that waits.
func (f fairness) begins(t core.ID) { f.waiting[t]++ }

// ends notes one that no longer waits. A tenant with nothing more begins anew.
func (f fairness) ends(t core.ID) {
	if f.waiting[t]--; f.waiting[t] == 0 {
		f.forget(t)
	}
}

// served notes whose turn it was; it tells who has been passed by it a second time.
func (f fairness) served(t core.ID) (starved []core.ID) {
	for other, n := range f.waiting {
		if other == t || n == 0 {
			continue
		}
		if f.passed[pair{other, t}]++; f.passed[pair{other, t}] > 1 {
			starved = append(starved, other)
		}
	}
	f.forget(t)
	f.ends(t)
	return starved
}

func (f fairness) forget(t core.ID) {
	for p := range f.passed {
		if p.waits == t {
			delete(f.passed, p)
		}
	}
}

// TestQueuePassesNobodyTwice: whatever comes, goes and is withdrawn, nobody is served twice while another waits who was not served once in between. So of two tenants that both have
// something waiting all the while, whatever prefix of the served order one looks at, neither is ahead by more than one.
func TestQueuePassesNobodyTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, law := newQueue(), fairness{waiting: map[core.ID]int{}, passed: map[pair]int{}}
		var waiting []*waiter
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				of := tenant(byte(rapid.IntRange(1, 4).Draw(t, "tenant")))
				for range rapid.IntRange(1, 5).Draw(t, "commands") {
					w := request(of, len(waiting), rapid.IntRange(0, 3*CommandBytes).Draw(t, "bytes"))
					if err := q.add(w); err != nil {
						t.Fatal(err)
					}
					waiting = append(waiting, w)
					law.begins(of)
				}
			},
			"take": func(t *rapid.T) {
				batch := q.take(nil, rapid.IntRange(1, 5).Draw(t, "max"), rapid.IntRange(1, 20*CommandBytes).Draw(t, "max bytes"))
				for _, w := range batch {
					if starved := law.served(w.command.Tenant); len(starved) > 0 {
						t.Fatalf("tenant %d was served twice while %v waited; the batch: %v", w.command.Tenant[15], starved, names(batch))
					}
					waiting = slices.DeleteFunc(waiting, func(other *waiter) bool { return other == w })
				}
			},
			"withdraw": func(t *rapid.T) {
				if len(waiting) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(waiting)-1).Draw(t, "who")
				if q.withdraw(waiting[i]); !waiting[i].withdrawn {
					t.Fatalf("%v waits and cannot be withdrawn", names(waiting[i:i+1]))
				}
				law.ends(waiting[i].command.Tenant)
				waiting = slices.Delete(waiting, i, i+1)
			},
		})
	})
}
