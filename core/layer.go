package core

// table is a map that may lie over another: it is written on top, and read through to the one below.
type table[K comparable, V any] struct {
	rows  map[K]V
	below *table[K, V]
}

func newTable[K comparable, V any](below *table[K, V]) *table[K, V] {
	return &table[K, V]{rows: make(map[K]V), below: below}
}

func (t *table[K, V]) get(k K) (V, bool) {
	v, ok := t.rows[k]
	if !ok && t.below != nil {
		return t.below.get(k)
	}
	return v, ok
}

func (t *table[K, V]) set(k K, v V) { t.rows[k] = v }

// sink moves all rows to the table below.
func (t *table[K, V]) sink() {
	for k, v := range t.rows {
		t.below.rows[k] = v
	}
	clear(t.rows)
}

// layer is the state of everything: the base holds what is durable, the overlay what has been decided on top of it and is not durable yet.
// Plain maps of small pointer-free structs; nothing outside this file knows how it is stored.
type layer struct {
	activities *table[ID, Activity]
	results    *table[ID, Result]
	names      *table[name, ID]
	tenants    *table[ID, Tenant]
	apiKeys    *table[ID, APIKey]
	keys       *keyring

	head Position // the position of the last event
	at   Instant  // when it was recorded
}

func newLayer(below *layer) *layer {
	if below == nil {
		below = &layer{}
	}
	return &layer{
		activities: newTable(below.activities), results: newTable(below.results), names: newTable(below.names), tenants: newTable(below.tenants),
		apiKeys: newTable(below.apiKeys), keys: newKeyring(below.keys),
		head: below.head, at: below.at,
	}
}

// state gathers what an event is about.
func (l *layer) state(activity, result ID) State {
	s := State{ActivityID: activity, ResultID: result}
	s.Activity, _ = l.activities.get(activity)
	s.Result, _ = l.results.get(result)
	return s
}

// before is the state that an event changes.
func (l *layer) before(r Recorded) State {
	about := r.Event.subjects()
	s := l.state(about.activity, about.result)
	s.Tenant, _ = l.tenants.get(r.Stream.Tenant)
	if !about.apiKey.IsZero() {
		s.APIKey, _ = l.apiKeys.get(about.apiKey)
	}
	return s
}

// apply folds one recorded event in. Live, replay and recovery all come through here.
func (l *layer) apply(r Recorded) {
	about := r.Event.subjects()
	s := Evolve(l.before(r), r)
	if !about.activity.IsZero() {
		l.activities.set(about.activity, s.Activity)
	}
	if !about.result.IsZero() {
		l.results.set(about.result, s.Result)
	}
	if !about.apiKey.IsZero() {
		l.apiKeys.set(about.apiKey, s.APIKey)
	}
	l.tenants.set(r.Stream.Tenant, s.Tenant)
	l.learnNames(r)
	l.keys.learn(r)
	l.head, l.at = r.Position, r.RecordedAt
}

// sink moves everything to the base.
func (l *layer) sink(base *layer) {
	l.activities.sink()
	l.results.sink()
	l.names.sink()
	l.tenants.sink()
	l.apiKeys.sink()
	l.keys.sink()
	base.head, base.at = l.head, l.at
}

// drop forgets everything that is not in the base.
func (l *layer) drop(base *layer) {
	clear(l.activities.rows)
	clear(l.results.rows)
	clear(l.names.rows)
	clear(l.tenants.rows)
	clear(l.apiKeys.rows)
	l.keys.drop()
	l.head, l.at = base.head, base.at
}

// version is that of the last event in the stream that a tenant's event belongs to.
func (l *layer) version(tenant ID, e Event) Version {
	about := e.subjects()
	switch {
	case about.tenant:
		t, _ := l.tenants.get(tenant)
		return t.Version
	case e.StreamID() == about.activity:
		a, _ := l.activities.get(about.activity)
		return a.Version
	default:
		r, _ := l.results.get(about.result)
		return r.Version
	}
}

// stray reports whether r issues an API key that there is, revokes one that is not there or is revoked, or erases what is not there or is erased: Decide does none of that, and a log that says so
// was written by other rules.
func (l *layer) stray(r Recorded) bool {
	key, known := l.apiKeys.get(r.Event.subjects().apiKey)
	switch e := r.Event.(type) {
	case APIKeyIssued:
		return known
	case APIKeyRevoked:
		return !known || key.Revoked
	case PersonalErased:
		result, known := l.results.get(e.ResultID)
		return !known || result.Erased
	}
	return false
}

// foreign reports whether r is about an activity, a result or an API key of another tenant, or about that tenant itself.
func (l *layer) foreign(r Recorded) bool {
	about := r.Event.subjects()
	a, ok := l.activities.get(about.activity)
	result, submitted := l.results.get(about.result)
	k, known := l.apiKeys.get(about.apiKey)
	return ok && a.Tenant != r.Stream.Tenant || submitted && result.Tenant != r.Stream.Tenant || known && k.Tenant != r.Stream.Tenant || about.tenant && r.Event.StreamID() != r.Stream.Tenant
}
