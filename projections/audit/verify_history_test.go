package audit_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/transparency-dev/merkle/rfc6962"

	"resultlog/core"
	"resultlog/eventstore"
)

// history is a log that a machine has recorded, commit by commit.
type history struct {
	commits [][]core.Recorded
}

// recorded is all of it.
func (h history) recorded() (all []core.Recorded) {
	for _, commit := range h.commits {
		all = append(all, commit...)
	}
	return all
}

// rows is all of it as a store has it.
func (h history) rows() (rows []eventstore.Row) {
	for _, r := range h.recorded() {
		rows = append(rows, eventstore.ToRow(r))
	}
	return rows
}

// scribe has commands recorded that it makes up.
type scribe struct {
	*rand.Rand
	machine *core.Machine
	at      core.Instant
	minted  uint64
	tenants []*clientele
}

// clientele is what a scribe knows of a tenant.
type clientele struct {
	id         core.ID
	activities []core.ID
	apiKeys    []core.ID
}

func newScribe(random *rand.Rand, tenants int) *scribe {
	s := &scribe{Rand: random, machine: core.NewMachine(), at: 1_736_949_000_000}
	for n := range tenants {
		s.tenants = append(s.tenants, &clientele{id: core.ID{0: 0x7e, 6: 0x40, 8: 0x80, 15: byte(n + 1)}})
	}
	return s
}

// newHistory gives a lawful history of at least so many events.
func newHistory(random *rand.Rand, events int) (h history) {
	s := newScribe(random, 2+random.IntN(2))
	for n := 0; n < events; {
		commit := s.commit()
		if len(commit) > 0 {
			h.commits = append(h.commits, commit)
		}
		n += len(commit)
	}
	return h
}

// commit is what a few commands come to.
func (s *scribe) commit() []core.Recorded {
	if s.IntN(3) > 0 { // else it is the same millisecond
		s.at += core.Instant(s.IntN(5000))
	}
	for range 1 + s.IntN(3) {
		_, _ = s.machine.Step(s.command()) // a refusal changes nothing
	}
	pending := s.machine.Pending()
	s.machine.Commit()
	return pending
}

// mint gives an id that grows, and whose lowest bits are free for the events of one command.
func (s *scribe) mint() (id core.ID) {
	s.minted++
	id[0], id[6], id[8] = 1, 0x70, 0x80
	binary.BigEndian.PutUint64(id[8:], 1<<63|s.minted<<2)
	return id
}

func (s *scribe) command() core.Command {
	tenant := s.tenants[s.IntN(len(s.tenants))]
	c := core.Command{Tenant: tenant.id, At: s.at, EventID: s.mint(), Metadata: core.Metadata{Actor: core.Actor{Subject: fmt.Sprint("somebody-", s.IntN(3)), Role: "FDE"}}}
	if s.IntN(2) == 0 {
		c.Metadata.RequestID = fmt.Sprint("request-", s.minted)
	}
	if s.IntN(4) == 0 {
		c.Metadata.Idempotency = core.Idempotency{Key: fmt.Sprint("key-", s.IntN(20)), Endpoint: "POST /api/x", Body: core.Digest{1, byte(s.IntN(3))}}
	}
	if len(tenant.apiKeys) > 0 && s.IntN(4) == 0 {
		c.APIKey = tenant.apiKeys[s.IntN(len(tenant.apiKeys))]
		c.Metadata.Actor = core.Actor{Key: c.APIKey.String()}
	}
	c.Intent = s.intent(tenant)
	return c
}

