package observetest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lexeme is one of PromQL, as far as the dashboard and the rules use it, or a variable of Grafana; also what stands between two, and comments.
var lexeme = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`" + `|\$\w+|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9a-zA-Z.]*|#.*|\s+|=~|!~|==|!=|<=|>=|.`)

// lexemes takes an expression apart.
func lexemes(expression string) (all []string) {
	for _, one := range lexeme.FindAllString(expression, -1) {
		if strings.TrimSpace(one) != "" && one[0] != '#' {
			all = append(all, one)
		}
	}
	return all
}

var (
	// operators are the words that stand between two operands, or tell of one.
	operators = []string{"and", "or", "unless", "bool", "offset", "atan2"}

	// groupings are followed by names of labels.
	groupings = []string{"by", "without", "on", "ignoring", "group_left", "group_right"}

	comparisons = []string{"==", "!=", "<", ">", "<=", ">="}
)

// selectors gives those of an expression: a metric's name, and its matchers if it has any.
func selectors(expression string) (all []string) {
	words := append(lexemes(expression), "") // so that each has one that follows
	for i := 0; i < len(words)-1; i++ {
		switch word, next := words[i], words[i+1]; {
		case slices.Contains(groupings, word) && next == "(":
			i = place(words, i, ")")
		case !isName(word), slices.Contains(operators, word), slices.Contains(groupings, word), next == "(", next == "by", next == "without": // the last three: of a function, or an aggregation
		case next == "{":
			end := place(words, i, "}")
			all = append(all, strings.Join(words[i:end+1], ""))
			i = end
		default:
			all = append(all, word)
		}
	}
	return all
}

// place is where a word stands next; the end, if it does not.
func place(words []string, from int, word string) int {
	if after := slices.Index(words[from:], word); after >= 0 {
		return from + after
	}
	return len(words) - 1
}

// isName reports whether a lexeme is a word or a metric's name.
func isName(word string) bool { return regexp.MustCompile(`^[a-zA-Z_:]`).MatchString(word) }

// metricOf is the name in a selector.
func metricOf(selector string) string {
	name, _, _ := strings.Cut(selector, "{")
	return name
}

// loosened is the expression of an alert that returns data even while the alert does not fire: a comparison tells whether it holds in place of dropping what it does not hold for, and nothing
// is asked to be absent.
func loosened(alert string) string {
	var words []string
	matching := false // within { and }, where a comparison is another thing
	for _, word := range lexemes(alert) {
		if matching = word == "{" || matching && word != "}"; word == "absent" {
			continue
		}
		words = append(words, word)
		if !matching && slices.Contains(comparisons, word) {
			words = append(words, "bool")
		}
	}
	return strings.Join(words, " ")
}

func TestSelectorsOfAnExpression(t *testing.T) {
	for expression, want := range map[string][]string{
		"a":             {"a"},
		"1 - 0.5 > 14.": nil,
		"a + b{}":       {"a", "b{}"},
		`sum by (x, y) (rate(job:a_total:rate5m{x=~"a|}|by (b)", y!='c'}[5m] offset 1h)) / on (x) group_left (y) b`: {`job:a_total:rate5m{x=~"a|}|by (b)",y!='c'}`, "b"},
		"sum(a) without (x) == bool 1 and absent(b) or c unless d # or e\n + f":                                     {"a", "b", "c", "d", "f"},
		"a * on (x) group_right () b{y=`\\`}":                                                                       {"a", "b{y=`\\`}"},
		`time() - max(a > 0) or scalar(b)`:                                                                          {"a", "b"},
	} {
		if diff := cmp.Diff(want, selectors(expression)); diff != "" {
			t.Errorf("%s: %s", expression, diff)
		}
	}
}

func TestLoosenedAlertsTellWhetherTheyHold(t *testing.T) {
	for alert, want := range map[string]string{
		`a > 2 or b{x!="y"} != c`:      `a > bool 2 or b { x != "y" } != bool c`,
		`absent(up{job="x"} == 1)`:     `( up { job = "x" } == bool 1 )`,
		`rate(a[5m]) <= 0 and b >= 14`: `rate ( a [ 5m ] ) <= bool 0 and b >= bool 14`,
	} {
		if got := loosened(alert); got != want {
			t.Errorf("%s: %s; want %s", alert, got, want)
		}
	}
}
