package audit

import (
	"cmp"
	"maps"
	"slices"

	"resultlog/core"
)

// erasures knows of which results a personal part is there, or is gone: an erasure is recorded, and what was recorded as erased is gone.
type erasures struct {
	there map[core.ID]bearer // by stream: the first event whose personal part is there
	gone  map[core.ID]bearer // by stream: the first whose personal part is gone, though nothing after it says that it was erased
}

// bearer is where the event is that a personal part is of: as little as there can be, since there is one for each result that has such a part.
type bearer struct {
	tenant core.ID
	eventPlace
}

func newErasures() *erasures {
	return &erasures{there: make(map[core.ID]bearer), gone: make(map[core.ID]bearer)}
}

// see takes the next event; it gives what is wrong with an earlier one, if that shows now.
func (x *erasures) see(p *Prepared) (f Finding, wrong bool) {
	stream := p.Entry.StreamID
	switch e := p.Recorded.Event.(type) {
	case core.ResultSubmitted:
		switch {
		case e.Personal.Bytes != nil:
			keepFirst(x.there, stream, p.Entry)
		case e.Personal.Erased():
			keepFirst(x.gone, stream, p.Entry)
		}
	case core.PersonalErased:
		delete(x.gone, stream)
		first, still := x.there[stream]
		delete(x.there, stream)
		return finding(KindPersonal, first, "its personal part was recorded as erased, and is still there: resultlog erase finishes that"), still
	}
	return Finding{}, false
}

// end tells what is gone without a word.
func (x *erasures) end(found func(Finding)) {
	for _, first := range slices.SortedFunc(maps.Values(x.gone), func(a, b bearer) int { return cmp.Compare(a.Position, b.Position) }) {
		found(finding(KindPersonal, first, "its personal part is gone, and nobody recorded that it was erased"))
	}
}

// keepFirst notes the place of an event, unless an earlier one of its stream is noted.
func keepFirst(of map[core.ID]bearer, stream core.ID, e core.Entry) {
	if _, known := of[stream]; !known {
		of[stream] = bearer{e.TenantID, eventPlace{e.Position, e.TenantPosition}}
	}
}

func finding(kind Kind, e bearer, message string) Finding {
	return Finding{Kind: kind, Tenant: e.tenant, First: e.TenantPosition, Last: e.TenantPosition, Position: e.Position, Message: message}
}
