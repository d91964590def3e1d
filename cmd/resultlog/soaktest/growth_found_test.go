package soaktest

import (
	"strings"
	"testing"
	"time"
)

// values is a window, a letter for each second of it: a digit is what is shown, z is 35, n is nothing; and capital letters are at moments that are not calm, A is 10.
func values(began time.Duration, text string) (w window) {
	for i, letter := range text {
		s := scrape{}
		if letter != 'n' {
			s["heap"] = float64(strings.IndexRune("0123456789abcdefghijklmnopqrstuvwxyz", []rune(strings.ToLower(string(letter)))[0]))
		}
		w = append(w, sample{began + time.Duration(i)*time.Second, s, letter < 'A' || letter > 'Z'})
	}
	return w
}

func TestWhatHasGrownIsFound(t *testing.T) {
	plain := figure{name: "heap", may: 2, most: 20, look: "there", of: shown("heap")}
	hurried := plain
	hurried.hurried = true
	for name, row := range map[string]struct {
		figure
		early, late string
		want        string // what is said; "": nothing is
	}{
		"a saw upon a level floor does not grow":          {plain, "39475", "85937", ""},
		"a floor may rise by what is allowed":             {plain, "39475", "85957", ""},
		"a floor that rises by more has grown":            {plain, "39475", "87697", "heap grew from 3 (the least at an age of 10s to 14s) to 6 (40s to 44s), by more than 2: look there"},
		"a floor that falls has not grown":                {plain, "99999", "11111", ""},
		"a single peak is found that is above the most":   {plain, "33z33", "33333", "heap came to 35, and may never be above 20: look there"},
		"what cannot be told at times is left out":        {plain, "nn3n9", "nn4nn", ""},
		"of what is never told nothing is said":           {plain, "nnnnn", "99999", ""},
		"what is shown while clients wait does not count": {plain, "3BBBB", "BBBB4", ""},
		"nor is it taken for a floor":                     {plain, "9AAAA", "cAAAA", "heap grew from 9 (the least at an age of 10s to 14s) to 12 (40s to 44s), by more than 2: look there"},
		"unless the figure is one that makes them wait":   {hurried, "AAAAA", "DDDDD", "heap grew from 10 (the least at an age of 10s to 14s) to 13 (40s to 44s), by more than 2: look there"},
	} {
		early, late := values(10*time.Second, row.early), values(40*time.Second, row.late)
		if got := row.grown(early, late) + row.exceeded(early); got != row.want {
			t.Errorf("%s: %q; want %q", name, got, row.want)
		}
	}
}

func TestWhatIsAgelessIsHeldAgainstTheFirstProcess(t *testing.T) {
	f := figure{name: "heap", may: 2, of: shown("heap")}
	first, later := values(0, "33333"), values(0, "66666")
	if got := f.aged(first, later); got != "" {
		t.Errorf("%q, of a figure that may differ", got)
	}
	f.ageless = true
	if got := f.aged(first, later); !strings.HasPrefix(got, "since the first process, heap grew from 3 ") {
		t.Errorf("%q, of one that may not", got)
	}
	if f.isShown(values(0, "nnn")) || !f.isShown(values(0, "nnA")) {
		t.Error("what is shown only once, or never, is taken for the other")
	}
}
