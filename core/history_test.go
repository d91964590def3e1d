package core

import (
	"errors"
	"iter"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// looked is a log in a slice, and how often it was looked at.
type looked struct {
	entries []Entry
	looks   int
	fails   error
}

func (l *looked) read(wanted func(Entry) bool) iter.Seq2[Entry, error] {
	l.looks++
	return func(yield func(Entry, error) bool) {
		if l.fails != nil {
			yield(Entry{}, l.fails)
			return
		}
		for _, e := range l.entries {
			if wanted(e) && !yield(e, nil) {
				return
			}
		}
	}
}

func (l *looked) tenant(after Position) iter.Seq2[Entry, error] {
	return l.read(func(e Entry) bool { return e.TenantPosition > after })
}

func (l *looked) stream(id ID) EntriesFrom[Version] {
	return func(after Version) iter.Seq2[Entry, error] {
		return l.read(func(e Entry) bool { return e.StreamID == id && e.Version > after })
	}
}

// drawnHistory is a tenant's history of a few streams, whose times often repeat.
func drawnHistory(t *rapid.T) *looked {
	l := &looked{}
	versions := map[ID]Version{}
	at := Instant(0)
	for i, stream := range rapid.SliceOfN(rapid.ByteRange(1, 3), 0, 200).Draw(t, "streams") {
		id := ID{stream}
		versions[id]++
		at += Instant(rapid.IntRange(0, 2).Draw(t, "later"))
		l.entries = append(l.entries, Entry{TenantPosition: Position(i + 1), StreamID: id, Version: versions[id], RecordedAt: at})
	}
	return l
}

// TestRecordedFrom finds what going through all of them finds, and looks at few.
func TestRecordedFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawnHistory(t)
		head := Position(len(l.entries))
		from := Instant(rapid.IntRange(-1, 402).Draw(t, "from"))
		after := Position(rapid.IntRange(0, len(l.entries)).Draw(t, "after"))
		want := after
		for int(want) < len(l.entries) && l.entries[want].RecordedAt < from {
			want++
		}
		got, err := RecordedFrom(from, after, head, l.tenant)
		if err != nil || got != want || l.looks > 9 {
			t.Fatalf("after %d from %d: %d (%v, %d looks), want %d", after, from, got, err, l.looks, want)
		}
	})
	disk := errors.New("disk")
	if _, err := RecordedFrom(1, 0, 5, (&looked{fails: disk}).tenant); !errors.Is(err, disk) {
		t.Errorf("a log that cannot be read: %v", err)
	}
	if _, err := RecordedFrom(1, 0, 5, (&looked{}).tenant); err == nil {
		t.Error("a log that lacks what it has goes unnoticed")
	}
}

// TestEntriesAfter yields what filtering all of them yields, in that order, and looks at few.
func TestEntriesAfter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := drawnHistory(t)
		after := Position(rapid.IntRange(0, len(l.entries)+1).Draw(t, "after"))
		ids := rapid.SliceOfNDistinct(rapid.ByteRange(1, 3), 0, 3, func(b byte) byte { return b }).Draw(t, "wanted")
		var streams []EntriesFrom[Version]
		var want []Position
		for _, id := range ids {
			streams = append(streams, l.stream(ID{id}))
		}
		for _, e := range l.entries {
			if slices.Contains(ids, e.StreamID[0]) && e.TenantPosition > after {
				want = append(want, e.TenantPosition)
			}
		}
		entries, err := EntriesAfter(after, streams...)
		var got []Position
		if err == nil {
			var e Entry
			for e, err = range entries {
				got = append(got, e.TenantPosition)
			}
		}
		if err != nil || !slices.Equal(got, want) || l.looks > 20*len(ids) {
			t.Fatalf("after %d of %v: %v (%v, %d looks), want %v", after, ids, got, err, l.looks, want)
		}
	})
}

// TestMergingEndsAtAnError, whichever stream has it, and stops all of them when nobody wants more.
func TestMergingEndsAtAnError(t *testing.T) {
	disk := errors.New("disk")
	good := &looked{entries: []Entry{{TenantPosition: 1, StreamID: ID{1}, Version: 1}, {TenantPosition: 2, StreamID: ID{1}, Version: 2}}}
	bad := &looked{fails: disk}
	entries, err := EntriesAfter(0, good.stream(ID{1}), bad.stream(ID{2}))
	if err != nil {
		t.Fatal(err)
	}
	yielded := 0
	for _, err := range entries {
		if yielded++; !errors.Is(err, disk) {
			t.Errorf("%v", err)
		}
	}
	if yielded != 1 {
		t.Errorf("it went on after the error, to %d", yielded)
	}
	if _, err := EntriesAfter(1, good.stream(ID{1}), bad.stream(ID{2})); !errors.Is(err, disk) {
		t.Errorf("%v", err)
	}
	entries, _ = EntriesAfter(0, good.stream(ID{1}), good.stream(ID{2}))
	for e := range entries {
		if e.TenantPosition != 1 {
			t.Errorf("it begins with %d", e.TenantPosition)
		}
		break
	}
}

