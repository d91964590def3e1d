package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
	"resultlog/projections/audit"
)

// commandsAtOnce is how many commands one commit of a history has.
const commandsAtOnce = 256

// fillHistory makes a log of tasks that are created and completed, three events each, as the documented example has them, and the trees over it. It gives how many events there are: as many as were
// asked for, or up to two more.
func fillHistory(ctx context.Context, dir string, events int) (made int, err error) {
	log, err := sqlite.OpenLog(ctx, dir)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	machine, tenant := core.NewMachine(), core.ID{}
	if tenant, err = core.ParseID(tenantText); err != nil {
		return 0, err
	}
	for n := 0; int(machine.Head()) < events; {
		err := log.Append(ctx, machine.Head(), func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
			for range commandsAtOnce {
				if left := events - int(machine.Head()) - len(machine.Pending()); left <= 0 {
					break
				}
				n++
				for _, intent := range task(n, now) {
					c := core.Command{Tenant: tenant, At: core.InstantOf(now), EventID: mintedID(4, 4*n+kindOf(intent)), Intent: intent, Metadata: core.Metadata{
						Actor: core.Actor{Subject: "bench", Role: "FDE"}, RequestID: fmt.Sprintf("0194a3f0-5d2e-7c11-9a40-%012d", n)}}
					if _, err := machine.Step(c); err != nil {
						return nil, err
					}
				}
			}
			return machine.Pending(), nil
		})
		if err != nil {
			return 0, err
		}
		machine.Commit()
	}
	return int(machine.Head()), keepTrees(ctx, dir, log)
}

// task is a task that is created and then completed.
func task(n int, now time.Time) []core.Intent {
	provider := fmt.Sprint("ext-", n)
	return []core.Intent{
		core.CreateActivity{ActivityID: mintedID(1, n), ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, Reason: "Visit store-001", Channel: "SALESMAN", CommerceID: core.ID{15: 1}, CommerceExternalID: "store-001", IdempotencyKey: fmt.Sprint("key-", n),
			ProviderActivityID: provider, ScheduledAt: core.InstantOf(now),
		}},
		core.SubmitResult{ResultID: mintedID(2, n), Submission: core.Submission{
			ProviderActivityID: provider, CommerceExternalID: "store-001", OccurredAt: core.InstantOf(now), Status: core.ResultCompleted, Result: "success", ContactType: "OUTBOUND",
			Personal: core.Personal{Salt: [16]byte{15: byte(n)}, Comment: "Order placed successfully"}.Seal(),
		}},
	}
}

// kindOf tells the commands about one task apart.
func kindOf(intent core.Intent) int {
	if _, creates := intent.(core.CreateActivity); creates {
		return 0
	}
	return 1
}

// mintedID is a UUIDv7 that grows with n.
func mintedID(kind byte, n int) (id core.ID) {
	binary.BigEndian.PutUint64(id[:8], uint64(n)<<20)
	id[6], id[8], id[15] = 0x70, 0x80|kind, byte(n)<<2
	binary.BigEndian.PutUint32(id[9:13], uint32(n))
	return id
}

// keepTrees makes the trees over a log, and signs them, by the key that is there.
func keepTrees(ctx context.Context, dir string, log *sqlite.Log) error {
	text, err := os.ReadFile(filepath.Join(dir, "signing-key"))
	if err != nil {
		return err
	}
	key, err := audit.ParseSigningKey(string(text))
	if err != nil {
		return err
	}
	tables, err := sqlite.OpenAuditTables(ctx, dir, audit.SQLiteSchema())
	if err != nil {
		return err
	}
	keeper := audit.NewKeeper(audit.Config{Tables: audit.Tables{Write: tables.Write, Read: tables.Read}, Log: log, Key: key, Logger: slog.New(slog.DiscardHandler)})
	return errors.Join(keeper.Tick(ctx), tables.Close())
}

// linesOf yields the lines of a text that have something in them.
func linesOf(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !yield(line) {
				return
			}
		}
	}
}
