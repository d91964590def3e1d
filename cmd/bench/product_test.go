package main

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"resultlog/core"
)

// answers gives each status once, in order, and the last for ever.
func answers(statuses ...int) (http.HandlerFunc, *int) {
	asked := 0
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(statuses[min(asked, len(statuses)-1)])
		asked++
	}, &asked
}

func TestAskInsistsWhileTheAnswerIs503(t *testing.T) {
	for _, row := range []struct {
		statuses []int
		asked    int
		want     string // in the error; empty: there is none
	}{
		{[]int{200}, 1, ""},
		{[]int{503, 503, 200}, 3, ""},
		{[]int{503, 404}, 2, "404"},
	} {
		handler, asked := answers(row.statuses...)
		clients := clientsOf(t, handler, 1)
		err := ask(t.Context(), clients[0].conn.RemoteAddr().String(), readBack(testToken, core.ID{1}), time.Minute, 0)
		if (err == nil) != (row.want == "") || (err != nil && !strings.Contains(err.Error(), row.want)) || *asked != row.asked {
			t.Errorf("%v: %v after %d requests, want %q after %d", row.statuses, err, *asked, row.want, row.asked)
		}
	}
}

func TestAskGivesUp(t *testing.T) {
	handler, _ := answers(503)
	clients := clientsOf(t, handler, 1)
	if err := ask(t.Context(), clients[0].conn.RemoteAddr().String(), readBack(testToken, core.ID{1}), 20*time.Millisecond, 0); err == nil {
		t.Error("a server that is never ready was taken for ready")
	}
}

// built is the product itself, as the bench builds it, once for all tests.
func built(t *testing.T) product {
	t.Helper()
	p, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// builtIn is where built has built it, for TestMain to remove.
var builtIn string

var builtOnce = sync.OnceValues(func() (p product, err error) {
	credentials, err := newCredentials()
	if err != nil {
		return p, err
	}
	if builtIn, err = os.MkdirTemp("", "bench-"); err != nil {
		return p, err
	}
	return buildProduct(context.Background(), builtIn, credentials)
})

// The product itself, as the bench builds it, the whole way of a run.
func TestMeasureTheProduct(t *testing.T) {
	if testing.Short() {
		t.Skip("builds resultlog")
	}
	product := built(t)
	s := settings{dir: t.TempDir(), token: product.token, length: 100 * time.Millisecond}
	for _, c := range []contender{product.known(), product.batches(), product.standalone()} {
		got, err := s.measure(t.Context(), c, 4, 20_000)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got.Requests < 1 || got.Lag <= 0 {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