func (s *scribe) intent(tenant *clientele) core.Intent {
	switch n := s.IntN(16); {
	case n < 4 || len(tenant.activities) == 0:
		tenant.activities = append(tenant.activities, s.mint())
		return core.CreateActivity{ActivityID: tenant.activities[len(tenant.activities)-1], ActivityDetails: core.ActivityDetails{
			ActivityType: core.Task, Reason: fmt.Sprint("visit ", s.minted), Channel: "SALESMAN", CommerceID: id(9), IdempotencyKey: fmt.Sprint("activity-", s.minted),
			ScheduledAt: s.at, ProviderActivityID: s.provider(),
		}}
	case n < 6:
		return core.DispatchActivity{ActivityID: s.some(tenant.activities), ProviderActivityID: s.provider()}
	case n < 7:
		return core.CancelActivity{ActivityID: s.some(tenant.activities)}
	case n < 8:
		return core.ConfigureResultType{ResultTypeSetting: core.ResultTypeSetting{Code: core.ResultCode(1 + s.IntN(len(core.Catalog))), Active: s.IntN(4) > 0, Classification: core.Positive}}
	case n < 9:
		tenant.apiKeys = append(tenant.apiKeys, s.mint())
		return core.IssueAPIKey{KeyID: tenant.apiKeys[len(tenant.apiKeys)-1], APIKeyDetails: core.APIKeyDetails{
			Name: "field app", Prefix: "rtn_sk_Xa91cd", Digest: core.Digest{1, byte(s.minted)}, Permissions: core.CreateActivities,
		}}
	case n < 10 && len(tenant.apiKeys) > 0:
		return core.RevokeAPIKey{KeyID: s.some(tenant.apiKeys)}
	default:
		return s.submission(tenant)
	}
}

func (s *scribe) submission(tenant *clientele) core.SubmitResult {
	in := core.SubmitResult{ResultID: s.mint(), Submission: core.Submission{
		ProviderActivityID: s.provider(), CommerceExternalID: fmt.Sprint("store-", s.IntN(9)), OccurredAt: s.at + core.Instant(s.IntN(10)), Status: core.ResultStatus(1 + s.IntN(5)),
		HardOverride: s.IntN(3) == 0, Result: core.Catalog[s.IntN(len(core.Catalog))].Code,
	}}
	if s.IntN(2) == 0 {
		in.SentActivityID = s.some(tenant.activities)
	}
	if s.IntN(3) == 0 {
		in.ExternalStatus = "MOVED"
	}
	if s.IntN(3) > 0 {
		in.Personal = core.Personal{Salt: [16]byte{1, byte(s.minted)}, Comment: "of a person", Payload: []byte(fmt.Sprintf(`{ "n": %d }`, s.minted))}.Seal()
	}
	return in
}

// provider is a provider's id, one of a few so that they meet; often none.
func (s *scribe) provider() string {
	if n := s.IntN(24); n < 12 {
		return fmt.Sprint("p-", n)
	}
	return ""
}

func (s *scribe) some(ids []core.ID) core.ID { return ids[s.IntN(len(ids))] }

// partsOf gives each tenant's part of a log, in the order of the log.
func partsOf(rows []eventstore.Row) map[core.ID][]eventstore.Row {
	parts := make(map[core.ID][]eventstore.Row)
	for _, row := range rows {
		parts[row.TenantID] = append(parts[row.TenantID], row)
	}
	return parts
}

// leavesOf are the leaves of a tenant's part, by the other implementation.
func leavesOf(part []eventstore.Row) [][]byte {
	leaves := make([][]byte, len(part))
	for i, row := range part {
		leaves[i] = rfc6962.DefaultHasher.HashLeaf(row.AppendLeafData(nil))
	}
	return leaves
}

// The histories that tamperings are tried on have every type of event, and what makes events of one kind differ.
func TestHistoriesHaveEverything(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(20) {
		h := newHistory(rand.New(rand.NewPCG(seed, 0)), 40)
		for _, r := range h.recorded() {
			seen[r.Event.Type()]++
			for what, is := range map[string]bool{"caused": !r.Metadata.CausationID.IsZero(), "with a key": r.Metadata.Key != "", "by an API key": r.Metadata.Actor.Key != ""} {
				if is {
					seen[what]++
				}
			}
			if e, ok := r.Event.(core.ResultSubmitted); ok {
				for what, is := range map[string]bool{"personal": e.Personal.Bytes != nil, "not personal": e.Personal.Bytes == nil, "overridden": e.Overridden, "updated": r.Version > 1} {
					if is {
						seen[what]++
					}
				}
			}
		}
	}
	for _, what := range []string{
		"ActivityCreated", "ResultSubmitted", "ActivityTransitioned", "ResultLinked", "ResultTypeConfigured", "APIKeyIssued", "APIKeyRevoked",
		"caused", "with a key", "by an API key", "personal", "not personal", "overridden", "updated",
	} {
		if seen[what] < 5 {
			t.Errorf("%s: %d times in 20 histories", what, seen[what])
		}
	}
}
