package main

import (
	"math"
	"slices"
	"time"
)

// median is the middle of values, or the mean of the two in the middle; NaN if there are none. It leaves values as they are.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// medianOf is that of a figure of those runs that are meant.
func medianOf[R any](runs []R, meant func(R) bool, figure func(R) float64) float64 {
	var values []float64
	for _, r := range runs {
		if meant(r) {
			values = append(values, figure(r))
		}
	}
	return median(values)
}

// percentile is the smallest of the sorted durations that at least p percent of them do not exceed (nearest rank); 0 if there are none.
// No interpolation: it is a latency that a request has really had.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// milliseconds is how latencies are reported.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
