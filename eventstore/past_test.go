package eventstore_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/eventstore"
	"resultlog/eventstore/memory"
)

// clocked is a memory log whose clock is set by the test, and whose history counts what is read of it.
type clocked struct {
	*memory.Log
	now  time.Time
	read int   // entries that were shown
	fail error // what reading gives, if anything
}

func newClocked() *clocked {
	c := &clocked{now: time.UnixMilli(1_700_000_000_000)}
	c.Log = memory.New(func() time.Time { return c.now })
	return c
}

func (c *clocked) past() eventstore.Past {
	return eventstore.Past{History: c, Now: func() time.Time { return c.now }}
}

func (c *clocked) counted(entries iter.Seq2[core.Entry, error]) iter.Seq2[core.Entry, error] {
	return func(yield func(core.Entry, error) bool) {
		if c.fail != nil {
			yield(core.Entry{}, c.fail)
			return
		}
		for e, err := range entries {
			c.read++
			if !yield(e, err) {
				return
			}
		}
	}
}

// TenantHead implements eventstore.History.
func (c *clocked) TenantHead(ctx context.Context, tenant core.ID) (core.Position, error) {
	head, err := c.Log.TenantHead(ctx, tenant)
	return head, errors.Join(err, c.fail)
}

// TenantEntries implements eventstore.History.
func (c *clocked) TenantEntries(ctx context.Context, tenant core.ID, after core.Position) iter.Seq2[core.Entry, error] {
	return c.counted(c.Log.TenantEntries(ctx, tenant, after))
}

// StreamEntries implements eventstore.History.
func (c *clocked) StreamEntries(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error] {
	return c.counted(c.Log.StreamEntries(ctx, stream, after))
}

// submitAt submits a command at a time, and gives its events.
func submitAt(t *testing.T, log *clocked, n *node, at core.Instant, c core.Command) []core.Recorded {
	t.Helper()
	log.now = at.Time()
	receipt, err := n.Submit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Events
}

const pastStart core.Instant = 1_700_000_000_000

// pending is a PENDING submission under a provider id.
func pending(provider string, at core.Instant) core.Command {
	c := standalone(provider)
	s := c.Intent.(core.SubmitResult)
	s.Status, s.OccurredAt = core.ResultPending, at
	c.Intent = s
	return c
}

func creation(provider string) core.Command {
	id := mint()
	return core.Command{Tenant: tenantA, EventID: mint(), Intent: core.CreateActivity{ActivityID: id, ActivityDetails: core.ActivityDetails{
		ActivityType: core.Task, Reason: "visit", Channel: "SALESMAN", CommerceID: id, IdempotencyKey: id.String(), ProviderActivityID: provider, ScheduledAt: 1,
	}}}
}

// TestPastGoesNoFurther: what is read of a stream ends with the first event after the moment, however long it is, and of a result's stream with what links it.
func TestPastGoesNoFurther(t *testing.T) {
	log := newClocked()
	n := start(t, log.Log)
	activity := submitAt(t, log, n, pastStart, creation("p"))[0].Stream.ID
	var result core.ID
	for i := range core.Instant(50) {
		result = submitAt(t, log, n, pastStart+1+i, pending("p", pastStart+i+1))[0].Stream.ID
	}
	p, m := log.past(), core.AtPosition(4)
	log.read = 0
	v, err := p.Result(t.Context(), tenantA, result, m)
	if err != nil || v.Version != 3 || log.read != 4 {
		t.Errorf("version %d, %v, after %d events; want 3 after 4", v.Version, err, log.read)
	}
	log.read = 0
	a, err := p.Activity(t.Context(), tenantA, activity, result, m)
	if err != nil || a.ResultID != result || a.LastPosition != 2 || log.read != 2 {
		t.Errorf("result %s at %d, %v, after %d events; want %s at 2 after 2", a.ResultID, a.LastPosition, err, log.read, result)
	}
}

// TestPastIsOfOneState: what is recorded after a moment was settled belongs to it no more, even if it carries the same time.
func TestPastIsOfOneState(t *testing.T) {
	log := newClocked()
	n := start(t, log.Log)
	result := submitAt(t, log, n, pastStart, pending("p", pastStart+1))[0].Stream.ID
	p := log.past()
	m, within, err := p.Settle(t.Context(), tenantA, core.AtTime(pastStart))
	if err != nil || within != 1 {
		t.Fatal(within, err)
	}
	activity := submitAt(t, log, n, pastStart, creation("p"))[0].Stream.ID // which links, in the same millisecond
	v, err := p.Result(t.Context(), tenantA, result, m)
	if err != nil || v.Version != 1 || v.Source != core.Standalone {
		t.Errorf("%+v, %v; want the state before the link", v, err)
	}
	if _, err := p.Activity(t.Context(), tenantA, activity, result, m); codeOf(err) != core.CodeNotFound {
		t.Errorf("the activity: %v; want not_found", err)
	}
	if m, _, err = p.Settle(t.Context(), tenantA, core.AtTime(pastStart)); err != nil {
		t.Fatal(err)
	}
	if v, err = p.Result(t.Context(), tenantA, result, m); err != nil || v.ActivityID != activity {
		t.Errorf("settled again: %+v, %v; want it linked", v, err)
	}
}

