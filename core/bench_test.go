package core

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// benchLog is a log of n activities, each with a provider id and one result that completes it.
func benchLog(b *testing.B, n int) []Recorded {
	b.Helper()
	m := NewMachine()
	for i := range n {
		for _, intent := range []Intent{
			CreateActivity{ActivityID: benchID('a', i), ActivityDetails: ActivityDetails{
				ActivityType: Task, Reason: "visit", Channel: "SALESMAN", CommerceID: fixedID('c', 1), IdempotencyKey: fmt.Sprint("key-", i), ScheduledAt: start, ProviderActivityID: fmt.Sprint("ext-", i)}},
			benchSubmission(i, ResultCompleted),
		} {
			if _, err := m.Step(Command{Tenant: fixedID('t', 1), At: start, EventID: benchID('e', i), Intent: intent}); err != nil {
				b.Fatal(err)
			}
		}
	}
	return m.Pending()
}

func benchSubmission(n int, status ResultStatus) SubmitResult {
	return SubmitResult{ResultID: benchID('b', n), Submission: Submission{
		ProviderActivityID: fmt.Sprint("ext-", n), CommerceExternalID: "store-001", OccurredAt: start, Status: status, Result: "success", ContactType: "OUTBOUND",
		Personal: Personal{Salt: fixtureSalt, Comment: "Order placed successfully"}.Seal(),
	}}
}

func benchID(kind byte, n int) ID {
	id := ID{kind}
	binary.BigEndian.PutUint64(id[4:], uint64(n)+1)
	return id
}

// BenchmarkStep is a submission that updates the result of an activity among many, in batches of 256; without an idempotency key, with a new one each time, and with an API key.
func BenchmarkStep(b *testing.B) {
	b.Run("without a key", func(b *testing.B) { benchStep(b, []Idempotency{{}}, ID{}) })
	b.Run("with a key", func(b *testing.B) {
		keys := make([]Idempotency, 2*KeysHeld) // when one comes again, it has long been forgotten
		for i := range keys {
			keys[i] = Idempotency{Key: fmt.Sprintf("0198a5d0-ac96-774b-bcce-%012x", i), Endpoint: "POST /api/activity-results/tasks", Body: Digest{1}}
		}
		benchStep(b, keys, ID{})
	})
	b.Run("with an API key", func(b *testing.B) { benchStep(b, []Idempotency{{}}, benchID('f', 1)) })
}

func benchStep(b *testing.B, keys []Idempotency, apiKey ID) {
	const activities, batch = 10_000, 256
	m := NewMachine()
	for _, r := range benchLog(b, activities) {
		if err := m.Replay(r); err != nil {
			b.Fatal(err)
		}
	}
	issue := IssueAPIKey{KeyID: benchID('f', 1), APIKeyDetails: APIKeyDetails{Digest: Digest{1}, Permissions: CreateActivities}}
	if _, err := m.Step(Command{Tenant: fixedID('t', 1), At: start, EventID: benchID('e', activities), Intent: issue}); err != nil {
		b.Fatal(err)
	}
	m.Commit()
	commands := make([]Command, activities)
	for i := range commands {
		in := benchSubmission(i, ResultPending)
		in.HardOverride = true
		commands[i] = Command{Tenant: fixedID('t', 1), EventID: benchID('e', i), APIKey: apiKey, Intent: in}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		c := commands[n%activities]
		in := c.Intent.(SubmitResult)
		in.OccurredAt, c.At = start+Instant(n)+1, start+Instant(n)+1 // after every one before it
		c.Intent, c.Metadata.Idempotency, c.KeysAsOf = in, keys[n%len(keys)], m.Head()
		if receipt, err := m.Step(c); err != nil || receipt.Replayed != 0 {
			b.Fatal(receipt, err)
		}
		if n++; n%batch == 0 {
			m.Commit()
		}
	}
}

// BenchmarkStepReplayed is a retry: a key that the machine holds.
func BenchmarkStepReplayed(b *testing.B) {
	m := NewMachine()
	c := Command{Tenant: fixedID('t', 1), At: start, EventID: benchID('e', 1), Intent: benchSubmission(1, ResultPending)}
	c.Metadata.Idempotency = Idempotency{Key: "0198a5d0-ac96-774b-bcce-000000000001", Endpoint: "POST /api/activity-results/tasks"}
	if _, err := m.Step(c); err != nil {
		b.Fatal(err)
	}
	m.Commit()
	b.ReportAllocs()
	for b.Loop() {
		if receipt, err := m.Step(c); err != nil || receipt.Replayed != 1 {
			b.Fatal(receipt, err)
		}
	}
}

// BenchmarkReplay is one event folded in, as at start; b.N of them make one log.
func BenchmarkReplay(b *testing.B) {
	log := benchLog(b, 20_000)
	m := NewMachine()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n == len(log) {
			m, n = NewMachine(), 0
		}
		if err := m.Replay(log[n]); err != nil {
			b.Fatal(err)
		}
		n++
	}
}

// BenchmarkEncode is the documented example, without sealing its personal part, as the goroutine that decides does it.
func BenchmarkEncode(b *testing.B) {
	e := fixtures()[2].event
	b.ReportAllocs()
	for b.Loop() {
		Encode(e)
	}
}

// BenchmarkDecode is the same, read back, as a replay and the read tables do it.
func BenchmarkDecode(b *testing.B) {
	stored := Encode(fixtures()[2].event)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(stored); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSeal is what a handler does before it queues the command.
func BenchmarkSeal(b *testing.B) {
	p := Personal{Salt: fixtureSalt, Comment: "Order placed successfully"}
	b.ReportAllocs()
	for b.Loop() {
		p.Seal()
	}
}
