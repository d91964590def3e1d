package soaktest

import (
	"fmt"
	"math"
	"slices"
)

// floor is the least that a window shows of a figure, which the saw of garbage collections and the moment's requests stand upon: at its calm moments, unless the figure is hurried. NaN if it shows none.
func (f figure) floor(w window) float64 {
	least := math.NaN()
	for _, s := range w {
		if value := f.of(s.shown); (s.calm || f.hurried) && (math.IsNaN(least) || value < least) {
			least = value
		}
	}
	return least
}

// peak is the most that a window shows; 0 if it shows none.
func (f figure) peak(w window) (most float64) {
	for _, s := range w {
		if value := f.of(s.shown); value > most {
			most = value
		}
	}
	return most
}

// isShown reports whether a window shows the figure at all.
func (f figure) isShown(w window) bool {
	return slices.ContainsFunc(w, func(s sample) bool { return !math.IsNaN(f.of(s.shown)) })
}

// grown says how a figure went from one window to another; "" if it has not grown, or by no more than it may.
func (f figure) grown(from, to window) string {
	before, after := f.floor(from), f.floor(to)
	if !(after-before > f.may) { // the one or the other may be none
		return ""
	}
	return fmt.Sprintf("%s grew from %s (the least at an age of %s) to %s (%s), by more than %s: look %s", f.name, f.show(before), from.ages(), f.show(after), to.ages(), f.show(f.may), f.look)
}

// aged says by how much a process had more of a figure than an earlier one when it was as old; "" if it had not, or if that is no matter.
func (f figure) aged(first, later window) string {
	wrong := f.grown(first, later)
	if !f.ageless || wrong == "" {
		return ""
	}
	return "since the first process, " + wrong
}

// exceeded says where a figure was above the most that it may be; "" if it was not.
func (f figure) exceeded(w window) string {
	if peak := f.peak(w); f.most > 0 && peak > f.most {
		return fmt.Sprintf("%s came to %s, and may never be above %s: look %s", f.name, f.show(peak), f.show(f.most), f.look)
	}
	return ""
}

// show is a value of the figure, for people.
func (f figure) show(value float64) string {
	switch {
	case math.IsNaN(value):
		return "-"
	case f.bytes:
		return fmt.Sprintf("%.1f MB", value/megabyte)
	default:
		return fmt.Sprintf("%.0f", value)
	}
}