// TestPastSaysSinceWhen: what was not there yet is there since some moment; what is of another kind, or of another tenant, is not there at all.
func TestPastSaysSinceWhen(t *testing.T) {
	log := newClocked()
	n := start(t, log.Log)
	configured := submitAt(t, log, n, pastStart, core.Command{Tenant: tenantA, EventID: mint(), Intent: core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: 1, Active: true}}})
	activity := submitAt(t, log, n, pastStart+1000, creation(""))[0].Stream.ID
	result := submitAt(t, log, n, pastStart+2000, standalone(""))[0].Stream.ID
	p, ctx, other := log.past(), t.Context(), core.ID{15: 0xB}
	of := func(_ any, err error) error { return err }
	for _, row := range []struct {
		name, says string
		err        error
	}{
		{"an activity", "was not there yet: it is since 2023-11-14T22:13:21.000Z, tenant position 2", of(p.Activity(ctx, tenantA, activity, core.ID{}, core.AtPosition(1)))},
		{"a result", "was not there yet: it is since 2023-11-14T22:13:22.000Z, tenant position 3", of(p.Result(ctx, tenantA, result, core.AtTime(pastStart+1999)))},
		{"a result, as an activity", "this tenant has no activity", of(p.Activity(ctx, tenantA, result, core.ID{}, core.AtPosition(3)))},
		{"an activity, as a result", "this tenant has no result", of(p.Result(ctx, tenantA, activity, core.AtPosition(3)))},
		{"an activity, as a result, before it was there", "this tenant has no result", of(p.Result(ctx, tenantA, activity, core.AtPosition(1)))},
		{"the tenant, as a result", "this tenant has no result", of(p.Result(ctx, tenantA, configured[0].Stream.ID, core.AtPosition(3)))},
		{"the tenant, as an activity", "this tenant has no activity", of(p.Activity(ctx, tenantA, configured[0].Stream.ID, core.ID{}, core.AtPosition(3)))},
		{"another tenant's result", "this tenant has no result", of(p.Result(ctx, other, result, core.AtPosition(0)))},
		{"another tenant's activity", "this tenant has no activity", of(p.Activity(ctx, other, activity, core.ID{}, core.AtPosition(0)))},
		{"nothing", "this tenant has no result", of(p.Result(ctx, tenantA, core.ID{1}, core.AtPosition(3)))},
	} {
		if codeOf(row.err) != core.CodeNotFound || !strings.Contains(row.err.Error(), row.says) {
			t.Errorf("%s: %v; want not_found that says %q", row.name, row.err, row.says)
		}
	}
}

// TestPastForgetsWhatIsErased: a personal part that is gone from the log is gone from every moment, and everything else is as it was.
func TestPastForgetsWhatIsErased(t *testing.T) {
	log := newClocked()
	n := start(t, log.Log)
	c := standalone("")
	s := c.Intent.(core.SubmitResult)
	s.Personal = core.Personal{Comment: "about a person", RawPayload: []byte(`{}`)}.Seal()
	c.Intent = s
	result := submitAt(t, log, n, pastStart, c)[0].Stream.ID
	before, err := log.past().Result(t.Context(), tenantA, result, core.AtPosition(1))
	if err != nil || before.Personal.Comment == "" {
		t.Fatalf("%+v, %v", before, err)
	}
	after, err := eventstore.Past{History: erased{log}}.Result(t.Context(), tenantA, result, core.AtPosition(1))
	if before.Personal = (core.Personal{}); err != nil || cmp.Diff(before, after) != "" {
		t.Errorf("%v, -before +after the erasure:\n%s", err, cmp.Diff(before, after))
	}
}

// erased is a history in which every personal part has been erased.
type erased struct{ *clocked }

// StreamEntries implements eventstore.History.
func (h erased) StreamEntries(ctx context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Entry, error] {
	return func(yield func(core.Entry, error) bool) {
		for e, err := range h.clocked.StreamEntries(ctx, stream, after) {
			if e.Personal = nil; !yield(e, err) {
				return
			}
		}
	}
}

// TestPastErrors: a log that cannot be read now is unavailable, one that nobody can read is a fault, and a caller that does not wait gets its own error.
func TestPastErrors(t *testing.T) {
	log := newClocked()
	n := start(t, log.Log)
	activity := submitAt(t, log, n, pastStart, creation("p"))[0].Stream.ID
	result := submitAt(t, log, n, pastStart+1, pending("p", pastStart+1))[0].Stream.ID
	over, end := context.WithCancel(t.Context())
	end()
	for _, row := range []struct {
		name string
		ctx  context.Context
		fail error
		want func(error) bool
	}{
		{"the disk", t.Context(), errors.New("disk"), func(err error) bool { return codeOf(err) == core.CodeUnavailable }},
		{"what this program cannot read", t.Context(), eventstore.ErrUnreadable, func(err error) bool {
			var coded *core.Error
			return errors.Is(err, eventstore.ErrUnreadable) && !errors.As(err, &coded)
		}},
		{"the caller has gone", over, errors.New("disk"), func(err error) bool { return errors.Is(err, context.Canceled) }},
	} {
		log.fail = row.fail
		p, m := log.past(), core.AtPosition(2)
		_, _, settle := p.Settle(row.ctx, tenantA, m)
		_, ofResult := p.Result(row.ctx, tenantA, result, m)
		_, ofActivity := p.Activity(row.ctx, tenantA, activity, core.ID{}, m)
		_, ofLink := p.Activity(row.ctx, tenantA, activity, result, m)
		for which, err := range map[string]error{"Settle": settle, "Result": ofResult, "Activity": ofActivity, "Activity, by its result": ofLink} {
			if err == nil || !row.want(err) {
				t.Errorf("%s, %s: %v", row.name, which, err)
			}
		}
	}
}
