package soaktest

import (
	"fmt"
	"strings"
	"testing"
	"text/tabwriter"
	"time"
)

// The pauses between two lines of how things are: a twentieth of the whole, but no less and no more than somebody wants who looks on.
const leastPause, mostPause = 2 * time.Second, time.Minute

func tellEvery() time.Duration { return min(max(soaked/20, leastPause), mostPause) }

// tell tells how things are, a line for each node.
func (s *soak) tell(t *testing.T) {
	t.Helper()
	for _, n := range s.nodes {
		latest := n.life().last()
		var line strings.Builder
		fmt.Fprintf(&line, "%s after %s: %d requests, %d acknowledged writes, %d attempts more; process %d of %s:", s.name, time.Since(s.began).Round(time.Second),
			s.load.count.Load(), s.load.acknowledgements(), s.load.retries.Load(), len(n.lives), n.name)
		for _, f := range s.figures() {
			fmt.Fprintf(&line, " %s %s,", f.name, f.show(f.of(latest.shown)))
		}
		t.Log(strings.TrimSuffix(line.String(), ","))
	}
}

// table shows the early and the late floors of all lives.
func (s *soak) table() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s, early and late\tcalm samples\t", s.name)
	for _, f := range s.figures() {
		fmt.Fprintf(w, "%s\t", f.name)
	}
	for _, n := range s.nodes {
		for i, l := range n.lives {
			fmt.Fprintf(w, "\n%s, process %d\t%d of %d, %d of %d\t", n.name, i+1, l.early.calm(), len(l.early), l.late.calm(), len(l.late))
			for _, f := range s.figures() {
				fmt.Fprintf(w, "%s, %s\t", f.show(f.floor(l.early)), f.show(f.floor(l.late)))
			}
		}
	}
	fmt.Fprint(w, "\nmay grow by\t\t")
	for _, f := range s.figures() {
		fmt.Fprintf(w, "%s\t", f.show(f.may))
	}
	fmt.Fprintln(w)
	_ = w.Flush() // a builder takes everything
	fmt.Fprintf(&text, "%d requests in %s, %d acknowledged writes, %d attempts more than requests, %d clients that had to wait outside",
		s.load.count.Load(), time.Since(s.began).Round(time.Second), s.load.acknowledgements(), s.load.retries.Load(), s.load.delayed.Load())
	return text.String()
}
