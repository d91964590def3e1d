package core

import (
	"slices"
	"strings"
	"testing"

	"github.com/looplab/fsm"
)

// The contract's tables, written out once more: the machines are walked against them, every state with every event.

// resultTable is contract §1 and §2.2: from a status, or none, which ones may be asked for.
var resultTable = map[string]string{
	"NONE":         "PENDING COMPLETED NOT_EXECUTED CANCELED TRANSFERRED",
	"PENDING":      "PENDING COMPLETED NOT_EXECUTED CANCELED TRANSFERRED",
	"COMPLETED":    "",
	"NOT_EXECUTED": "",
	"CANCELED":     "",
	"TRANSFERRED":  "",
}

// activityTable is contract §2.7: from a status, by which event, to which.
var activityTable = map[string]map[string]string{
	"NONE":       {"create": "READY"},
	"READY":      {"dispatch": "DISPATCHED", "unresolve": "UNRESOLVED", "cancel": "CANCELED", "fail": "FAILED", "result_COMPLETED": "COMPLETED", "result_FAILED": "FAILED", "result_CANCELED": "CANCELED"},
	"UNRESOLVED": {"resolve": "READY", "cancel": "CANCELED", "fail": "FAILED", "result_COMPLETED": "COMPLETED", "result_FAILED": "FAILED", "result_CANCELED": "CANCELED"},
	"DISPATCHED": {"cancel": "CANCELED", "fail": "FAILED", "result_COMPLETED": "COMPLETED", "result_FAILED": "FAILED", "result_CANCELED": "CANCELED"},
	"COMPLETED":  {},
	"CANCELED":   {},
	"FAILED":     {},
}

// activityEvents are all the events of activityTable.
var activityEvents = []string{"create", "dispatch", "unresolve", "resolve", "cancel", "fail", "result_COMPLETED", "result_FAILED", "result_CANCELED"}

// outcomeTable is contract §1: what a result does to its activity.
var outcomeTable = map[ResultStatus]ActivityStatus{
	ResultPending:     NoActivity,
	ResultCompleted:   ActivityCompleted,
	ResultNotExecuted: ActivityFailed,
	ResultCanceled:    ActivityCanceled,
	ResultTransferred: ActivityCompleted,
}

func TestLifecycleOfResults(t *testing.T) {
	if len(resultTable) != len(resultStatusNames) {
		t.Fatalf("the table has %d states, the code %d", len(resultTable), len(resultStatusNames))
	}
	law := NewLifecycle()
	for from, fromName := range resultStatusNames {
		allowed := strings.Fields(resultTable[fromName])
		for to, toName := range resultStatusNames {
			want := slices.Contains(allowed, toName)
			if got := law.AllowsResult(ResultStatus(from), ResultStatus(to)); got != want {
				t.Errorf("from %s to %s: allowed %v, want %v", fromName, toName, got, want)
			}
		}
	}
}

func TestLifecycleOfActivities(t *testing.T) {
	if len(activityTable) != len(activityStatusNames) {
		t.Fatalf("the table has %d states, the code %d", len(activityTable), len(activityStatusNames))
	}
	known := map[string]bool{}
	for _, e := range activityLaw {
		known[e.Name] = true
	}
	if len(known) != len(activityEvents) {
		t.Errorf("the law has %d events, the table %d", len(known), len(activityEvents))
	}
	for _, from := range activityStatusNames {
		for _, event := range activityEvents {
			m := fsm.NewFSM(from, activityLaw, nil)
			allowed := judge(m, from, event)
			to, want := activityTable[from][event]
			if allowed != want {
				t.Errorf("from %s by %s: allowed %v, want %v", from, event, allowed, want)
			}
			if allowed && m.Current() != to {
				t.Errorf("from %s by %s: to %s, want %s", from, event, m.Current(), to)
			}
		}
	}
}

// TestLifecycleByResult walks every state of an activity with everything that a result can ask of it.
func TestLifecycleByResult(t *testing.T) {
	law := NewLifecycle()
	for from, fromName := range activityStatusNames {
		for to, toName := range activityStatusNames {
			_, want := activityTable[fromName]["result_"+toName]
			if got := law.AllowsByResult(ActivityStatus(from), ActivityStatus(to)); got != want {
				t.Errorf("a result moves %s to %s: %v, want %v", fromName, toName, got, want)
			}
		}
	}
}

// TestLifecycleByCommand walks every state of an activity with what commands ask of it.
func TestLifecycleByCommand(t *testing.T) {
	law := NewLifecycle()
	for from, fromName := range activityStatusNames {
		_, dispatches := activityTable[fromName]["dispatch"]
		_, cancels := activityTable[fromName]["cancel"]
		if got := law.AllowsDispatch(ActivityStatus(from)); got != dispatches {
			t.Errorf("%s may be dispatched: %v, want %v", fromName, got, dispatches)
		}
		if got := law.AllowsCancel(ActivityStatus(from)); got != cancels {
			t.Errorf("%s may be cancelled: %v, want %v", fromName, got, cancels)
		}
	}
}

// TestLifecycleOutcome is the table of contract §1, row by row.
func TestLifecycleOutcome(t *testing.T) {
	for status := ResultPending; int(status) < len(resultStatusNames); status++ {
		want, ok := outcomeTable[status]
		if got := status.ActivityStatus(); !ok || got != want {
			t.Errorf("%s moves its activity to %s, want %s", status, got, want)
		}
	}
	for status := ActivityReady; int(status) < len(activityStatusNames); status++ {
		if want := len(activityTable[status.String()]) == 0; status.Terminal() != want {
			t.Errorf("%s is terminal: %v, want %v", status, status.Terminal(), want)
		}
	}
}

// TestLifecycleForgets shows that one verdict does not depend on those before it: one machine judges everything.
func TestLifecycleForgets(t *testing.T) {
	law := NewLifecycle()
	for range 3 {
		if !law.AllowsResult(ResultPending, ResultCompleted) || law.AllowsResult(ResultCompleted, ResultPending) || law.AllowsResult(ResultCompleted, ResultCompleted) {
			t.Fatal("a verdict has changed")
		}
	}
}

func TestMermaidIsStable(t *testing.T) {
	law := NewLifecycle()
	result, activity, err := law.Mermaid()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(result, "[*] --> NONE") || !strings.Contains(activity, "READY --> DISPATCHED: dispatch") {
		t.Errorf("not the lifecycles:\n%s\n%s", result, activity)
	}
	for range 20 {
		law.AllowsResult(ResultCompleted, ResultPending) // leaves the machine in another state
		if r, a, _ := law.Mermaid(); r != result || a != activity {
			t.Fatalf("drawn differently the next time:\n%s\n%s", r, a)
		}
	}
}
