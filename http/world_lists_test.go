package httpapi

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"resultlog/core"
)

// The lists of these tests: all rows of a tenant, folded from the log one by one, filtered, sorted and cut, with nothing clever in it.

func (w *world) Results(ctx context.Context, after core.Position, tenant core.ID, q core.ResultQuery) (core.Page[core.ResultView], error) {
	return listed(w, tenant, core.ResultSubmitted{}.Type(), q.Paging, func(id core.ID) (core.ResultView, error) { return w.Result(ctx, after, tenant, id) },
		func(v *core.ResultView) bool {
			return (q.ActivityID.IsZero() || v.ActivityID == q.ActivityID) &&
				(q.ProviderActivityID == "" || v.ProviderActivityID == q.ProviderActivityID) &&
				(q.CommerceExternalID == "" || v.CommerceExternalID == q.CommerceExternalID) &&
				(q.OperatorExternalID == "" || v.Personal.OperatorExternalID == q.OperatorExternalID) &&
				(q.Status == 0 || v.Status == q.Status) && (q.Source == "" || v.Source == q.Source) && (q.Result == 0 || v.Result == q.Result) &&
				(q.ContactType == "" || v.ContactType == q.ContactType) && (q.Classification == 0 || v.Classification == q.Classification) && q.Occurred.Holds(v.OccurredAt) && q.Updated.Holds(v.UpdatedAt)
		},
		func(v *core.ResultView) (core.Instant, core.Cursor) {
			sorted := map[core.Sort]core.Instant{core.DefaultOrder: v.CreatedAt, core.SortUpdated: v.UpdatedAt, core.SortOccurred: v.OccurredAt}[q.Sort]
			return sorted, core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
		})
}

func (w *world) Activities(ctx context.Context, after core.Position, tenant core.ID, q core.ActivityQuery) (core.Page[core.ActivityView], error) {
	return listed(w, tenant, core.ActivityCreated{}.Type(), q.Paging, func(id core.ID) (core.ActivityView, error) { return w.Activity(ctx, after, tenant, id) },
		func(v *core.ActivityView) bool {
			return (q.Status == 0 || v.Status == q.Status) && (q.ActivityType == 0 || v.ActivityType == q.ActivityType) && (q.Channel == "" || v.Channel == q.Channel) &&
				(q.CommerceID.IsZero() || v.CommerceID == q.CommerceID) &&
				(q.CommerceExternalID == "" || v.CommerceExternalID == q.CommerceExternalID) &&
				(q.ProviderActivityID == "" || v.ProviderActivityID == q.ProviderActivityID) && q.Scheduled.Holds(v.ScheduledAt) &&
				slices.ContainsFunc([]string{v.Reason, v.CommerceExternalID, v.ProviderActivityID}, func(s string) bool { return strings.HasPrefix(s, q.Search) })
		},
		func(v *core.ActivityView) (core.Instant, core.Cursor) {
			return v.CreatedAt, core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
		})
}

// listed gives a page of all streams of a tenant that have an event of a type.
func listed[V any](w *world, tenant core.ID, eventType string, p core.Paging, one func(core.ID) (V, error), fits func(*V) bool, keys func(*V) (core.Instant, core.Cursor)) (page core.Page[V], err error) {
	return pageOf(w, w.streams(tenant, eventType), p, one, fits, keys)
}

// pageOf gives a page of things by their ids.
func pageOf[V any](w *world, ids []core.ID, p core.Paging, one func(core.ID) (V, error), fits func(*V) bool, keys func(*V) (core.Instant, core.Cursor)) (page core.Page[V], err error) {
	var rows []V
	for _, id := range ids {
		v, err := one(id)
		if err != nil {
			return page, err
		}
		if _, at := keys(&v); fits(&v) && (p.After == nil || at.Position > *p.After) {
			rows = append(rows, v)
		}
	}
	if err := w.readable(); err != nil {
		return page, err
	}
	compare := func(a, b *V) int {
		sortedA, atA := keys(a)
		sortedB, atB := keys(b)
		order := cmp.Or(cmp.Compare(sortedA, sortedB), slices.Compare(atA.ID[:], atB.ID[:]))
		switch {
		case p.ByPosition():
			return cmp.Compare(atA.Position, atB.Position)
		case p.Ascending:
			return order
		}
		return -order
	}
	slices.SortFunc(rows, func(a, b V) int { return compare(&a, &b) })
	page.Total = len(rows)
	begin := min((p.Page-1)*p.Limit, len(rows))
	if p.Cursor != nil {
		begin = slices.IndexFunc(rows, func(v V) bool {
			_, at := keys(&v)
			if p.ByPosition() {
				return at.Position > p.Cursor.Position
			}
			return cmp.Or(cmp.Compare(at.CreatedAt, p.Cursor.CreatedAt), slices.Compare(at.ID[:], p.Cursor.ID[:])) < 0
		})
		if begin < 0 {
			begin = len(rows)
		}
	}
	end := min(begin+p.Limit, len(rows))
	if page.Rows = rows[begin:end]; begin < end && end < len(rows) && p.Sort == core.DefaultOrder {
		_, next := keys(&rows[end-1])
		next.Page, next.ByPosition = p.Page+1, p.ByPosition()
		page.Next = &next
	}
	return page, nil
}

// streams lists the streams of a tenant that have an event of a type, in the order of the log.
func (w *world) streams(tenant core.ID, eventType string) (ids []core.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.log {
		if r.Stream.Tenant == tenant && r.Event.Type() == eventType && !slices.Contains(ids, r.Stream.ID) {
			ids = append(ids, r.Stream.ID)
		}
	}
	return ids
}

// readable says why nothing can be read, if the test wants that.
func (w *world) readable() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.readFails
}

// StatusEvents gives an activity's, each with the last comment of the result that moved it.
func (w *world) StatusEvents(ctx context.Context, after core.Position, tenant, activity core.ID) (events []core.StatusEventView, err error) {
	if err := w.tables(after); err != nil {
		return nil, err
	}
	comments, created := map[core.ID]string{}, false
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.log {
		if r.Stream.Tenant != tenant {
			continue
		}
		v := core.StatusEventView{ID: r.EventID, OccurredAt: r.RecordedAt}
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			personal, err := e.Personal.Open()
			if err != nil {
				return nil, err
			}
			comments[e.ResultID] = personal.Comment
			continue
		case core.ActivityCreated:
			v.EventType, v.To = "CREATED", core.ActivityReady
		case core.ActivityTransitioned:
			v.EventType, v.From, v.To = string(e.Reason), e.From, e.To
			if e.To == core.ActivityFailed {
				v.ErrorCode, v.ErrorMessage = e.Result, comments[e.ResultID]
			}
		default:
			continue
		}
		if r.Stream.ID == activity {
			created, events = true, append(events, v)
		}
	}
	if w.readFails != nil {
		return nil, w.readFails
	}
	if !created {
		return nil, &core.Error{Code: core.CodeNotFound, Message: "there is nothing with the id " + activity.String() + " in this tenant"}
	}
	return events, nil
}
