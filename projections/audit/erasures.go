package audit

import "resultlog/core"

// erasures knows of which results a personal part is there, or is gone: an erasure is recorded, and what was recorded as erased is gone.
type erasures struct {
	there map[core.ID]core.Entry // by stream: the first event whose personal part is there
	gone  map[core.ID]core.Entry // by stream: the first whose personal part is gone, though nothing after it says that it was erased
}

func newErasures() *erasures {
	return &erasures{there: make(map[core.ID]core.Entry), gone: make(map[core.ID]core.Entry)}
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
	for _, first := range x.gone {
		found(finding(KindPersonal, first, "its personal part is gone, and nobody recorded that it was erased"))
	}
}

// keepFirst notes the place of an event, unless an earlier one of its stream is noted.
func keepFirst(of map[core.ID]core.Entry, stream core.ID, e core.Entry) {
	if _, known := of[stream]; !known {
		of[stream] = core.Entry{TenantID: e.TenantID, TenantPosition: e.TenantPosition, Position: e.Position}
	}
}

func finding(kind Kind, e core.Entry, message string) Finding {
	return Finding{Kind: kind, Tenant: e.TenantID, First: e.TenantPosition, Last: e.TenantPosition, Position: e.Position, Message: message}
}
