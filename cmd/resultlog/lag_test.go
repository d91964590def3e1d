package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestReadsAreNotReadyUntilTheyAreProjected: /readyz/reads of the whole node goes by the log's true head, red as long as nothing projects, and green once something has.
func TestReadsAreNotReadyUntilTheyAreProjected(t *testing.T) {
	dir := t.TempDir()
	if err := poison(dir); err != nil { // five events, of long ago
		t.Fatal(err)
	}
	command := serveCommand{storeFlags: storeFlags{Data: dir}, Addr: "127.0.0.1:0", OccurredAhead: time.Hour}
	n, err := openNode(t.Context(), &command, testSecret, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.close(); err != nil {
			t.Error(err)
		}
	}()
	get := func() (int, string) {
		rec := httptest.NewRecorder()
		n.server.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/readyz/reads", nil))
		return rec.Code, rec.Body.String()
	}
	if status, told := get(); status != http.StatusServiceUnavailable || !strings.Contains(told, "5 events") || field(told, "code") != "not_ready" {
		t.Errorf("before anything is projected: %d %s", status, told)
	}
	failed := make(chan error, 1)
	runner := launch(n.runner.Run, failed)
	defer runner.stop()
	for deadline := time.Now().Add(time.Minute); ; {
		status, told := get()
		if status == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("still %d %s", status, told)
		}
	}
}
