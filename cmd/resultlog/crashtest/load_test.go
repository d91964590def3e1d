package crashtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// usualClients is how many write at once: enough that a commit holds several commands, and that some are queued, some at the disk and some being answered at any moment.
	usualClients = 16

	// submitPath is where results are submitted.
	submitPath = "/api/activity-results/tasks"

	// usualPayload is the most bytes of a payload that they send: most events are small.
	usualPayload = 2000
)

// world is what the clients of one store know, and can write about.
type world struct {
	ledger
	count            atomic.Int64 // makes names
	acknowledgements atomic.Int64 // how many were recorded when they were sent
	clients          int          // how many write at once
	payload          int          // the most bytes of a submission's payload

	mu         sync.Mutex
	activities map[string][]activity // by tenant
	strays     map[string][]string   // by tenant: provider ids under which only a result is known
	keys       map[string][]*apiKey  // by tenant: the latest, the revoked ones among them
}

// activity is one that was created.
type activity struct{ id, provider string }

func newWorld() *world {
	return &world{clients: usualClients, payload: usualPayload, activities: map[string][]activity{}, strays: map[string][]string{}, keys: map[string][]*apiKey{}}
}

// name gives one that was not given before.
func (w *world) name(kind string) string { return fmt.Sprintf("%s-%d", kind, w.count.Add(1)) }

// some gives one of the things that a tenant has, of its latest; the zero T if it has none.
func some[T any](w *world, r *rand.Rand, of map[string][]T, tenant string) (one T) {
	const latest = 64
	w.mu.Lock()
	defer w.mu.Unlock()
	if all := of[tenant]; len(all) > 0 {
		one = all[len(all)-1-r.IntN(min(latest, len(all)))]
	}
	return one
}

// next is what a client writes next: creations, submissions to known and to unknown activities, what moves an activity otherwise, and what configures the tenant.
func (w *world) next(r *rand.Rand, tenant string) *write {
	known := some(w, r, w.activities, tenant)
	n := r.IntN(114)
	switch {
	case known.id == "" || n < 15:
		return w.create(tenant, "/api/activities", w.name("provider"))
	case n < 25:
		return w.create(tenant, "/api/activities/tasks", w.name("provider"))
	case n < 32:
		return w.create(tenant, "/api/activities", some(w, r, w.strays, tenant)) // links, if it is the first to name it; a provider id that is taken is refused
	case n < 50:
		return w.submit(r, tenant, "provider_activity_id", known.provider)
	case n < 65:
		return w.submit(r, tenant, "activity_id", known.id)
	case n < 80:
		return w.submit(r, tenant, "provider_activity_id", w.name("stray"))
	case n < 88:
		return w.submit(r, tenant, "provider_activity_id", some(w, r, w.strays, tenant))
	case n >= 110:
		return w.configure(r, tenant)
	case n >= 100:
		return w.issueOrRevoke(r, tenant)
	case n < 95:
		return w.write(tenant, "POST", "/api/activities/tasks/"+known.id+"/dispatch", "")
	default:
		return w.write(tenant, "PATCH", "/api/activities/"+known.id+"/cancel", "")
	}
}

// write makes one with a fresh key, and enters it in the ledger.
func (w *world) write(tenant, method, path, body string) *write {
	one := &write{tenant: tenant, method: method, path: path, key: w.name("key"), body: []byte(body)}
	w.add(one)
	return one
}

func (w *world) create(tenant, path, provider string) *write {
	if provider == "" {
		provider = w.name("provider")
	}
	details := `"type":"TASK",`
	if path == "/api/activities/tasks" {
		details = `"assigned_route_id":"01890a5d-ac96-774b-bcce-b302099a8057","assigned_operator_id":"01890a5d-ac96-774b-bcce-b302099a8057",`
	}
	one := w.write(tenant, "POST", path, fmt.Sprintf(`{%s"reason":"Visit the store","channel":"CALLCENTER","commerce_id":"01890a5d-ac96-7ab2-80e2-4536629c90de",`+
		`"idempotency_key":%q,"scheduled_at":"2026-11-23T15:00:00Z","provider_activity_id":%q}`, details, w.name("creation"), provider))
	one.learn = func(answer []byte) {
		var created struct{ ID string }
		_ = json.Unmarshal(answer, &created) // what is wrong with an answer shows when it is compared with the log
		w.mu.Lock()
		defer w.mu.Unlock()
		w.activities[tenant] = append(w.activities[tenant], activity{created.ID, provider})
	}
	return one
}

// submit makes a submission.
func (w *world) submit(r *rand.Rand, tenant, naming, name string) *write {
	return w.submission(r, w.write(tenant, "POST", submitPath, ""), "", naming, name)
}

// submission makes a submission of a write; before its other fields stand some. It occurred later than anything was recorded: of a second one for the same thing, the status decides.
func (w *world) submission(r *rand.Rand, one *write, fields, naming, name string) *write {
	if name == "" {
		naming, name = "provider_activity_id", w.name("stray")
	}
	statuses := []string{"PENDING", "PENDING", "COMPLETED", "NOT_EXECUTED", "CANCELED", "TRANSFERRED"}
	one.body = fmt.Appendf(nil,
		`{%s%q:%q,"commerce_external_id":"store-001","status":%q,"hard_override":%t,"occurred_at":%q,"raw_payload":{"a":"%s"},"task_result":{"result":"success","comment":"é"}}`,
		fields, naming, name, statuses[r.IntN(len(statuses))], r.IntN(10) == 0, time.Now().Add(time.Hour).Format(time.RFC3339Nano), strings.Repeat("x", r.IntN(w.payload)))
	if strings.HasPrefix(name, "stray") {
		one.learn = func([]byte) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.strays[one.tenant] = append(w.strays[one.tenant], name)
		}
	}
	return one
}
