package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestRefusalsReachWhoWritesFirst: many clients send all of a request before they read; they are told why it is refused, and do not find the connection broken.
func TestRefusalsReachWhoWritesFirst(t *testing.T) {
	busy := func(w *world) string {
		for range MaxBatches / 2 {
			mustTake(t, w.server.batches, tenant)
		}
		return w.token("FDE")
	}
	for _, row := range []struct {
		name  string
		path  string
		size  int
		token func(w *world) string
		want  int
	}{
		{"the largest batch", batchPath, MaxBatchBody, func(w *world) string { return w.token("FDE") }, http.StatusMultiStatus},
		{"a batch that is too large", batchPath, MaxBatchBody + 1, func(w *world) string { return w.token("FDE") }, http.StatusRequestEntityTooLarge},
		{"no place for it", batchPath, 8 << 20, busy, http.StatusServiceUnavailable},
		{"no good token", batchPath, 8 << 20, func(*world) string { return "none" }, http.StatusUnauthorized},
		{"no permission", batchPath, 8 << 20, func(w *world) string { return w.token("VIEWER") }, http.StatusForbidden},
		{"a single submission that is too large", submitPath, 8 << 20, func(w *world) string { return w.token("FDE") }, http.StatusRequestEntityTooLarge},
		{"no such path", "/api/nothing", 8 << 20, func(w *world) string { return w.token("FDE") }, http.StatusNotFound},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.serve(t)
			body := array(minimal)
			if got := writeFirst(t, w, row.path, row.token(w), body+strings.Repeat(" ", row.size-len(body))); got != row.want {
				t.Errorf("status %d, want %d", got, row.want)
			}
		})
	}
}

// writeFirst sends a whole request, and only then reads the answer.
func writeFirst(t *testing.T, w *world, path, token, body string) (status int) {
	t.Helper()
	conn, err := net.Dial("tcp", w.server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(BodyTimeout)); err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nX-Tenant-Id: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", path, token, tenant, len(body))
	if _, err := io.WriteString(conn, head+body); err != nil {
		t.Fatalf("while sending: %v", err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("while reading: %v", err)
	}
	bodyOf(t, answer)
	return answer.StatusCode
}
