package projections_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"resultlog/core"
	"resultlog/projections"
)

// shelf holds rows of many kinds, as they stand in the read tables: what lists are compared with.
type shelf struct {
	results    map[core.ID][]core.ResultView // by tenant
	activities map[core.ID][]core.ActivityView
	classes    map[core.ID]map[core.ResultCode]core.Classification // what each tenant holds the codes to be now
}

// stock records random results and activities of both tenants, and projects them. Times and names meet often, so that orders have ties and filters have company.
func (w *world) stock(r *rand.Rand, many, few int) shelf {
	s := shelf{map[core.ID][]core.ResultView{}, map[core.ID][]core.ActivityView{}, map[core.ID]map[core.ResultCode]core.Classification{}}
	var events []core.Recorded
	for i, n := range []int{many, few} {
		tenant := tenants[i]
		position := core.Position(0)
		record := func(at core.Instant, version core.Version, e core.Event) {
			position++
			events = append(events, core.Recorded{
				Position: core.Position(len(events) + 1), TenantPosition: position, Stream: core.Stream{Tenant: tenant, ID: e.StreamID()}, Version: version,
				EventID: w.mint(), RecordedAt: at, Event: e,
			})
		}
		for range n {
			w.clock += core.Instant(r.IntN(3))
			v := anyResult(r, w.clock)
			record(v.UpdatedAt, 1, core.ResultSubmitted{ResultID: v.ID, Source: v.Source, ActivityID: v.ActivityID, CreatedAt: v.CreatedAt, Submission: core.Submission{
				ProviderActivityID: v.ProviderActivityID, CommerceExternalID: v.CommerceExternalID, OccurredAt: v.OccurredAt, Status: v.Status, Result: v.Result.String(),
				ContactType: v.ContactType, Personal: v.Personal.Seal(),
			}})
			v.Version, v.LastPosition = 1, position
			s.results[tenant] = append(s.results[tenant], v)

			a := w.anyActivity(r)
			record(w.clock, 1, core.ActivityCreated{ActivityID: a.ID, ActivityDetails: a.ActivityDetails})
			a.Version, a.LastPosition = 1, position
			if a.Status != core.ActivityReady {
				record(w.clock, 2, core.ActivityTransitioned{ActivityID: a.ID, From: core.ActivityReady, To: a.Status, Reason: core.ByResult})
				a.Version, a.LastPosition = 2, position
			}
			s.activities[tenant] = append(s.activities[tenant], a)
		}
	}
	w.project(events)
	return s
}

// reclassify has a tenant hold a code, of those that results have, to be something else from now on.
func (w *world) reclassify(r *rand.Rand, s shelf, tenant core.ID) {
	code, as := core.ResultCode(1+r.IntN(4)), core.Classification(r.IntN(3))
	w.minted++
	w.project([]core.Recorded{{
		Stream: core.Stream{Tenant: tenant, ID: tenant}, Version: core.Version(w.minted), RecordedAt: w.clock, TenantPosition: core.Position(w.minted),
		Event: core.ResultTypeConfigured{TenantID: tenant, ResultTypeSetting: core.ResultTypeSetting{Code: code, Active: true, Classification: as}},
	}})
	if s.classes[tenant] == nil {
		s.classes[tenant] = map[core.ResultCode]core.Classification{}
	}
	s.classes[tenant][code] = as
}