// TestResultsOfActivities: which events tie a result to an activity, and whose stream begins like that of one.
func TestResultsOfActivities(t *testing.T) {
	activity, result, other := ID{1}, ID{2}, ID{3}
	entry := func(e Event) Entry {
		return NewEntry(Recorded{Stream: Stream{Tenant: ID{9}, ID: e.StreamID()}, Event: e})
	}
	created := entry(ActivityCreated{ActivityID: activity, ActivityDetails: ActivityDetails{ActivityType: Task}})
	moved := func(by ID) Entry {
		return entry(ActivityTransitioned{ActivityID: activity, From: ActivityReady, To: ActivityCompleted, Reason: ByResult, ResultID: by})
	}
	submitted := func(source Source, of ID, sent ID) Entry {
		return entry(ResultSubmitted{ResultID: result, Source: source, ActivityID: of, Submission: Submission{Status: ResultPending, Result: "success", SentActivityID: sent}})
	}
	for _, row := range []struct {
		sentence string
		e        Entry
		want     ID
	}{
		{"the activity's creation", created, ID{}},
		{"a move that no result made", moved(ID{}), ID{}},
		{"a move by a result", moved(result), result},
		{"its result", submitted(RetenActivity, activity, ID{}), result},
		{"another's result", submitted(RetenActivity, other, ID{}), ID{}},
		{"one that was sent for it, and matched another", submitted(RetenActivity, other, activity), ID{}},
		{"one that was sent for it, and matched nothing", submitted(Standalone, ID{}, activity), ID{}},
		{"a link", entry(ResultLinked{ResultID: result, ActivityID: activity, ProviderActivityID: "p"}), result},
		{"another's link", entry(ResultLinked{ResultID: result, ActivityID: other, ProviderActivityID: "p"}), ID{}},
		{"something else", entry(ResultTypeConfigured{TenantID: activity, ResultTypeSetting: ResultTypeSetting{Code: 1}}), ID{}},
	} {
		if got, err := row.e.ResultOf(activity); err != nil || got != row.want {
			t.Errorf("%s: %s %v, want %s", row.sentence, got, err, row.want)
		}
	}
	spoilt := moved(result)
	spoilt.SchemaVersion = 99
	if _, err := spoilt.ResultOf(activity); !errors.Is(err, ErrUnknownEvent) {
		t.Errorf("an event of tomorrow: %v", err)
	}
	for _, row := range []struct {
		sentence string
		stream   []Entry
		is       bool
		result   ID
	}{
		{"nothing", nil, false, ID{}},
		{"an activity's", []Entry{created}, true, ID{}},
		{"that of one that was moved", []Entry{created, moved(ID{}), moved(result)}, true, result},
		{"a result's", []Entry{submitted(RetenActivity, activity, ID{})}, false, ID{}},
	} {
		l := &looked{entries: row.stream}
		if is, result, err := ActivityOf(activity, l.read(func(Entry) bool { return true })); err != nil || is != row.is || result != row.result {
			t.Errorf("%s: %t %s %v", row.sentence, is, result, err)
		}
	}
}

// TestEventFilter: an event is wanted if it fits all that is set.
func TestEventFilter(t *testing.T) {
	at := func(i Instant) *Instant { return &i }
	e := Entry{Type: "ResultSubmitted", StreamID: ID{2}, RecordedAt: 5}
	knowing := func(f EventFilter, streams ...ID) EventFilter {
		for _, id := range streams {
			f.Know(id)
		}
		return f
	}
	for _, row := range []struct {
		sentence     string
		filter       EventFilter
		fits, isOver bool
	}{
		{"nothing is set", EventFilter{}, true, false},
		{"its type", EventFilter{Type: "ResultSubmitted"}, true, false},
		{"another type", EventFilter{Type: "ResultLinked"}, false, false},
		{"the ends of a span belong to it", EventFilter{Recorded: Span{at(5), at(5)}}, true, false},
		{"it was before", EventFilter{Recorded: Span{From: at(6)}}, false, false},
		{"it was after, and so is all that follows", EventFilter{Recorded: Span{To: at(4)}}, false, true},
		{"of an activity of which nothing is known", EventFilter{Activity: ID{1}}, false, false},
		{"of an activity's own stream", knowing(EventFilter{Activity: ID{2}}, ID{2}), true, false},
		{"of an activity's result", knowing(EventFilter{Activity: ID{1}}, ID{1}, ID{2}, ID{}), true, false},
		{"of a result", knowing(EventFilter{Result: ID{2}}, ID{2}), true, false},
		{"of an activity and a result", knowing(EventFilter{Activity: ID{1}, Result: ID{2}}, ID{1}, ID{2}), true, false},
		{"of an activity and a result that is another's", knowing(EventFilter{Activity: ID{2}, Result: ID{3}}, ID{2}), false, false},
	} {
		if fits, over := row.filter.Fits(e), row.filter.IsOver(e); fits != row.fits || over != row.isOver {
			t.Errorf("%s: fits %t, is over %t", row.sentence, fits, over)
		}
	}
}
