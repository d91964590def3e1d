package core

// compact is the state of what is durable, in little more than the bytes of it. Each kind of thing has rows of its own, in pages, and an index that finds them by id, or by name. Where one thing
// tells of another, it has the number of that one's row in place of its id; a name has the number of what it names. So an activity that a result has closed takes 147 B: 32 for itself, 48 for the
// result, 20 each for its key and its provider id, and not quite 7 in an index for each of the four. The only pointers are those to pages and segments: the garbage collector has next to nothing to
// look at.
type compact struct {
	tenants       *rows[tenantRow]
	activities    *rows[activityRow]
	results       *rows[resultRow]
	activityNames *rows[nameRow]
	resultNames   *rows[nameRow]
	apiKeys       *rows[apiKeyRow]
}

// The records. One may have a number before it is there, since another tells of it.
type (
	activityRow struct {
		tenant, result uint32
		version        Version
		status         ActivityStatus
		activityType   ActivityType
		provided       bool
		there          bool
	}
	resultRow struct {
		createdAt, updatedAt Instant
		tenant, activity     uint32
		version              Version
		status               ResultStatus
		code                 ResultCode
		erased               bool
		there                bool
	}
	nameRow   uint32
	tenantRow struct {
		Tenant
		there bool
	}
	apiKeyRow struct {
		APIKey
		there bool
	}
)

// How many bytes each takes with its key: see TestSizes.
const (
	activityBytes = 32
	resultBytes   = 48
	nameBytes     = 20
	tenantBytes   = 56
	apiKeyBytes   = 88
)

func newCompact() *compact {
	return &compact{
		tenants: newRows[tenantRow](tenantBytes), activities: newRows[activityRow](activityBytes), results: newRows[resultRow](resultBytes),
		activityNames: newRows[nameRow](nameBytes), resultNames: newRows[nameRow](nameBytes), apiKeys: newRows[apiKeyRow](apiKeyBytes),
	}
}

// bytes is what all of it takes of the heap.
func (c *compact) bytes() int {
	return c.tenants.bytes() + c.activities.bytes() + c.results.bytes() + c.activityNames.bytes() + c.resultNames.bytes() + c.apiKeys.bytes()
}

// sameAs reports whether two of them know the same, in whatever order they came to know it.
func (c *compact) sameAs(other *compact) bool {
	return sameRows(c.activityTable(), other.activityTable()) && sameRows(c.resultTable(), other.resultTable()) && sameRows(c.activityNameTable(), other.activityNameTable()) &&
		sameRows(c.resultNameTable(), other.resultNameTable()) && sameRows(c.tenantTable(), other.tenantTable()) && sameRows(c.apiKeyTable(), other.apiKeyTable())
}

func sameRows[K ~key, V comparable, R any](a, b packed[K, V, R]) bool {
	within := func(one, other packed[K, V, R]) bool {
		return one.each(func(k K, v V) bool {
			w, known := other.get(k)
			return known && v == w
		})
	}
	return within(a, b) && within(b, a)
}

func (c *compact) packActivity(a Activity) activityRow {
	return activityRow{
		tenant: c.tenants.refer(a.Tenant), result: c.results.refer(a.ResultID),
		version: a.Version, status: a.Status, activityType: a.Type, provided: a.Provided, there: true,
	}
}

func (c *compact) unpackActivity(r *activityRow) (Activity, bool) {
	return Activity{
		Tenant: c.tenants.id(r.tenant), ResultID: c.results.id(r.result), Version: r.version, Status: r.status, Type: r.activityType, Provided: r.provided,
	}, r.there
}

func (c *compact) packResult(r Result) resultRow {
	return resultRow{
		tenant: c.tenants.refer(r.Tenant), activity: c.activities.refer(r.ActivityID),
		createdAt: r.CreatedAt, updatedAt: r.UpdatedAt, version: r.Version, status: r.Status, code: r.Code, erased: r.Erased, there: true,
	}
}

func (c *compact) unpackResult(r *resultRow) (Result, bool) {
	return Result{
		Tenant: c.tenants.id(r.tenant), ActivityID: c.activities.id(r.activity), CreatedAt: r.createdAt, UpdatedAt: r.updatedAt, Version: r.version, Status: r.status, Code: r.code, Erased: r.erased,
	}, r.there
}

// packed is a table of it: rows, and how what is known of a thing becomes one and is read from it.
type packed[K ~key, V, R any] struct {
	rows   *rows[R]
	pack   func(V) R
	unpack func(*R) (V, bool)
}

func (p packed[K, V, R]) get(k K) (v V, known bool) {
	number, _ := p.rows.find(key(k))
	if number == 0 {
		return v, false
	}
	return p.unpack(&p.rows.at(number).value)
}

func (p packed[K, V, R]) set(k K, v V) {
	number := p.rows.number(key(k))
	p.rows.at(number).value = p.pack(v)
}

// each calls f with all that is known, until it gives false; which it then gives too.
func (p packed[K, V, R]) each(f func(K, V) bool) bool {
	for number := range p.rows.last {
		row := p.rows.at(number + 1)
		if v, known := p.unpack(&row.value); known && !f(K(row.key), v) {
			return false
		}
	}
	return true
}

func (c *compact) activityTable() packed[ID, Activity, activityRow] {
	return packed[ID, Activity, activityRow]{c.activities, c.packActivity, c.unpackActivity}
}

func (c *compact) resultTable() packed[ID, Result, resultRow] {
	return packed[ID, Result, resultRow]{c.results, c.packResult, c.unpackResult}
}

func (c *compact) tenantTable() packed[ID, Tenant, tenantRow] {
	return packed[ID, Tenant, tenantRow]{c.tenants, func(t Tenant) tenantRow { return tenantRow{t, true} }, func(r *tenantRow) (Tenant, bool) { return r.Tenant, r.there }}
}

func (c *compact) apiKeyTable() packed[ID, APIKey, apiKeyRow] {
	return packed[ID, APIKey, apiKeyRow]{c.apiKeys, func(k APIKey) apiKeyRow { return apiKeyRow{k, true} }, func(r *apiKeyRow) (APIKey, bool) { return r.APIKey, r.there }}
}

func (c *compact) activityNameTable() packed[name, ID, nameRow] {
	return namesOf(c.activityNames, c.activities)
}

func (c *compact) resultNameTable() packed[name, ID, nameRow] {
	return namesOf(c.resultNames, c.results)
}

// namesOf is a table of names of what stands in other rows.
func namesOf[R any](names *rows[nameRow], named *rows[R]) packed[name, ID, nameRow] {
	return packed[name, ID, nameRow]{
		names,
		func(id ID) nameRow { return nameRow(named.refer(id)) },
		func(r *nameRow) (ID, bool) { return named.id(uint32(*r)), *r != 0 },
	}
}
