package core

import "testing"

// BenchmarkJudge is one event of a log of creations and the results that complete them, three events each, judged as verify does; with an idempotency key at each of the submissions, too. b.N of them
// make one log.
func BenchmarkJudge(b *testing.B) {
	log := benchLog(b, 20_000)
	keyed := benchLog(b, 20_000)
	for i := range keyed {
		if _, ok := keyed[i].Event.(ResultSubmitted); ok {
			keyed[i].Metadata.Idempotency = Idempotency{Key: keyed[i].EventID.String(), Endpoint: "POST /api/activity-results/tasks", Body: Digest{1}}
		}
	}
	b.Run("without keys", func(b *testing.B) { benchJudge(b, log) })
	b.Run("with keys", func(b *testing.B) { benchJudge(b, keyed) })
}

func benchJudge(b *testing.B, log []Recorded) {
	j := NewJudge()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n == len(log) {
			j, n = NewJudge(), 0
		}
		if err := j.Next(log[n]); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
