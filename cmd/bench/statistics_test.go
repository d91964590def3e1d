package main

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMedian(t *testing.T) {
	for _, row := range []struct {
		values []float64
		want   float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 5}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		given := slices.Clone(row.values)
		if got := median(row.values); got != row.want {
			t.Errorf("median(%v) = %v, want %v", row.values, got, row.want)
		}
		if !slices.Equal(given, row.values) {
			t.Errorf("median changed its argument from %v to %v", given, row.values)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("median of nothing = %v, want NaN", got)
	}
}

// As many values lie below the median as above it.
func TestMedianSplitsTheValuesInHalf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 50).Draw(t, "values")
		m, below, above := median(values), 0, 0
		for _, v := range values {
			if v < m {
				below++
			}
			if v > m {
				above++
			}
		}
		if below > len(values)/2 || above > len(values)/2 {
			t.Fatalf("median(%v) = %v: %d below, %d above", values, m, below, above)
		}
	})
}

// The definition, word for word: try every value, smallest first, and count those that it is not exceeded by.
func naivePercentile(sorted []time.Duration, p float64) time.Duration {
	for _, candidate := range sorted {
		notAbove := 0
		for _, d := range sorted {
			if d <= candidate {
				notAbove++
			}
		}
		if float64(notAbove) >= p/100*float64(len(sorted)) {
			return candidate
		}
	}
	return 0
}

func TestPercentileIsTheNaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		durations := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 40), func(n int) time.Duration { return time.Duration(n) }), 0, 200).Draw(t, "durations")
		slices.Sort(durations)
		p := rapid.SampledFrom([]float64{0.1, 25, 50, 90, 99, 99.9, 100}).Draw(t, "p")
		if got, want := percentile(durations, p), naivePercentile(durations, p); got != want {
			t.Fatalf("percentile(%v, %v) = %v, want %v", durations, p, got, want)
		}
	})
}