// project applies events to the tables of rows, as a subscription would, a thousand at a time.
func (w *world) project(events []core.Recorded) {
	w.t.Helper()
	tx, err := w.tables.Write.Begin(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for batch := range slices.Chunk(events, 1000) {
		for _, p := range []projections.Projection{projections.Results{}, projections.Activities{}, projections.TaskResultTypes{}} {
			if err := p.Apply(w.t.Context(), tx, batch); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		w.t.Fatal(err)
	}
}

// names are few, and some of them begin like others, or have in them what is special to SQL's LIKE.
var names = []string{"a", "a%", "a_b", "ab", "A", "añ", "a\uD7FF", "a\uE000", "a\U0010FFFF", "\U0010FFFF\U0010FFFF", "b"}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// seldom gives the zero value most of the time.
func seldom[T any](r *rand.Rand, value T) (none T) {
	if r.IntN(5) == 0 {
		return value
	}
	return none
}

func randomID(r *rand.Rand) core.ID {
	id := core.ID{0: byte(1 + r.IntN(255))}
	for i := 8; i < 16; i++ {
		id[i] = byte(r.Uint32())
	}
	return id
}

func anyResult(r *rand.Rand, now core.Instant) core.ResultView {
	v := core.ResultView{
		ID: randomID(r), Source: core.Standalone, Status: core.ResultCompleted, CommerceExternalID: pick(r, names), ProviderActivityID: seldom(r, pick(r, names)),
		OccurredAt: now - core.Instant(r.IntN(1000)), Result: core.ResultCode(1 + r.IntN(3)), ContactType: seldom(r, pick(r, core.ContactTypes)),
		Personal: core.Personal{OperatorExternalID: seldom(r, pick(r, names))}, CreatedAt: now, UpdatedAt: now + core.Instant(r.IntN(500)),
	}
	if r.IntN(10) == 0 {
		v.Status = core.ResultStatus(1 + r.IntN(5))
	}
	if r.IntN(2) == 0 {
		v.Source, v.ActivityID = core.RetenActivity, randomID(r)
	}
	return v
}

func (w *world) anyActivity(r *rand.Rand) core.ActivityView {
	v := core.ActivityView{
		ID: randomID(r), Status: core.ActivityReady, CreatedAt: w.clock, UpdatedAt: w.clock, ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, Reason: pick(r, names) + strings.Repeat("é", r.IntN(2)*300), Channel: pick(r, core.Channels), CommerceID: core.ID{0: byte(1 + r.IntN(9))},
			IdempotencyKey: fmt.Sprint(w.minted), ScheduledAt: w.clock + core.Instant(r.IntN(1000)), CommerceExternalID: seldom(r, pick(r, names)),
		},
	}
	if r.IntN(10) == 0 {
		v.ActivityType = core.Message
	}
	if r.IntN(10) == 0 {
		v.Status = core.ActivityStatus(1 + r.IntN(6))
	}
	if r.IntN(5) == 0 {
		v.ProviderActivityID = fmt.Sprint(pick(r, names), w.minted)
	}
	return v
}

// naivePage is a page of rows by a filter, a sort and a cut, with nothing clever in it.
func naivePage[V any](rows []V, fits func(*V) bool, p core.Paging, keys func(*V) (sorted core.Instant, place core.Cursor)) (page core.Page[V]) {
	var fitting []*V
	for i := range rows {
		if fits(&rows[i]) {
			fitting = append(fitting, &rows[i])
		}
	}
	compare := func(a, b *V) int {
		sortedA, placeA := keys(a)
		sortedB, placeB := keys(b)
		if p.ByPosition() {
			return cmp.Compare(placeA.Position, placeB.Position)
		}
		order := cmp.Or(cmp.Compare(sortedA, sortedB), slices.Compare(placeA.ID[:], placeB.ID[:]))
		if p.Sort != core.DefaultOrder && p.Ascending {
			return order
		}
		return -order
	}
	slices.SortFunc(fitting, compare)
	page.Total, page.Capped = min(len(fitting), core.MaxTotal), len(fitting) > core.MaxTotal
	begin := min((p.Page-1)*p.Limit, len(fitting))
	if p.Cursor != nil {
		for begin = 0; begin < len(fitting); begin++ {
			_, at := keys(fitting[begin])
			if p.ByPosition() && at.Position > p.Cursor.Position || !p.ByPosition() &&
				cmp.Or(cmp.Compare(at.CreatedAt, p.Cursor.CreatedAt), slices.Compare(at.ID[:], p.Cursor.ID[:])) < 0 {
				break
			}
		}
	}
	end := min(begin+p.Limit, len(fitting))
	for _, v := range fitting[begin:end] {
		page.Rows = append(page.Rows, *v)
	}
	if end < len(fitting) && begin < end && p.Sort == core.DefaultOrder {
		_, next := keys(fitting[end-1])
		next.Page, next.ByPosition = p.Page+1, p.ByPosition()
		page.Next = &next
	}
	return page
}

// naiveResults is Queries.Results over the shelf.
func (s shelf) naiveResults(tenant core.ID, q core.ResultQuery) core.Page[core.ResultView] {
	rows := slices.Clone(s.results[tenant])
	for i := range rows {
		rows[i].Classification = s.classes[tenant][rows[i].Result]
	}
	return naivePage(rows, func(v *core.ResultView) bool {
		return (q.ActivityID.IsZero() || v.ActivityID == q.ActivityID) &&
			(q.ProviderActivityID == "" || v.ProviderActivityID == q.ProviderActivityID) &&
			(q.CommerceExternalID == "" || v.CommerceExternalID == q.CommerceExternalID) &&
			(q.OperatorExternalID == "" || v.Personal.OperatorExternalID == q.OperatorExternalID) &&
			(q.Status == 0 || v.Status == q.Status) && (q.Source == "" || v.Source == q.Source) && (q.Result == 0 || v.Result == q.Result) &&
			(q.Classification == core.Unclassified || v.Classification == q.Classification) &&
			(q.ContactType == "" || v.ContactType == q.ContactType) && q.Occurred.Holds(v.OccurredAt) && q.Updated.Holds(v.UpdatedAt) &&
			(q.After == nil || v.LastPosition > *q.After)
	}, q.Paging, func(v *core.ResultView) (core.Instant, core.Cursor) {
		at := core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
		switch q.Sort {
		case core.SortUpdated:
			return v.UpdatedAt, at
		case core.SortOccurred:
			return v.OccurredAt, at
		default:
			return v.CreatedAt, at
		}
	})
}

// naiveActivities is Queries.Activities over the shelf.
func (s shelf) naiveActivities(tenant core.ID, q core.ActivityQuery) core.Page[core.ActivityView] {
	return naivePage(s.activities[tenant], func(v *core.ActivityView) bool {
		return (q.Status == 0 || v.Status == q.Status) && (q.ActivityType == 0 || v.ActivityType == q.ActivityType) && (q.Channel == "" || v.Channel == q.Channel) &&
			(q.CommerceID.IsZero() || v.CommerceID == q.CommerceID) &&
			(q.CommerceExternalID == "" || v.CommerceExternalID == q.CommerceExternalID) &&
			(q.ProviderActivityID == "" || v.ProviderActivityID == q.ProviderActivityID) &&
			q.Scheduled.Holds(v.ScheduledAt) && (q.After == nil || v.LastPosition > *q.After) &&
			(strings.HasPrefix(v.Reason, q.Search) || strings.HasPrefix(v.CommerceExternalID, q.Search) || strings.HasPrefix(v.ProviderActivityID, q.Search))
	}, q.Paging, func(v *core.ActivityView) (core.Instant, core.Cursor) {
		return v.CreatedAt, core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
	})
}

// eitherShelf tests with few rows, and with so many that more of them fit some filters than are counted; with fewer queries then, since each takes ten times as long.
func eitherShelf(t *testing.T, newWorld func(testing.TB) *world, test func(t *testing.T, w *world, r *rand.Rand, s shelf, queries int)) {
	for _, size := range []struct {
		name          string
		many, queries int
	}{{"few rows", 300, 300}, {"many rows", core.MaxTotal * 21 / 20, 80}} {
		t.Run(size.name, func(t *testing.T) {
			w, r := newWorld(t), rand.New(rand.NewPCG(70, uint64(size.many)))
			test(t, w, r, w.stock(r, size.many, 300), size.queries)
		})
	}
}

// crowd gives a tenant rows that fit everything that the plans of lists ask for.
func (w *world) crowd(n int) {
	w.t.Helper()
	for _, fill := range w.engine.crowd {
		w.exec(fill, n, tenants[0][:], int64(instant))
	}
	w.exec(`INSERT INTO task_result_types VALUES ($1, 'success', TRUE, 'POSITIVE', 0, 1, 1), ($1, 'b2b_purchase', TRUE, 'POSITIVE', 0, 2, 2), ($1, 'not_home', TRUE, 'NEGATIVE', 0, 3, 3)`, tenants[0][:])
}
