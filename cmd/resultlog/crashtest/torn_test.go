package crashtest

import (
	"fmt"

	"resultlog/core"
)

// torn is where a log holds a part of what one command caused: its events are one commit. What a submission or a link must have caused is the contract's table (§1).
func (h *history) torn() (wrong []string) {
	activities, results := map[core.ID]core.ActivityStatus{}, map[core.ID]core.ResultStatus{}
	var wants map[core.ID]core.ActivityStatus // what the command under way must bring activities to
	for i, r := range h.events {
		switch cause := r.Metadata.CausationID; {
		case cause.IsZero():
			wants = map[core.ID]core.ActivityStatus{}
		case i == 0 || cause != h.events[i-1].EventID:
			wrong = append(wrong, fmt.Sprintf("position %d does not follow its cause", r.Position))
		}
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			results[e.ResultID], wants[e.ActivityID] = e.Status, e.Status.ActivityStatus()
		case core.ResultLinked:
			wants[e.ActivityID] = results[e.ResultID].ActivityStatus()
		case core.ActivityCreated:
			activities[e.ActivityID] = core.ActivityReady
		case core.ActivityTransitioned:
			activities[e.ActivityID] = e.To
		}
		if i+1 < len(h.events) && !h.events[i+1].Metadata.CausationID.IsZero() {
			continue // the command goes on
		}
		for id, want := range wants {
			if is := activities[id]; !id.IsZero() && want != core.NoActivity && is != want {
				wrong = append(wrong, fmt.Sprintf("the command that ends at position %d left activity %s %s, and not %s", r.Position, id, is, want))
			}
		}
	}
	return wrong
}
