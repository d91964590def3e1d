package core

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawHistory gives the log of a machine that random commands came to, in batches, some of which were lost. If it is long it goes over days, the machine is replaced by others
// that read the log, and forgets keys once it may, as the read tables do.
func drawHistory(t *rapid.T, long bool) []Recorded {
	v := newLive()
	var later Instant
	for _, p := range drawTrace(t) {
		if p.Command.Intent == nil {
			continue // no command does this yet
		}
		if long && dice(t, "pause", 8) == 0 {
			later += 9 * 60 * 60 * 1000
		}
		p.Command = p.Command.after(later)
		if long && len(v.Pending()) == 0 && rapid.Bool().Draw(t, "restart") {
			again := mustReplayIn(t, v.log)
			again.forgetKeys(v.log, max(p.Command.At, again.base.at))
			v.Machine = again
		}
		v.do(p)
		switch {
		case p.Drops:
			v.Rollback()
		case p.Ends:
			v.commit()
		}
	}
	v.commit()
	return v.log
}

// after is a command that came later. An API key that it came with is its actor, as it is where requests come in.
func (c Command) after(later Instant) Command {
	c.At += later
	if !c.APIKey.IsZero() {
		c.Metadata.Actor = Actor{Key: c.APIKey.String()}
	}
	switch in := c.Intent.(type) {
	case SubmitResult:
		in.OccurredAt += later
		c.Intent = in
	case IssueAPIKey:
		if in.ExpiresAt != nil {
			expires := *in.ExpiresAt + later
			in.ExpiresAt = &expires
		}
		c.Intent = in
	}
	return c
}

// forgetKeys makes a machine forget the keys that were used a day ago.
func (m *Machine) forgetKeys(log []Recorded, now Instant) {
	for name, position := range m.base.keys.positions {
		if log[position-1].RecordedAt+24*60*60*1000 <= now {
			delete(m.base.keys.positions, name)
		}
	}
}

// TestPropertyJudge: whatever a machine has recorded is lawful: as it is in memory, as it was stored, with persons erased, and each tenant's part of it by itself. And the judge knows in
// the end what the machine knows.
func TestPropertyJudge(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		log := drawHistory(t, true)
		stored := make([]Recorded, len(log))
		for i, r := range log {
			var err error
			if stored[i], err = store(r); err != nil {
				t.Fatal(err)
			}
			if e, ok := stored[i].Event.(ResultSubmitted); ok && rapid.Bool().Draw(t, "erased") {
				e.Personal.Bytes = nil
				stored[i].Event = e
			}
		}
		for _, history := range [][]Recorded{log, stored, partOf(stored, fixedID('t', 1)), partOf(stored, fixedID('t', 2))} {
			if found := verdicts(history); found != nil {
				t.Fatalf("a lawful history: %v", found)
			}
		}
		j := NewJudge()
		for _, r := range log {
			_ = j.Next(r)
		}
		known := snapshotOf(mustReplayIn(t, log).base)
		known.Keys, known.KeyOrder = map[KeyName]Position{}, nil // they are remembered elsewhere
		if diff := differ(known, snapshotOf(j.machine.base)); diff != "" {
			t.Fatalf("what is known (-machine +judge):\n%s", diff)
		}
		countJudged(log, seen)
	})
	checkSeen(t, seen, []string{
		"ActivityCreated", "ResultSubmitted", "ActivityTransitioned", "ResultLinked", "ResultTypeConfigured", "APIKeyIssued", "APIKeyRevoked", "PersonalErased",
		"overridden", "by an API key", "with a key", "with a key that was used before",
	})
}

// countJudged counts what is in a history.
func countJudged(log []Recorded, seen map[string]int) {
	used := map[KeyName]bool{}
	for _, r := range log {
		seen[r.Event.Type()]++
		if strings.HasSuffix(brief(r), "overridden") {
			seen["overridden"]++
		}
		if r.Metadata.Actor.Key != "" {
			seen["by an API key"]++
		}
		if r.Metadata.Key == "" {
			continue
		}
		seen["with a key"]++
		name := r.Metadata.Name(r.Stream.Tenant)
		if used[name] {
			seen["with a key that was used before"]++
		}
		used[name] = true
	}
}

// TestJudgeOfGoldenScripts: what the scripts of testdata/machine record is lawful, but for the transitions that no command makes yet: these are found, and what rests on them is judged all the same.
func TestJudgeOfGoldenScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/machine/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	transitions := 0
	for _, file := range files {
		script, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p := newPlay()
		for _, block := range strings.Split(strings.TrimSpace(string(script)), "\n\n") {
			input, _, _ := strings.Cut(block, "\n----")
			p.outputs(t, input)
		}
		p.commit()
		for _, log := range [][]Recorded{p.log, partOf(p.log, fixedID('t', 1)), partOf(p.log, fixedID('t', 2))} {
			var want []Position
			for _, r := range log {
				if e, ok := r.Event.(ActivityTransitioned); ok && e.Reason == "NO_ROUTE" {
					want = append(want, r.Position)
				}
			}
			transitions += len(want)
			if found := verdicts(log); !slices.Equal(places(found), want) {
				t.Errorf("%s: %v; want errors at %v", file, found, want)
			}
		}
	}
	if transitions == 0 {
		t.Error("no script has a transition that no command makes")
	}
}
