package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"resultlog/core"
	"resultlog/eventstore/sqlite"
)

// poisoned is a command of the scripts. It makes a log in the directory that it is given, with an event that can be decoded, and that no read table can take: of a result whose code
// is not in the catalogue, as if another program's catalogue had it.
func poisoned() { orExit(poison(os.Args[1])) }

// poisonedTenant makes another: its event is of the tenant's own stream, the revocation of an API key that was never issued.
func poisonedTenant() { orExit(poisonTenant(os.Args[1])) }

func orExit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func poison(dir string) error {
	submit := func(n byte, provider string, status core.ResultStatus) core.SubmitResult {
		return core.SubmitResult{ResultID: core.ID{0: 2, 6: 0x70, 15: n}, Submission: core.Submission{
			ProviderActivityID: provider, CommerceExternalID: "store-001", OccurredAt: core.Instant(n) * 2000, Status: status, Result: "success",
			Personal: core.Personal{Comment: "of a person"}.Seal(),
		}}
	}
	return record(dir, 2, func(e core.Event) core.Event {
		spoilt := e.(core.ResultSubmitted)
		spoilt.Submission.Result = "praised"
		return spoilt
	},
		core.CreateActivity{ActivityID: core.ID{0: 1, 6: 0x70, 15: 1}, ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, Reason: "visit", Channel: "SALESMAN", CommerceID: core.ID{9}, IdempotencyKey: "k", ProviderActivityID: "ext-1",
		}},
		submit(1, "ext-1", core.ResultPending), // the poison
		submit(3, "ext-1", core.ResultCompleted),
		submit(4, "ext-2", core.ResultPending),
	)
}

func poisonTenant(dir string) error {
	key := core.ID{0: 4, 6: 0x70, 15: 1}
	return record(dir, 2, func(e core.Event) core.Event {
		spoilt := e.(core.APIKeyRevoked)
		spoilt.KeyID[15]++
		return spoilt
	},
		core.IssueAPIKey{KeyID: key, APIKeyDetails: core.APIKeyDetails{Name: "field app", Prefix: "rtn_sk_000000", Digest: core.Digest{1}, Permissions: core.ViewActivities}},
		core.RevokeAPIKey{KeyID: key}, // the poison
		core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: 1, Active: true, Classification: core.Positive}},
	)
}

// record makes a log of what comes of intents, but for the event at a position, which is spoilt.
func record(dir string, spoilt core.Position, spoil func(core.Event) core.Event, intents ...core.Intent) (err error) {
	ctx, machine := context.Background(), core.NewMachine()
	log, err := sqlite.OpenLog(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	tenant, err := core.ParseID(testTenant)
	if err != nil {
		return err
	}
	return log.Append(ctx, 0, func(time.Time, []core.Recorded) ([]core.Recorded, error) {
		for n, intent := range intents {
			at := core.Instant(n+1) * 1000
			if _, err := machine.Step(core.Command{Tenant: tenant, At: at, EventID: core.ID{0: 3, 6: 0x70, 14: byte(n)}, Intent: intent}); err != nil {
				return nil, err
			}
		}
		events := machine.Pending()
		events[spoilt-1].Event = spoil(events[spoilt-1].Event)
		return events, nil
	})
}

// TestRetryBesideAServer is what dead letters are for: what the read tables cannot take holds up nothing and nobody; who reads it is told; and when the reason is gone, it is applied.
func TestRetryBesideAServer(t *testing.T) {
	dir := t.TempDir()
	server := serveOn(t, dir)
	if ready := server.must(t, http.StatusOK, "GET", "/readyz/reads", ""); !strings.Contains(ready, `"lagEvents":0,"lagSeconds":0`) {
		t.Errorf("reads are %s", ready)
	}
	db, err := sql.Open("sqlite", filepath.Join(dir, "read.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER poison BEFORE INSERT ON results WHEN NEW.provider_activity_id = 'ext-1' BEGIN SELECT RAISE(ABORT, 'poison of this test'); END`); err != nil {
		t.Fatal(err)
	}
	now := func() string { return time.Now().Format(time.RFC3339Nano) }
	const extOne = `"provider_activity_id":"ext-1"`
	activity := "/api/activities/" + field(server.must(t, http.StatusCreated, "POST", "/api/activities", creation("a", extOne)), "id")
	id := field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(extOne, "PENDING", now(), false)), "id")
	result := "/api/activity-results/" + id
	other := field(server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission("", "PENDING", now(), false)), "id")

	for _, query := range []string{"", "?consistency=eventual"} {
		if told := server.must(t, http.StatusServiceUnavailable, "GET", result+query, ""); field(told, "code") != "projection_parked" || !strings.Contains(told, id) {
			t.Errorf("reading what is parked: %s", told)
		}
	}
	server.must(t, http.StatusOK, "GET", "/api/activity-results/"+other, "")
	server.must(t, http.StatusCreated, "POST", "/api/activity-results/tasks", submission(extOne, "COMPLETED", now(), false)) // parked behind it
	if moved := server.must(t, http.StatusOK, "GET", activity, ""); field(moved, "status") != "COMPLETED" {
		t.Errorf("the activity: %s", moved)
	}
	server.must(t, http.StatusOK, "GET", "/readyz/reads", "") // that something is parked is no lag
	if metrics := server.must(t, http.StatusOK, "GET", "/metrics", ""); !strings.Contains(metrics, "resultlog_projection_dead_letters 2\n") || !strings.Contains(metrics, "resultlog_projection_lag_seconds 0\n") {
		t.Error("the metrics do not show 2 dead letters and no lag")
	}

	var shown shownLetter
	if err := json.Unmarshal([]byte(command(t, "deadletters", "show", "2", "--json", "--data", dir)), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Stream.String() != id || shown.Type != "ResultSubmitted" || !strings.Contains(shown.Error, "poison of this test") || len(shown.Follows) != 1 || shown.Event.Personal != nil {
		t.Errorf("shown is %+v", shown)
	}
	if _, err := db.Exec(`DROP TRIGGER poison`); err != nil {
		t.Fatal(err)
	}
	if told := command(t, "deadletters", "retry", "--stream", id, "--data", dir); told != "stream "+id+": applied 2, from position 2 of tenant "+devTenant+" on\n" {
		t.Errorf("retried: %s", told)
	}
	if read := server.must(t, http.StatusOK, "GET", result, ""); field(read, "resultStatus") != "COMPLETED" {
		t.Errorf("the result: %s", read)
	}
	if moved := server.must(t, http.StatusOK, "GET", activity, ""); field(moved, "resultId") != id {
		t.Errorf("the activity: %s", moved)
	}
	if listed := command(t, "deadletters", "list", "--data", dir); listed != "" {
		t.Errorf("still parked: %s", listed)
	}
}
