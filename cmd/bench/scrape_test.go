package main

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestScrape(t *testing.T) {
	const text = "# HELP a_total Of a.\n# TYPE a_total counter\na_total 12\na_total_more 13\nb{kind=\"x\"} 4\nc NaN\nd 1.5e+03\n"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
	defer server.Close()
	addr := server.Listener.Addr().String()
	found, err := scrape(t.Context(), addr, "a_total", "d")
	if err != nil || len(found) != 2 || found["a_total"] != 12 || found["d"] != 1500 {
		t.Errorf("%v, %v", found, err)
	}
	for _, name := range []string{"b", "c", "e"} { // with a label, not told just now, not there
		if _, err := scrape(t.Context(), addr, "d", name); err == nil || !strings.Contains(err.Error(), "does not tell "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What breaks off may lack more than what was asked for.
func TestScrapeRefusesAnAnswerThatBreaksOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "d 1\n")
	}))
	defer server.Close()
	if found, err := scrape(t.Context(), server.Listener.Addr().String(), "d"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v, %v", found, err)
	}
}

func TestSampler(t *testing.T) {
	seen, value := make(chan struct{}), 0.0
	s := startSampler(time.Nanosecond, func() (float64, error) {
		if value++; value == 3 {
			close(seen)
		}
		return value, nil
	})
	<-seen
	values, err := s.stop()
	if err != nil || len(values) < 3 || values[0] != 1 || values[2] != 3 {
		t.Errorf("%v, %v", values, err)
	}
	blind := errors.New("blind")
	if _, err := startSampler(time.Nanosecond, func() (float64, error) { return 0, blind }).stop(); !errors.Is(err, blind) {
		t.Errorf("%v, want %v", err, blind)
	}
}
