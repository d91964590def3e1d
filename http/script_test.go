package httpapi

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
)

// TestScripts runs the scripts of testdata/scripts: each against a fresh server over the real machine, and each answer is compared whole. README.md there says how to read them;
// go test ./http -run TestScripts -rewrite writes them anew.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/scripts/*.http")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(want))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("-in the script +answered:\n%s", diff)
			}
		})
	}
}

const (
	stepMark   = "### "
	answerMark = "<<< "
	clockMark  = "@now "
	claimMark  = "@audience "
)

// runScript gives the script with the answers that came.
func runScript(t *testing.T, script string) string {
	w := newWorld(t)
	parts := strings.Split("\n"+script, "\n"+stepMark)
	out := parts[0][min(1, len(parts[0])):]
	for i, part := range parts[1:] {
		request, _, _ := strings.Cut(part, "\n"+answerMark)
		if i > 0 || out != "" {
			out += "\n"
		}
		out += stepMark + strings.TrimRight(request, "\n") + "\n\n" + strings.TrimRight(w.step(request), "\n") + "\n"
	}
	return out
}

// step sends the request of one step and shows its answer.
func (w *world) step(text string) string {
	_, text, _ = strings.Cut(text, "\n") // its title
	for strings.HasPrefix(text, "@") {
		line, rest, _ := strings.Cut(text, "\n")
		w.set(line)
		text = rest
	}
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	r := httptest.NewRequest(method, target, strings.NewReader(strings.TrimRight(body, "\n")))
	for _, line := range lines[1:] {
		if name, value, ok := strings.Cut(line, ": "); ok {
			r.Header.Add(name, w.expand(value))
		}
	}
	return leafLine.ReplaceAllString(w.concealed(showAnswer(w.do(r))), "Resultlog-Leaf: {leaf}")
}

// leafLine is other each time, since what is personal is salted.
var leafLine = regexp.MustCompile(`Resultlog-Leaf: [0-9a-f]{64}`)

// set does what a line before a step's request says.
func (w *world) set(line string) {
	var err error
	if audience, ok := strings.CutPrefix(line, claimMark); ok {
		c := w.server.Config
		c.Audience = audience
		w.server.verifier, err = newVerifier(c)
	} else {
		var now time.Time
		now, err = time.Parse(time.RFC3339Nano, strings.TrimPrefix(line, clockMark))
		w.setClock(now)
	}
	if err != nil {
		w.t.Fatalf("%s: %v", line, err)
	}
}

// expand replaces {FDE} and the like by a token of that role, {tenant} by the tenant that those tokens are for, {key 1} by the first API key that was issued, and the name of a token that
// is no good by that.
func (w *world) expand(text string) string {
	for i, key := range w.texts {
		text = strings.ReplaceAll(text, fmt.Sprintf("{key %d}", i+1), key)
	}
	for name, token := range w.badTokens() {
		text = strings.ReplaceAll(text, "{"+name+"}", token)
	}
	for _, role := range roles {
		text = strings.ReplaceAll(text, "{"+role.name+"}", w.token(role.name))
	}
	text = strings.ReplaceAll(text, "{tenant}", tenant.String())
	return strings.ReplaceAll(text, "{other tenant}", otherTenant.String())
}

// concealed puts names for what is at random in an answer: the texts of API keys, and how they begin.
func (w *world) concealed(answer string) string {
	for i, key := range w.texts {
		answer = strings.ReplaceAll(answer, key, fmt.Sprintf("{key %d}", i+1))
		answer = strings.ReplaceAll(answer, key[:len(keyMark)+keyShown], fmt.Sprintf("{prefix of key %d}", i+1))
	}
	return answer
}

// everybodysKey is a public key of RFC 8037, as PEM: everybody may know it, so that nothing that is signed with its text proves anything.
const everybodysKey = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n"

// badTokens are tokens that must be refused, each wrong in the way that its name says.
func (w *world) badTokens() map[string]string {
	hs := func(secret []byte, changes ...any) string {
		return signed(w.t, jwt.SigningMethodHS256, secret, good(changes...))
	}
	return map[string]string{
		"a token without a signature":      signed(w.t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good("roles", []string{superAdmin})),
		"a token signed with a public key": hs([]byte(everybodysKey), "roles", []string{superAdmin}),
		"an expired token":                 hs(testSecret, "exp", w.clock().Add(-tokenLeeway).Unix()),
		"a token that is not valid yet":    hs(testSecret, "nbf", w.clock().Add(tokenLeeway+time.Second).Unix()),
		"a token without an end":           hs(testSecret, "exp", nil),
		"a token without a role":           hs(testSecret, "roles", []string{}),
		"a token for another service":      hs(testSecret, "aud", "billing"),
	}
}

func showAnswer(rec *httptest.ResponseRecorder) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%d %s\n", answerMark, rec.Code, http.StatusText(rec.Code))
	names := []string{}
	for name := range rec.Header() {
		if name != "Content-Length" && !slices.Contains(guardNames(), name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(rec.Header()[name], ", "))
	}
	fmt.Fprintf(&b, "\n%s", rec.Body)
	return b.String()
}
