package crashtest

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// plan is what is done to the servers in one round.
type plan struct {
	starts []time.Duration // kills while starting, each so long after the process was made
	loads  []time.Duration // one for each server on the data directory: from the begin of the load to its kill, or to its SIGTERM
	grace  time.Duration   // from SIGTERM to the kill; 0: no SIGTERM
	retry  time.Duration   // from the begin of the retries to a kill amid them; 0: none
}

const (
	// storeRounds is how many rounds share a data directory: then comes a fresh one, so that its making is killed too, and a long run does not only replay.
	storeRounds = 10

	// longestStart is a little more than a start takes: making the files, replaying, listening.
	longestStart = 150 * time.Millisecond

	// longestStop is a little more than finishing takes: --drain, the last commits, moving the WALs into the files.
	longestStop = 120 * time.Millisecond

	// longestRetry is about as long as the retries of one round take.
	longestRetry = 20 * time.Millisecond
)

// planOf draws a round. Their kinds take turns, so that four rounds have each.
func planOf(r *rand.Rand, round int) plan {
	p := plan{loads: []time.Duration{loadTime(r)}}
	switch round % 4 {
	case 0:
		for range 1 + r.IntN(3) {
			p.starts = append(p.starts, upTo(r, longestStart))
		}
	case 1:
		p.loads = append(p.loads, loadTime(r))
	case 2:
		p.grace = 1 + upTo(r, longestStop)
	case 3:
		p.retry = 1 + upTo(r, longestRetry)
	}
	return p
}

// loadTime is from when everything is about to be written for the first time, to when commits, read tables and clients are well under way.
func loadTime(r *rand.Rand) time.Duration { return 20*time.Millisecond + upTo(r, 380*time.Millisecond) }

// upTo draws a duration from 0 to, and without, a longest.
func upTo(r *rand.Rand, longest time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(longest)))
}

// String says it in words.
func (p plan) String() string {
	text := fmt.Sprintf("kills while starting %v, under load %v", p.starts, p.loads)
	if p.grace > 0 {
		text += fmt.Sprintf(" (SIGTERM, and SIGKILL %v later)", p.grace)
	}
	if p.retry > 0 {
		text += fmt.Sprintf(", while retrying %v", p.retry)
	}
	return text
}
