package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"resultlog/core"
)

// limited makes a server with a rate limit.
func limited(limit float64, burst int) func(*Config) {
	return func(c *Config) { c.RateLimit, c.RateBurst = limit, burst }
}

// TestRateLimit is a conversation at half a request a second and three at once: each step says when it comes, and what a client is told.
func TestRateLimit(t *testing.T) {
	w := newWorld(t, limited(0.5, 3))
	for _, step := range []struct {
		sentence string
		after    time.Duration // since the beginning
		status   int
		rate     string
		retry    string
	}{
		{"the burst comes at once", 0, 200, `"credential";r=2;t=2`, ""},
		{"and each answer says what is left", 0, 200, `"credential";r=1;t=4`, ""},
		{"the last of it", 0, 200, `"credential";r=0;t=2`, ""},
		{"429 with Retry-After", 0, 429, `"credential";r=0;t=2`, "2"},
		{"a refusal costs nothing", 0, 429, `"credential";r=0;t=2`, "2"},
		{"seconds are rounded up", 900 * time.Millisecond, 429, `"credential";r=0;t=2`, "2"},
		{"and are at least 1", 1999 * time.Millisecond, 429, `"credential";r=0;t=1`, "1"},
		{"who waits as long is let in", 2 * time.Second, 200, `"credential";r=0;t=2`, ""},
		{"once", 2 * time.Second, 429, `"credential";r=0;t=2`, "2"},
		{"a clock that is set back takes nothing away and gives nothing", time.Second, 429, `"credential";r=0;t=2`, "2"},
		{"what is saved up is no more than the burst", time.Hour, 200, `"credential";r=2;t=2`, ""},
	} {
		w.setClock(noon.Add(step.after))
		r := w.request(http.MethodGet, createPath, "")
		r.Header.Set("Authorization", "Bearer "+signed(t, jwt.SigningMethodHS256, testSecret, good("exp", noon.Add(2*time.Hour).Unix())))
		rec := w.do(r)
		h := rec.Header()
		if rec.Code != step.status || h.Get("RateLimit") != step.rate || h.Get("Retry-After") != step.retry || h.Get("RateLimit-Policy") != `"credential";q=3;w=6` {
			t.Fatalf("%s: status %d, %v", step.sentence, rec.Code, h)
		}
		if step.status != 429 {
			continue
		}
		if p := problemOf(t, rec); p.Code != codeRateLimited || !strings.Contains(p.Message, "nothing was done; retry in "+step.retry+" s") || !strings.Contains(p.Message, "0.5 requests a second, up to 3 at once") {
			t.Errorf("%s: %s", step.sentence, rec.Body)
		}
	}
}

// TestRateLimitOfRoutes: every route that needs a credential is limited, says so, and is described like that; no other is.
func TestRateLimitOfRoutes(t *testing.T) {
	for _, rt := range newWorld(t).server.routes() {
		w := newWorld(t, limited(1, 1), withDocs)
		path := strings.NewReplacer(":id", tenant.String(), ":file", "init.js").Replace(rt.pattern)
		for try := range 3 {
			r := w.request(rt.method, path, "")
			r.Header.Set("Authorization", "Bearer "+w.token("ADMIN"))
			rec := w.do(r)
			if refused := rec.Code == 429; refused != (rt.needs != public && try > 0) {
				t.Errorf("%s %s, request %d: status %d", rt.method, path, try, rec.Code)
			}
			if told := rec.Header().Get("RateLimit") != "" && rec.Header().Get("RateLimit-Policy") != ""; told != (rt.needs != public) {
				t.Errorf("%s %s: %v", rt.method, path, rec.Header())
			}
		}
		if len(w.commands) > 1 {
			t.Errorf("%s %s: %d commands", rt.method, path, len(w.commands))
		}
	}
}

// TestNoRateLimit: it is off unless it is asked for, and then nothing is counted or told.
func TestNoRateLimit(t *testing.T) {
	w := newWorld(t)
	for range 100 {
		if rec := w.do(w.request(http.MethodGet, createPath+"/"+tenant.String(), "")); rec.Code != 404 || rec.Header()["Ratelimit"] != nil || rec.Header()["Ratelimit-Policy"] != nil {
			t.Fatalf("status %d, %v", rec.Code, rec.Header())
		}
	}
}

