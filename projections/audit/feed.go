package audit

import (
	"golang.org/x/mod/sumdb/tlog"

	"resultlog/core"
)

const (
	// MaxFed is how many commits of its own node wait for a keeper at most, and MaxFedBytes how large they are together. What it was not handed in time it reads from the log.
	MaxFed      = 1024
	MaxFedBytes = 16 << 20

	// maxAhead is how many leaves a keeper has ready for its next transaction: about a hundred bytes each. At some ten thousand events a second it is some seconds.
	maxAhead = 1 << 16
)

// leaf is an event as far as a tree is made of it.
type leaf struct {
	mark
	tenant         core.ID
	tenantPosition core.Position
	hash           tlog.Hash
}

func leafOf(e *core.Entry) leaf {
	return leaf{mark{e.Position, e.EventID}, e.TenantID, e.TenantPosition, tlog.Hash(e.Leaf())}
}

// Feed hands over what a commit of this node has appended, so that it need not be read again. It never blocks, and may lose what it is handed: the log has it. Safe for concurrent use.
func (k *Keeper) Feed(appended []core.Recorded) {
	size := int64(0)
	for i := range appended {
		if e := appended[i].Stored; e != nil {
			size += int64(len(e.Data) + len(e.Metadata) + len(e.Personal))
		}
	}
	if k.fedBytes.Add(size) > MaxFedBytes {
		k.fedBytes.Add(-size)
		return
	}
	select {
	case k.fed <- commit{appended, size}:
	default:
		k.fedBytes.Add(-size)
	}
}

// commit is what was handed over.
type commit struct {
	events []core.Recorded
	size   int64
}

// take makes leaves of what was handed over, and lets go of it.
func (k *Keeper) take(c commit) {
	defer k.fedBytes.Add(-c.size)
	for i := range c.events {
		e := core.NewEntry(c.events[i])
		if last := len(k.ahead) - 1; len(k.ahead) == maxAhead || last >= 0 && k.ahead[last].position+1 != e.Position { // another node was between
			k.ahead = k.ahead[:0]
		}
		k.ahead = append(k.ahead, leafOf(&e))
	}
}

// takeAll takes what waits.
func (k *Keeper) takeAll() {
	for {
		select {
		case c := <-k.fed:
			k.take(c)
		default:
			return
		}
	}
}

// handed gives the leaves that come after an event, as far as they were handed over by this node; none if they were not, or if that event is not known to be the one before them.
func (k *Keeper) handed(at mark) []leaf {
	if len(k.ahead) == 0 {
		return nil
	}
	before := at.position - k.ahead[0].position // where the event is among them
	switch {
	case before >= 0 && before < core.Position(len(k.ahead)) && k.ahead[before].id == at.id:
		k.ahead = k.ahead[before+1:]
	case before == -1 && (at == mark{} || k.knownAt == at):
	default:
		return nil
	}
	return k.ahead[:min(len(k.ahead), MaxExtended)]
}
