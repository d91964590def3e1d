package core

// table is what a layer knows of the things of one kind.
type table[K comparable, V any] interface {
	get(K) (V, bool)
	set(K, V)
}

// over is a table that lies over another: it is written on top, and read through to the one below.
type over[K comparable, V any] struct {
	rows  map[K]V
	below table[K, V]
}

func (t *over[K, V]) get(k K) (V, bool) {
	if v, ok := t.rows[k]; ok {
		return v, true
	}
	return t.below.get(k)
}

func (t *over[K, V]) set(k K, v V) { t.rows[k] = v }

// sink moves all rows to the table below.
func (t *over[K, V]) sink() {
	for k, v := range t.rows {
		t.below.set(k, v)
	}
	t.drop()
}

// drop forgets all rows that are not below.
func (t *over[K, V]) drop() { clear(t.rows) }

// layer is the state of everything: the base holds what is durable, compactly; the overlay what has been decided on top of it and is not durable yet, a few hundred commands at most, in maps.
type layer struct {
	activities    table[ID, Activity]
	results       table[ID, Result]
	activityNames table[name, ID]
	resultNames   table[name, ID]
	tenants       table[ID, Tenant]
	apiKeys       table[ID, APIKey]
	keys          *keyring

	head Position // the position of the last event
	at   Instant  // when it was recorded

	base  *layer // what it lies over; nil: nothing
	parts []part // then, all of it but head and at
}

// part is what lies over another of its kind.
type part interface {
	sink()
	drop()
}

// newBase gives the layer of what is durable.
func newBase(c *compact) *layer {
	return &layer{
		activities: c.activityTable(), results: c.resultTable(), activityNames: c.activityNameTable(), resultNames: c.resultNameTable(), tenants: c.tenantTable(), apiKeys: c.apiKeyTable(),
		keys: newKeyring(nil),
	}
}

// newOverlay gives a layer over another.
func newOverlay(base *layer) *layer {
	l := &layer{keys: newKeyring(base.keys), base: base, head: base.head, at: base.at}
	l.activities, l.results = lay(l, base.activities), lay(l, base.results)
	l.activityNames, l.resultNames = lay(l, base.activityNames), lay(l, base.resultNames)
	l.tenants, l.apiKeys = lay(l, base.tenants), lay(l, base.apiKeys)
	l.parts = append(l.parts, l.keys)
	return l
}

// lay makes a part of a layer that lies over a table.
func lay[K comparable, V any](l *layer, below table[K, V]) table[K, V] {
	t := &over[K, V]{rows: make(map[K]V), below: below}
	l.parts = append(l.parts, t)
	return t
}

// sink moves everything to the base.
func (l *layer) sink() {
	for _, p := range l.parts {
		p.sink()
	}
	l.base.head, l.base.at = l.head, l.at
}

// drop forgets everything that is not in the base.
func (l *layer) drop() {
	for _, p := range l.parts {
		p.drop()
	}
	l.head, l.at = l.base.head, l.base.at
}

// state gathers what an activity and a result are; either may be none.
func (l *layer) state(activity, result ID) State {
	s := State{ActivityID: activity, ResultID: result}
	s.Activity, _ = l.activities.get(activity)
	s.Result, _ = l.results.get(result)
	return s
}

// prior is what is known of what an event is about, before it: the state that it changes, and which parts of that are there.
type prior struct {
	State
	about                          subjects
	hasActivity, hasResult, hasKey bool
}

// before gives what is known before an event of a tenant. It is looked up once, for all that is asked of it.
func (l *layer) before(tenant ID, e Event) (p prior) {
	p.about = e.subjects()
	p.Tenant, _ = l.tenants.get(tenant)
	if p.ActivityID = p.about.activity; !p.ActivityID.IsZero() {
		p.Activity, p.hasActivity = l.activities.get(p.ActivityID)
	}
	if p.ResultID = p.about.result; !p.ResultID.IsZero() {
		p.Result, p.hasResult = l.results.get(p.ResultID)
	}
	if !p.about.apiKey.IsZero() {
		p.APIKey, p.hasKey = l.apiKeys.get(p.about.apiKey)
	}
	return p
}

// apply folds one recorded event into what is known before it. Live, replay and recovery all come through here.
func (l *layer) apply(p *prior, r *Recorded) {
	s := Evolve(p.State, *r)
	if !p.ActivityID.IsZero() {
		l.activities.set(p.ActivityID, s.Activity)
	}
	if !p.ResultID.IsZero() {
		l.results.set(p.ResultID, s.Result)
	}
	if !p.about.apiKey.IsZero() {
		l.apiKeys.set(p.about.apiKey, s.APIKey)
	}
	l.tenants.set(r.Stream.Tenant, s.Tenant)
	l.learnNames(r)
	l.keys.learn(r)
	l.head, l.at = r.Position, r.RecordedAt
}

// version is that of the last event in the stream that an event belongs to.
func (p *prior) version(e Event) Version {
	switch {
	case p.about.tenant:
		return p.Tenant.Version
	case e.StreamID() == p.ActivityID:
		return p.Activity.Version
	default:
		return p.Result.Version
	}
}

// strayed reports whether an event issues an API key that there is, revokes one that is not there or is revoked, or erases what is not there or is erased: Decide does none of that, and a log that
// says so was written by other rules.
func (p *prior) strayed(e Event) bool {
	switch e.(type) {
	case APIKeyIssued:
		return p.hasKey
	case APIKeyRevoked:
		return !p.hasKey || p.APIKey.Revoked
	case PersonalErased:
		return !p.hasResult || p.Result.Erased
	}
	return false
}

// foreign reports whether a tenant's event is about an activity, a result or an API key of another tenant, or about that tenant itself.
func (p *prior) foreign(tenant ID, e Event) bool {
	return p.hasActivity && p.Activity.Tenant != tenant || p.hasResult && p.Result.Tenant != tenant || p.hasKey && p.APIKey.Tenant != tenant || p.about.tenant && e.StreamID() != tenant
}
