package projections_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"resultlog/core"
	"resultlog/projections/analytics"
)

// What analysts see, and what an export is made of, is what the log says, for every row and column of every view.
func TestViewsSayWhatTheLogSays(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.viewed()
		w.live(rand.New(rand.NewPCG(71, 1)), 120)
		w.full(3)
		w.caughtUp(w.run(w.config(w.tables)))
		history := w.history()
		want := expectedViews(fold(t, history), history)
		for _, v := range analytics.Views() {
			rows := want[v.Name]
			slices.SortFunc(rows, func(a, b map[string]string) int { return cmp.Compare(keyOf(v, a), keyOf(v, b)) })
			if len(rows) < 3 {
				t.Errorf("%s: %d rows are too few to tell anything", v.Name, len(rows))
			}
			for how, got := range map[string][]map[string]string{"shown": w.shown(v), "selected": w.selected(v, analytics.Filter{})} {
				slices.SortFunc(got, func(a, b map[string]string) int { return cmp.Compare(keyOf(v, a), keyOf(v, b)) }) // where NULL stands is the engine's own affair
				if diff := gocmp.Diff(rows, got); diff != "" {
					t.Errorf("%s, as %s (-log +view):\n%s", v.Name, how, diff)
				}
			}
		}
	})
}

func keyOf(v analytics.View, row map[string]string) string {
	var key []string
	for _, name := range v.Order {
		key = append(key, row[name])
	}
	return strings.Join(key, " ")
}

// Times and days are right to the millisecond, from the first year that is accepted to the last, before 1970 as after it.
func TestViewsShowTimesOfAnyYear(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.viewed()
		first, last := core.InstantOf(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), core.InstantOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))-1
		at := []core.Instant{first, first + 1, last, last - 1, -86400_001, -86400_000, -86399_999, -1001, -1000, -999, -1, 0, 1, 999, 86399_999, 86400_000}
		r := rand.New(rand.NewPCG(72, 1))
		for range 200 {
			at = append(at, first+core.Instant(r.Int64N(int64(last-first))), core.Instant(r.Int64N(4_000_000_000_000)-1_000_000_000_000))
		}
		for i, occurred := range at {
			s := w.submission(r, "")
			s.OccurredAt, s.CommerceExternalID, s.SentActivityID, s.Status = occurred, fmt.Sprint(i), core.ID{}, core.ResultPending
			w.do(tenants[0], s)
		}
		w.caughtUp(w.run(w.config(w.tables)))
		results, _ := analytics.Find("results")
		rows := w.shown(results)
		days := map[string]int{}
		for _, row := range rows {
			var i int
			if _, err := fmt.Sscan(row["commerce_external_id"], &i); err != nil {
				t.Fatal(err)
			}
			if row["occurred_at"] != at[i].String() {
				t.Errorf("%d is shown as %s and not %s", at[i], row["occurred_at"], at[i])
			}
			days[at[i].String()[:len(time.DateOnly)]]++
		}
		daily, _ := analytics.Find("result_daily")
		for _, row := range w.shown(daily) {
			var n int
			if _, err := fmt.Sscan(row["results"], &n); err != nil {
				t.Fatal(err)
			}
			days[row["day"]] -= n
		}
		for day, n := range days {
			if n != 0 || len(rows) != len(at) {
				t.Errorf("%s: %+d results, of %d in all", day, n, len(rows))
			}
		}
	})
}

// A Filter takes what is of the tenant and in the stretch of time, whose end is not in it.
func TestSelectTakesWhatIsWanted(t *testing.T) {
	unraced(t)
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.live(rand.New(rand.NewPCG(73, 1)), 60)
		w.clock += 48 * 3600_000
		w.live(rand.New(rand.NewPCG(73, 2)), 60)
		w.caughtUp(w.run(w.config(w.tables)))
		for _, v := range analytics.Views() {
			all := w.selected(v, analytics.Filter{})
			times := make([]string, 0, len(all))
			for _, row := range all {
				times = append(times, row[v.Time])
			}
			slices.Sort(times)
			from, before := instantIn(t, times[len(times)/4]), instantIn(t, times[len(times)*3/4])
			for _, f := range []analytics.Filter{{Tenant: tenants[1]}, {From: &from}, {Before: &before}, {Tenant: tenants[0], From: &from, Before: &before}} {
				var want []map[string]string
				for _, row := range all {
					at := instantIn(t, row[v.Time])
					if (f.Tenant.IsZero() || row["tenant_id"] == f.Tenant.String()) && (f.From == nil || at >= from) && (f.Before == nil || at < before) {
						want = append(want, row)
					}
				}
				if diff := gocmp.Diff(want, w.selected(v, f)); diff != "" {
					t.Errorf("%s of %+v:\n%s", v.Name, f, diff)
				}
			}
		}
	})
}

func instantIn(t *testing.T, text string) core.Instant {
	t.Helper()
	if len(text) == len(time.DateOnly) {
		text += "T00:00:00Z"
	}
	at, err := core.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The questions of docs/analytics.md run as they stand there, on either engine, and are answered as they say.
func TestQuestionsOfTheDocument(t *testing.T) {
	unraced(t)
	text, err := os.ReadFile("../docs/analytics.md")
	if err != nil {
		t.Fatal(err)
	}
	questions := regexp.MustCompile("(?s)### ([^\n]+)\n.*?```sql\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	answers := map[string]string{
		"Outcome rate by operator":     "ana 2 100\nben 3 33.3",
		"First-attempt success":        "CALLCENTER 1 1 100\nSALESMAN 2 1 50",
		"Time from dispatch to result": "CALLCENTER COMPLETED 1 120 120\nSALESMAN COMPLETED 1 60 60\nSALESMAN FAILED 1 600 600",
		"Re-submissions":               "1 3\n2 1\n3 1",
		"Overrides":                    "ben 2 1",
		"Results by day":               "2023-11-14 4 3\n2023-11-15 1 0",
	}
	if len(questions) != len(answers) {
		t.Fatalf("there are %d questions, and %d answers", len(questions), len(answers))
	}
	eachEngine(t, func(t *testing.T, newWorld func(testing.TB) *world) {
		w := newWorld(t)
		w.viewed()
		w.askedAbout()
		w.caughtUp(w.run(w.config(w.tables)))
		for _, q := range questions {
			var lines []string
			for _, row := range w.query(w.inView(strings.ReplaceAll(q[2], "00000000-0000-4000-8000-000000000001", tenants[0].String()))) {
				var words []string
				for _, value := range row {
					words = append(words, answerWord(value))
				}
				lines = append(lines, strings.Join(words, " "))
			}
			if got := strings.Join(lines, "\n"); got != answers[q[1]] {
				t.Errorf("%s is answered\n%s\nand not\n%s", q[1], got, answers[q[1]])
			}
		}
	})
}
