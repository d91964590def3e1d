package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// The product itself: both tenants are let in, and every one of their results is kept.
func TestTenantsAreMeasured(t *testing.T) {
	if testing.Short() {
		t.Skip("builds resultlog")
	}
	credentials, err := newCredentials()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	product, err := buildProduct(t.Context(), dir, credentials)
	if err != nil {
		t.Fatal(err)
	}
	s := settings{dir: dir, length: 100 * time.Millisecond}
	got, err := s.measureTenants(t.Context(), product, 32)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]run{"alone": got.Alone, "beside": got.Beside, "flood": got.Flood} {
		if r.Requests < 1 || r.Rate <= 0 || r.P50 <= 0 || r.P99 < r.P50 || r.Contender != standaloneName {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if got.Alone.Clients != quietClients || got.Beside.Clients != quietClients || got.Flood.Clients != 32 {
		t.Errorf("%d, %d and %d clients", got.Alone.Clients, got.Beside.Clients, got.Flood.Clients)
	}
	if got.Flood.Requests < 32 || got.Flood.Lag <= 0 {
		t.Errorf("no flood: %+v beside %+v", got.Flood, got.Beside)
	}
}

// Each tenant has its own token, its own requests and its own numbers, and the two send at the same time.
func TestTenantsSendTogether(t *testing.T) {
	met := newMeeting(2)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tenant := r.Header.Get("X-Tenant-Id")
		if r.Header.Get("Authorization") != "Bearer token of "+tenant {
			http.Error(w, "whose token is this?", http.StatusForbidden)
			return
		}
		io.Copy(io.Discard, r.Body) // from then on the server notices a client that goes away
		met.come(r.Context(), tenant)
		w.Header().Set("X-Request-Id", "r1")
		w.WriteHeader(http.StatusCreated)
		w.Write([]byte(`{"id":"770e8400-e29b-41d4-a716-446655440000"}`))
	})
	at := place{addrs: []string{clientsOf(t, handler, 1)[0].conn.RemoteAddr().String()}}
	var s settings
	tenantOf := func(tenant string, c contender, clients int) tenantLoad {
		l, err := s.connectTenant("token of "+tenant, c, at, clients)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(l.clients.close)
		l.next = numbers(3)
		return l
	}
	quiet, flood := tenantOf(quietTenantText, contender{request: quietSubmission}, 1), tenantOf(tenantText, contender{}, 1)
	ofQuiet, ofFlood, ids, err := together(t.Context(), at, quiet, flood, time.Second)
	if err != nil || ofQuiet.Requests != 3 || ofFlood.Requests != 3 || len(ids) != 6 {
		t.Errorf("%d and %d requests, %d ids, %v", ofQuiet.Requests, ofFlood.Requests, len(ids), err)
	}

	quiet.token = "another"
	quiet.next, flood.next = numbers(1), numbers(1)
	if _, _, _, err := together(t.Context(), at, quiet, flood, time.Second); err == nil || !strings.Contains(err.Error(), "answered 403") {
		t.Errorf("one tenant was refused: %v", err)
	}
}

// meeting keeps whoever comes until so many different ones have.
type meeting struct {
	mu      sync.Mutex
	missing int
	came    map[string]bool
	all     chan struct{}
}

func newMeeting(size int) *meeting {
	return &meeting{missing: size, came: map[string]bool{}, all: make(chan struct{})}
}

// come returns when all are there, or when whoever came has gone away.
func (m *meeting) come(ctx context.Context, who string) {
	m.mu.Lock()
	if !m.came[who] {
		m.came[who] = true
		if m.missing--; m.missing == 0 {
			close(m.all)
		}
	}
	m.mu.Unlock()
	select {
	case <-m.all:
	case <-ctx.Done():
	}
}

// flooded has three rounds: the quiet tenant's p99 is 0.5, 0.8 and 1.5 of the flooding one's.
var flooded = tenantRuns{
	{Round: 1, Alone: run{Rate: 4000, P50: 1, P99: 2}, Beside: run{Rate: 100, P50: 20, P99: 50}, Flood: run{Rate: 12_000, P50: 60, P99: 100}},
	{Round: 2, Alone: run{Rate: 3000, P50: 1, P99: 4}, Beside: run{Rate: 90, P50: 30, P99: 80}, Flood: run{Rate: 11_000, P50: 60, P99: 100}},
	{Round: 3, Alone: run{Rate: 2000, P50: 1, P99: 5}, Beside: run{Rate: 80, P50: 40, P99: 150}, Flood: run{Rate: 10_000, P50: 60, P99: 100}},
}

func TestReportOfTenants(t *testing.T) {
	var out strings.Builder
	flooded.write(&out)
	for _, line := range []string{
		"| a quiet tenant (4 clients) beside a flooding one (768) | 201s a second | p50 in ms | p99 in ms |\n",
		"| quiet, nothing else running | 3000 | 1.00 | 4.00 |\n",
		"| quiet, beside the flood | 90 | 30.00 | 80.00 |\n",
		"| flooding | 11.0 k | 60.00 | 100.00 |\n",
		"| ratio: quiet, beside the flood / nothing else running | | 30.00 | 25.00 |\n",
		"| ratio: quiet, beside the flood / flooding | | 0.50 | 0.80 |\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("the report lacks %q:\n%s", line, out.String())
		}
	}
	out.Reset()
	if tenantRuns(nil).write(&out); out.Len() > 0 {
		t.Errorf("of nothing: %s", out.String())
	}
}

// The quiet tenant's submission is the other's in all but the tenant.
func TestQuietSubmissionIsOfTheQuietTenant(t *testing.T) {
	quiet, other := quietSubmission(testToken), submission(testToken)
	request, fields := parse(t, quiet.fill(7))
	if request.Header.Get("X-Tenant-Id") != quietTenantText || fields["provider_activity_id"] != "ext-000000000007" || len(quiet.text) != len(other.text) {
		t.Errorf("%v %v", request.Header, fields)
	}
}

// A report of one part has that part's table and no other's.
func TestReportOfTenantsOnly(t *testing.T) {
	r := report{Tenants: flooded, Clients: []int{64}}
	var out strings.Builder
	r.write(&out)
	if !strings.Contains(out.String(), "| flooding | 11.0 k |") || strings.Contains(out.String(), "by clients") || strings.Contains(out.String(), "target") {
		t.Errorf("%s", out.String())
	}
}
