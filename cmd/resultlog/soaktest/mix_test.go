package soaktest

import "math/rand/v2"

// visit is what one client wants; it tells whether the client got it. The number is its own.
type visit func(l *load, number int) (done bool)

// mix is what comes, and how many of a thousand: of all that a day has, in about a day's proportions. So what a minute costs depends on the rate alone, and not on how long the store has been there.
var mix = []struct {
	share int
	name  string
	visit visit
}{
	{180, "creates an activity", (*load).create},
	{160, "submits the first result of an activity", (*load).begin},
	{160, "submits the last result of an activity", (*load).complete},
	{50, "submits a result of nothing that is known", (*load).stray},
	{40, "sends again what was acknowledged", (*load).sendAgain},
	{30, "submits too late", (*load).comeTooLate},
	{20, "creates an activity twice", (*load).createTwice},
	{30, "sends nonsense", (*load).sendNonsense},
	{60, "lists results", (*load).listResults},
	{60, "lists activities", (*load).listActivities},
	{195, "reads a result", (*load).readResult},
	{5, "waits for events", (*load).tail},
	{4, "exports events", (*load).export},
	{4, "leaves an export", (*load).leaveAnExport},
	{2, "uses an API key", (*load).useAnAPIKey},
}

// day gives the places in the mix of who comes, one after the other: well mixed, and always in the same way.
func day() (kinds []int) {
	for kind, one := range mix {
		for range one.share {
			kinds = append(kinds, kind)
		}
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds
}