// TestOrderOfRateLimit: 401 → 400 tenant → 403 → 429 → all the rest; and what is refused before it takes nothing from the credential.
func TestOrderOfRateLimit(t *testing.T) {
	w := newWorld(t, limited(1, 1))
	p, steps := w.wrongInEveryWay(http.MethodPost, submitPath, "VIEWER", "FDE")
	w.walk(t, p, append(steps[:6:6], orderStep{codeUnsupportedMediaType, 415, nil}, orderStep{codeRateLimited, 429, func() { w.setClock(noon.Add(time.Second)) }}, orderStep{codeUnsupportedMediaType, 415, nil}))
}

// TestWhoIsCountedTogether: a bucket is of a subject of an issuer, not of a token: who mints tokens does not escape.
func TestWhoIsCountedTogether(t *testing.T) {
	token := func(changes ...any) string { return signed(t, jwt.SigningMethodHS256, testSecret, good(changes...)) }
	for _, row := range []struct {
		sentence      string
		first, second string
		together      bool
	}{
		{"the same token", token(), token(), true},
		{"a newer token", token(), token("exp", noon.Add(2*time.Hour).Unix(), "jti", "2"), true},
		{"with other roles and tenants", token(), token("roles", []string{"ADMIN"}, "tenantIds", []string{tenant.String(), otherTenant.String()}), true},
		{"of the same issuer", token("iss", "i"), token("iss", "i", "jti", "2"), true},
		{"another subject", token(), token("sub", "t"), false},
		{"another issuer", token("iss", "i"), token("iss", "j"), false},
		{"an issuer and none", token("iss", "i"), token(), false},
		{"an issuer and a subject that read alike", token("iss", "a", "sub", "bc"), token("iss", "ab", "sub", "c"), false},
	} {
		w := newWorld(t, limited(1, 1))
		for i, token := range []string{row.first, row.second} {
			r := w.request(http.MethodGet, createPath, "")
			r.Header.Set("Authorization", "Bearer "+token)
			if rec := w.do(r); (rec.Code == 429) != (row.together && i == 1) {
				t.Errorf("%s: status %d", row.sentence, rec.Code)
			}
		}
	}
}

// limiterOf makes a limiter with a clock that is moved by hand.
func limiterOf(limit float64, burst int) (l *limiter, pass func(time.Duration)) {
	now := noon
	return newLimiter(limit, burst, func() time.Time { return now }), func(d time.Duration) { now = now.Add(d) }
}

// TestBatchesAreCharged: what a request carries is put on the bill, in full and whatever the burst; what follows waits until it is paid, and others do not.
func TestBatchesAreCharged(t *testing.T) {
	l, pass := limiterOf(10, 7)
	l.take("a")
	if got := l.charge("a", 499); got.remaining != 0 || got.seconds() != 50 { // 500 of 7 are taken, 493 owed, and one more is needed: 49.4 s
		t.Errorf("after 500: %+v", got)
	}
	pass(49300 * time.Millisecond)
	if now, ok := l.take("a"); ok {
		t.Errorf("it was let in with the debt unpaid: %+v", now)
	}
	pass(100 * time.Millisecond)
	if now, ok := l.take("a"); !ok {
		t.Errorf("it was not let in with the debt paid: %+v", now)
	}
	if _, ok := l.take("b"); !ok {
		t.Error("another credential paid for it")
	}
	if got := l.charge("b", 0); got.remaining != 6 {
		t.Errorf("charging nothing took something: %+v", got)
	}
}

// TestBatchesAreNoWayAround: who sends batches as fast as they are taken has sent no more in a day than who sends their items one by one, but for what one burst carries.
func TestBatchesAreNoWayAround(t *testing.T) {
	const items, limit, burst, day = 500, 10, 20, 24 * 60 * 60
	l, pass := limiterOf(limit, burst)
	sent := 0
	for range day {
		for {
			if _, ok := l.take("a"); !ok {
				break
			}
			l.charge("a", items-1)
			sent += items
		}
		pass(time.Second)
	}
	if most := limit*day + burst + items; sent > most || sent < limit*day-items {
		t.Errorf("%d items in a day, of %d", sent, limit*day)
	}
}

// TestChargeRate: what is charged while a request is answered shows in its own header fields.
func TestChargeRate(t *testing.T) {
	for _, row := range []struct {
		config func(*Config)
		want   string
	}{{limited(1, 5), `"credential";r=0;t=6`}, {func(*Config) {}, ""}} {
		w := newWorld(t, row.config)
		rec := httptest.NewRecorder()
		x := &exchange{ResponseWriter: rec}
		if err := w.server.limitRate(x, &caller{counted: "a"}); err != nil {
			t.Fatal(err)
		}
		w.server.chargeRate(x, 9)
		if got := rec.Header().Get("RateLimit"); got != row.want {
			t.Errorf("RateLimit %q, want %q", got, row.want)
		}
	}
}

