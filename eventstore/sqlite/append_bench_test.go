package sqlite

import (
	"fmt"
	"testing"
	"time"

	"resultlog/core"
)

// BenchmarkAppend is one turn at the log by the number of its events: what it costs beside the disk's sync, which is in it, and how many events a second that is.
func BenchmarkAppend(b *testing.B) {
	for _, events := range []int{1, 16, 256, 512} {
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			log, err := OpenLog(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			head := core.Position(0)
			b.ReportAllocs()
			for b.Loop() {
				err := log.Append(b.Context(), head, func(now time.Time, _ []core.Recorded) (all []core.Recorded, err error) {
					for range events {
						head++
						all = append(all, event(head, now))
					}
					return all, nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
