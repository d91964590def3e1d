package core

import (
	"context"
	"errors"

	"github.com/looplab/fsm"
)

// Lifecycle is the law of statuses: two looplab/fsm machines that judge every transition. One definition judges every result and activity there is;
// what status each of them is in is a byte of its state, rebuilt from its stream by Evolve. It is not safe for concurrent use.
type Lifecycle struct {
	result   *fsm.FSM
	activity *fsm.FSM
}

// resultLaw is the result's machine (contract §1, §2.2). An event's name is the status that a submission asks for.
// Whatever is not PENDING is terminal: nothing leads out of it, the same status included.
var resultLaw = fsm.Events{
	{Name: "PENDING", Src: []string{"NONE", "PENDING"}, Dst: "PENDING"},
	{Name: "COMPLETED", Src: []string{"NONE", "PENDING"}, Dst: "COMPLETED"},
	{Name: "NOT_EXECUTED", Src: []string{"NONE", "PENDING"}, Dst: "NOT_EXECUTED"},
	{Name: "CANCELED", Src: []string{"NONE", "PENDING"}, Dst: "CANCELED"},
	{Name: "TRANSFERRED", Src: []string{"NONE", "PENDING"}, Dst: "TRANSFERRED"},
}

// activityLaw is the activity's machine (contract §2.7).
var activityLaw = fsm.Events{
	{Name: "create", Src: []string{"NONE"}, Dst: "READY"},
	{Name: "dispatch", Src: []string{"READY"}, Dst: "DISPATCHED"},
	{Name: "unresolve", Src: []string{"READY"}, Dst: "UNRESOLVED"},
	{Name: "resolve", Src: []string{"UNRESOLVED"}, Dst: "READY"},
	{Name: "cancel", Src: []string{"READY", "UNRESOLVED", "DISPATCHED"}, Dst: "CANCELED"},
	{Name: "fail", Src: []string{"READY", "UNRESOLVED", "DISPATCHED"}, Dst: "FAILED"},
	{Name: "result_COMPLETED", Src: []string{"READY", "UNRESOLVED", "DISPATCHED"}, Dst: "COMPLETED"},
	{Name: "result_FAILED", Src: []string{"READY", "UNRESOLVED", "DISPATCHED"}, Dst: "FAILED"},
	{Name: "result_CANCELED", Src: []string{"READY", "UNRESOLVED", "DISPATCHED"}, Dst: "CANCELED"},
}

// resultMoves names the activity's event that a result causes, by the status it leads to.
var resultMoves = map[ActivityStatus]string{
	ActivityCompleted: "result_COMPLETED",
	ActivityFailed:    "result_FAILED",
	ActivityCanceled:  "result_CANCELED",
}

// NewLifecycle builds both machines.
func NewLifecycle() *Lifecycle {
	return &Lifecycle{
		result:   fsm.NewFSM(NoResult.String(), resultLaw, nil),
		activity: fsm.NewFSM(NoActivity.String(), activityLaw, nil),
	}
}

// AllowsResult reports whether a result of status from may take a submission of status to. From is NoResult if there is no result yet.
func (l *Lifecycle) AllowsResult(from, to ResultStatus) bool {
	return judge(l.result, from.String(), to.String())
}

// AllowsByResult reports whether a result may move an activity of status from to the status to.
func (l *Lifecycle) AllowsByResult(from, to ActivityStatus) bool {
	return judge(l.activity, from.String(), resultMoves[to])
}

// AllowsDispatch reports whether an activity of status from may be dispatched.
func (l *Lifecycle) AllowsDispatch(from ActivityStatus) bool {
	return judge(l.activity, from.String(), "dispatch")
}

// AllowsCancel reports whether an activity of status from may be cancelled.
func (l *Lifecycle) AllowsCancel(from ActivityStatus) bool {
	return judge(l.activity, from.String(), "cancel")
}

// Mermaid draws both machines as Mermaid state diagrams; docs/lifecycle.md is made of them.
func (l *Lifecycle) Mermaid() (result, activity string, err error) {
	fresh := NewLifecycle() // the drawing marks the current state as the initial one
	result, err = fsm.VisualizeForMermaidWithGraphType(fresh.result, fsm.StateDiagram)
	if err != nil {
		return "", "", err
	}
	activity, err = fsm.VisualizeForMermaidWithGraphType(fresh.activity, fsm.StateDiagram)
	return result, activity, err
}

// judge puts the one machine into the state from and lets the event happen. The context can never be cancelled: a cancelled one
// would leave the machine in transition for good.
func judge(m *fsm.FSM, from, event string) bool {
	m.SetState(from)
	err := m.Event(context.Background(), event)
	var same fsm.NoTransitionError // from a status to itself, allowed by the law
	return err == nil || errors.As(err, &same)
}