// TestBuckets: there are never more than the bound; those that are full again go first, and if nearly all are busy, all go.
func TestBuckets(t *testing.T) {
	l, pass := limiterOf(1, 2)
	fill := func(name string, n int) {
		for i := range n {
			l.take(fmt.Sprint(name, i))
			if len(l.buckets) > maxBuckets {
				t.Fatalf("%d buckets", len(l.buckets))
			}
		}
	}
	l.charge("owing", 100)
	fill("idle", maxBuckets-2)
	pass(time.Second)
	l.take("busy")
	l.take("busy")
	l.take("new")
	if len(l.buckets) != 3 {
		t.Errorf("%d buckets are left, of which one owes, one is busy and one is new", len(l.buckets))
	}
	for _, key := range []string{"owing", "busy"} {
		if _, ok := l.take(key); ok {
			t.Errorf("the bucket %s was dropped though it is not full", key)
		}
	}
	fill("more", maxBuckets)
	if n := len(l.buckets); n > maxBuckets/2 {
		t.Errorf("%d buckets are left, though all were busy", n)
	}
	if _, ok := l.take("owing"); !ok {
		t.Error("a debt outlived the room for it")
	}
}

// TestRateLimitOfMany: however many ask at once, a burst lets in as many as it has.
func TestRateLimitOfMany(t *testing.T) {
	l, _ := limiterOf(1, 100)
	var admitted atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if _, ok := l.take("a"); ok {
					admitted.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := admitted.Load(); n != 100 {
		t.Errorf("%d were admitted", n)
	}
}

// TestRatePolicies has a row for each way to say a limit.
func TestRatePolicies(t *testing.T) {
	for _, row := range []struct {
		limit  float64
		burst  int
		policy string // empty: it is refused
	}{
		{10, 0, `"credential";q=10;w=1`},
		{10, 50, `"credential";q=50;w=5`},
		{2.5, 0, `"credential";q=3;w=2`},
		{0.1, 0, `"credential";q=1;w=10`},
		{MinRateLimit, MaxRateBurst, `"credential";q=1000000;w=1000000000`},
		{MaxRateLimit, 1, `"credential";q=1;w=1`},
		{-1, 0, ""}, {0.0001, 0, ""}, {MaxRateLimit + 1, 0, ""}, {math.NaN(), 0, ""}, {math.Inf(1), 0, ""}, {1, -1, ""}, {1, MaxRateBurst + 1, ""}, {0, 5, ""},
	} {
		w := newWorld(t)
		c := w.server.Config
		c.RateLimit, c.RateBurst = row.limit, row.burst
		s, err := New(c)
		switch {
		case row.policy == "" && err == nil:
			t.Errorf("%v, burst %d: was taken", row.limit, row.burst)
		case row.policy != "" && (err != nil || s.limiter.policy[0] != row.policy):
			t.Errorf("%v, burst %d: %v, want %s", row.limit, row.burst, err, row.policy)
		}
	}
}

// TestFarDebts: a debt of centuries is still told as a number of seconds that is not negative.
func TestFarDebts(t *testing.T) {
	l, _ := limiterOf(MinRateLimit, MaxRateBurst)
	if got := l.charge("a", math.MaxInt32); got.seconds() <= 0 || got.remaining != 0 {
		t.Errorf("%+v", got)
	}
}

// BenchmarkAdmit is what stands before a handler, of a token that is remembered: without a rate limit, and with one.
func BenchmarkAdmit(b *testing.B) {
	for _, row := range []struct {
		name string
		with func(*Config)
	}{{"unlimited", func(*Config) {}}, {"limited", limited(MaxRateLimit, 0)}} {
		b.Run(row.name, func(b *testing.B) {
			w := newWorld(b, row.with, func(c *Config) { c.Now = time.Now; c.NewID = func() core.ID { return core.ID{} } })
			r := w.request(http.MethodGet, createPath, "")
			token, err := MintToken(testSecret, "someone", []string{"FDE"}, []core.ID{tenant}, time.Hour, time.Now())
			if err != nil {
				b.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+token)
			x := &exchange{ResponseWriter: &blackhole{header: http.Header{}}, request: r}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.server.admit(x, route{needs: core.ViewActivities}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
