package eventstoretest

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

// bench is where a test works: one backend, and fixed ids for what is done to it.
type bench struct {
	Backend
	nodes int
}

// open gives a handle that is closed at the end of the test at the latest.
func (b *bench) open(t *testing.T) eventstore.Log {
	t.Helper()
	log := b.Open(t)
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return log
}

// node is a machine on a handle of its own: what a process is to the log.
type node struct {
	log     eventstore.Log
	machine *core.Machine
	ids     uint32 // minted so far
	number  byte   // of the node, in its ids
}

func (b *bench) node(t *testing.T) *node {
	t.Helper()
	b.nodes++
	return &node{log: b.open(t), machine: core.NewMachine(), number: byte(b.nodes)}
}

// mint gives an id that no other call gave, growing like a UUIDv7. Its lowest bits are free for the events of one command.
func (n *node) mint() core.ID {
	n.ids++
	id := core.ID{0: 0x01, 1: 0x90, 6: 0x70, 8: 0x80, 9: n.number}
	binary.BigEndian.PutUint32(id[12:], n.ids<<2)
	return id
}

// tenant gives a fixed tenant.
func tenant(number byte) core.ID { return core.ID{0: 0x7e, 6: 0x40, 8: 0x80, 15: number} }

// history is the node's log as auditors read it.
func (n *node) history(t *testing.T) eventstore.History {
	t.Helper()
	history, ok := n.log.(eventstore.History)
	if !ok {
		t.Fatalf("%T is no History", n.log)
	}
	return history
}

// submission asks for a new standalone result: one event.
func (n *node) submission(tenant core.ID) core.Command {
	return core.Command{
		Tenant: tenant, EventID: n.mint(), Metadata: core.Metadata{Actor: core.Actor{Subject: "suite", Role: "FDE"}},
		Intent: core.SubmitResult{ResultID: n.mint(), Submission: core.Submission{
			CommerceExternalID: "store-001", OccurredAt: 1_700_000_000_000, Status: core.ResultPending, Result: "success",
		}},
	}
}

// submissions asks for that many new results.
func (n *node) submissions(tenant core.ID, count int) []core.Command {
	commands := make([]core.Command, count)
	for i := range commands {
		commands[i] = n.submission(tenant)
	}
	return commands
}

// update asks to replace the result that was sent with a provider id.
func (n *node) update(tenant core.ID, providerID string, occurredAt core.Instant) core.Command {
	c := n.submission(tenant)
	s := c.Intent.(core.SubmitResult)
	s.ProviderActivityID, s.OccurredAt = providerID, occurredAt
	c.Intent = s
	return c
}

// creation asks for a task with a provider id, to which a standalone result that came with it is linked.
func (n *node) creation(tenant core.ID, providerID string) core.Command {
	c := n.submission(tenant)
	id := n.mint()
	c.Intent = core.CreateActivity{ActivityID: id, ActivityDetails: core.ActivityDetails{
		ActivityType: core.Task, Reason: "visit", Channel: "SALESMAN", CommerceID: id, IdempotencyKey: id.String(), ProviderActivityID: providerID, ScheduledAt: 1,
	}}
	return c
}

// issue asks for an API key.
func (n *node) issue(tenant core.ID, name string) core.Command {
	c := n.submission(tenant)
	id := n.mint()
	c.Intent = core.IssueAPIKey{KeyID: id, APIKeyDetails: core.APIKeyDetails{Name: name, Prefix: "rtn_sk_", Digest: core.Digest{1, 31: id[15]}, Permissions: core.ViewActivities}}
	return c
}

// turn is what came of one Append.
type turn struct{ missed, appended []core.Recorded }

// submit does what a process does: under the lock it learns what it missed, decides the commands, and appends what follows.
func (n *node) submit(ctx context.Context, commands ...core.Command) (turn, error) {
	var t turn
	err := n.log.Append(ctx, n.machine.Head(), func(now time.Time, missed []core.Recorded) ([]core.Recorded, error) {
		t.missed = missed
		for _, r := range missed {
			if err := n.machine.Replay(r); err != nil {
				return nil, err
			}
		}
		for _, c := range commands {
			c.At = core.InstantOf(now)
			if _, err := n.machine.Step(c); err != nil {
				return nil, err
			}
		}
		t.appended = n.machine.Pending()
		return t.appended, nil
	})
	if err != nil {
		n.machine.Rollback()
		return turn{}, err
	}
	n.machine.Commit()
	return t, nil
}

// mustSubmit is submit where nothing may go wrong.
func (n *node) mustSubmit(t *testing.T, commands ...core.Command) turn {
	t.Helper()
	done, err := n.submit(t.Context(), commands...)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	return done
}
