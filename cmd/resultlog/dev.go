package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"resultlog/core"
	httpapi "resultlog/http"
)

const (
	devTenant   = "01890a5d-ac96-774b-bcce-b302099a8057" // the tenant of everything that --dev makes
	devCommerce = "01890a5d-ac96-7ab2-80e2-4536629c90de"

	devTokenTTL = 24 * time.Hour // a day of trying out

	// devExample is the number in the contract's example, ext-123. An example that was used up is followed by the next number.
	devExample = 123

	// devExamples is how many starts with a used-up example one data directory takes.
	devExamples = 100_000
)

// offerExample makes sure that an open example activity exists, and prints the contract's own example, ready to paste.
func (n *node) offerExample(ctx context.Context, out io.Writer, secret string) error {
	tenant, err := core.ParseID(devTenant)
	if err != nil {
		return err
	}
	provider, err := n.openExample(ctx, tenant)
	if err != nil {
		return fmt.Errorf("make the example activity: %w", err)
	}
	token, err := httpapi.MintToken([]byte(secret), "dev", []string{"FDE"}, []core.ID{tenant}, devTokenTTL, time.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
An example activity is waiting for its result. Paste this into another terminal:

curl -X POST http://%s/api/activity-results/tasks \
-H "Authorization: Bearer %s" \
-H "x-tenant-id: %s" \
-H "Content-Type: application/json" \
-d '{
"provider_activity_id": "%s",
"commerce_external_id": "store-001",
"status": "COMPLETED",
"occurred_at": "2025-01-16T14:30:00.000Z",
"task_result": {
"result": "success",
"comment": "Order placed successfully",
"contact_type": "OUTBOUND"
}
}'

`, n.server.Addr(), token, tenant, provider)
	return err
}

// openExample gives the provider id of the first example activity that is still open and has no result, making a new one if there is none.
func (n *node) openExample(ctx context.Context, tenant core.ID) (provider string, err error) {
	commerce, err := core.ParseID(devCommerce)
	if err != nil {
		return "", err
	}
	for number := devExample; number < devExample+devExamples; number++ {
		provider := fmt.Sprintf("ext-%d", number)
		_, err := n.sequencer.Submit(ctx, core.Command{
			Tenant: tenant, EventID: core.ID(uuid.Must(uuid.NewV7())), Metadata: core.Metadata{Actor: core.Actor{Subject: "dev"}},
			Intent: core.CreateActivity{ActivityID: core.ID(uuid.Must(uuid.NewV7())), ActivityDetails: core.ActivityDetails{
				ActivityType: core.Task, Reason: "Visit store-001", Channel: "SALESMAN", CommerceID: commerce, CommerceExternalID: "store-001",
				IdempotencyKey: "dev-" + provider, ProviderActivityID: provider, ScheduledAt: core.InstantOf(time.Now()),
			}},
		})
		if err == nil {
			return provider, nil
		}
		var taken *core.Error
		if !errors.As(err, &taken) || taken.Existing == nil {
			return "", err
		}
		head, err := n.caughtUp(ctx)
		if err != nil {
			return "", err
		}
		activity, err := n.queries.Activity(ctx, head, tenant, taken.Existing.ID)
		var parked *core.Error
		if errors.As(err, &parked) && parked.Code == core.CodeParked {
			continue // as good as used up
		}
		if err != nil {
			return "", err
		}
		if !activity.Status.Terminal() && activity.ResultID.IsZero() {
			return provider, nil
		}
	}
	return "", fmt.Errorf("all of %d examples are used up: start with another --data", devExamples)
}

// devPatience is how long --dev waits for read tables that are being made again: some millions of events.
const devPatience = 5 * time.Minute

// caughtUp waits until the read tables have reached the log: after an upgrade or a restore they are made again. Each wait takes as long as a read's.
func (n *node) caughtUp(ctx context.Context) (core.Position, error) {
	ctx, cancel := context.WithTimeout(ctx, devPatience)
	defer cancel()
	for {
		head, err := n.barrier.Wait(ctx)
		var behind *core.Error
		if errors.As(err, &behind) && behind.Code == core.CodeReadsBehind && ctx.Err() == nil {
			continue
		}
		return head, err
	}
}
