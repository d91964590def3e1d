package main

import (
	"math"
	"slices"
	"testing"
	"time"
)

// at makes the shots of one slot: so many, all of which took so long.
func at(phase int, from time.Duration, n, status int, took time.Duration) (some shots) {
	for i := range n {
		due := from + time.Duration(i)*recoverySlot/time.Duration(n)
		some = append(some, shot{phase: phase, due: due, sent: due, answered: due + took, status: status})
	}
	return some
}

func TestRecovery(t *testing.T) {
	const end = 10 * time.Second
	before := append(at(0, 0, 100, 201, 5*time.Millisecond), at(0, recoverySlot, 100, 201, 10*time.Millisecond)...)
	quick := func(slot int) shots {
		return at(2, end+time.Duration(slot)*recoverySlot, 100, 201, 19*time.Millisecond)
	}
	for name, row := range map[string]struct {
		after shots
		want  time.Duration
	}{
		"normal at once":              {append(quick(0), quick(1)...), 0},
		"slow in the first two slots": {append(append(at(2, end, 100, 201, time.Second), at(2, end+recoverySlot, 100, 201, 21*time.Millisecond)...), quick(2)...), 2 * recoverySlot},
		"refused in the third":        {append(append(quick(0), at(2, end+2*recoverySlot, 100, 503, time.Millisecond)...), quick(3)...), 3 * recoverySlot},
		"slow again later":            {append(append(quick(0), quick(1)...), at(2, end+4*recoverySlot, 100, 201, time.Second)...), 5 * recoverySlot},
		"one of a hundred":            {append(at(2, end, 1, 201, time.Second), quick(0)...), 0},
	} {
		if got := recovery(before, row.after, end); got != row.want {
			t.Errorf("%s: %s, want %s", name, got, row.want)
		}
	}
}

func TestOverloadIsJudged(t *testing.T) {
	s := settings{length: time.Second}.overload(1000)
	if s[atEase].rate != 250 || s[overloaded].rate != 4000 || s[overloaded].length != 20*time.Second || s[atEaseAgain] != s[atEase] {
		t.Fatalf("%+v", s)
	}
	begin, end := s[atEase].length, s[atEase].length+s[overloaded].length
	var all shots
	all = append(all, at(atEase, 0, 100, 201, 4*time.Millisecond)...)
	held := slices.Concat(at(overloaded, begin, 200, 201, 300*time.Millisecond), at(overloaded, begin, 600, 503, 30*time.Millisecond))
	for i := range held {
		held[i].sent += 10 * time.Millisecond // no connection was free before: whoever was accepted waited for that too, and a refusal is the server's from then on
	}
	all = append(all, held...)
	all = append(all, shot{phase: overloaded, due: begin, sent: begin + time.Second})
	all = append(all, at(atEaseAgain, end, 100, 201, 5*time.Millisecond)...)
	got := s.judged(all)
	want := overloadRun{Asked: 4000, Seconds: 20, Accepted: 200, Refused: 600, Unsent: 1, AcceptedP50: 300, AcceptedP99: 300, RefusedP50: 20, RefusedP99: 20, NormalP99: 4, Watched: 1.5}
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if ms := got.fullQueue(); math.Abs(ms-204_800) > 1e-6 { // 2048 at ten a second
		t.Errorf("a full queue takes %v ms", ms)
	}
	got.Engine, got.Memory.Peak, got.Watched = onSQLite, 2000, 4.5
	met := map[string]bool{}
	for _, v := range (overloadRuns{got}).verdicts() {
		met[v.Name] = v.Met
	}
	if len(met) != 4 || met["4 times the sustainable rate: MiB of the server's memory at most, on SQLite"] || !met["4 times the sustainable rate: p99 of the 503s, of that of the 201s, on SQLite"] {
		t.Errorf("%v", met)
	}
}

// Who was looked at for no longer than it may take cannot be told to have taken longer.
func TestRecoveryOfAShortRunIsNotJudged(t *testing.T) {
	for watched, judged := range map[float64]int{0.3: 0, recoveryBound: 0, recoveryBound + 0.5: 1} {
		r := overloadRun{Engine: onSQLite, Recovery: 0.1, Watched: watched}
		if got := (overloadRuns{r}).verdicts(); len(got) != judged {
			t.Errorf("watched for %v s: %+v", watched, got)
		}
	}
}

// Where nobody was refused, the promise about refusals is neither kept nor missed.
func TestOverloadWithoutRefusals(t *testing.T) {
	none := overloadRun{Engine: onSQLite, Seconds: 20, Accepted: 200, AcceptedP99: 300, Memory: residentMiB{Peak: 100}, Watched: 4.5}
	if got := (overloadRuns{none}).verdicts(); len(got) != 3 {
		t.Errorf("%+v", got)
	}
}

func TestStatusOfAProcess(t *testing.T) {
	const status = "Name:\tresultlog\nVmHWM:\t  262144 kB\nVmRSS:\t  131072 kB\nThreads:\t9\n"
	if rss, peak, none := statusMiB(status, "VmRSS"), statusMiB(status, "VmHWM"), statusMiB("", "VmRSS"); rss != 128 || peak != 256 || none != 0 {
		t.Errorf("%v and %v MiB, and %v where nothing is told", rss, peak, none)
	}
}
