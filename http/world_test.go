package httpapi

import (
	"cmp"
	"context"
	"encoding/binary"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"resultlog/core"
)

// world is what stands behind the server in these tests: the real machine, a log in a slice, and read tables that are folded from it at every read.
type world struct {
	t      testing.TB
	server *Server
	now    atomic.Pointer[time.Time]
	minted atomic.Uint64

	mu       sync.Mutex
	machine  *core.Machine
	log      []core.Recorded
	commands []core.Command
	texts    []string      // of the API keys that were issued
	looked   int           // how often a key was looked for
	waited   int           // how often the barrier was asked
	emptied  int           // how many of the reads to come find the tables emptied
	reached  core.Position // how far the tables have come; 0: to the head
	walked   int           // how often the log was
	bells    map[chan struct{}]core.ID

	submitFails  error // what Submit gives instead of deciding
	shut         error // what SubmitAll gives instead of letting anything in
	barrierFails error
	keysFail     error
	readFails    error
	proofFails   error
	historyFails error
	onSubmit     func(context.Context) // called first thing in Submit
	undescribed  bool                  // what is answered stands in no document, since what fails here never fails like that
}

var (
	tenant      = core.ID{0: 0xaa, 15: 1}
	otherTenant = core.ID{0: 0xbb, 15: 2}
	noon        = time.Date(2025, 1, 16, 14, 30, 5, 0, time.UTC)
	testSecret  = []byte("a secret of the tests, of 32 bytes and more")
)

// newWorld makes a server whose clock stands at noon and whose ids count up.
func newWorld(t testing.TB, change ...func(*Config)) *world {
	w := &world{t: t, machine: core.NewMachine()}
	w.now.Store(&noon)
	c := Config{Addr: "127.0.0.1:0", Secret: testSecret, Submitter: w, Reader: w, Barrier: w, History: w, Past: pastWorld{w}, Watcher: w, APIKeys: w, Proofs: w, Now: w.clock, NewID: w.mint}
	for _, f := range change {
		f(&c)
	}
	var err error
	if w.server, err = New(c); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) clock() time.Time     { return *w.now.Load() }
func (w *world) setClock(t time.Time) { w.now.Store(&t) }

// mint gives ids that count up, four apart like the ids of events.
func (w *world) mint() core.ID {
	id := core.ID{6: 0x70, 8: 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(w.minted.Add(1)*16))
	return id
}

func (w *world) Submit(ctx context.Context, c core.Command) (core.Receipt, error) {
	if w.onSubmit != nil {
		w.onSubmit(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.commands = append(w.commands, c)
	if w.submitFails != nil {
		return core.Receipt{}, w.submitFails
	}
	c.At = core.InstantOf(w.clock())
	receipt, err := w.machine.Step(c)
	w.log = append(w.log, w.machine.Pending()...)
	w.machine.Commit()
	w.ring(c.Tenant)
	if receipt.Replayed > 0 {
		return w.recall(c, receipt.Replayed)
	}
	return receipt, err
}

// SubmitAll decides one after the other, if it lets them in.
func (w *world) SubmitAll(ctx context.Context, commands []core.Command) ([]core.Outcome, error) {
	if w.shut != nil {
		return nil, w.shut
	}
	outcomes := make([]core.Outcome, len(commands))
	for i, c := range commands {
		outcomes[i].Receipt, outcomes[i].Err = w.Submit(ctx, c)
	}
	return outcomes, nil
}

// recall does as dully as it can what a real submitter does with a key that was used before.
func (w *world) recall(c core.Command, position core.Position) (core.Receipt, error) {
	end := position
	for int(end) < len(w.log) && w.log[end].Metadata.CausationID == w.log[end-1].EventID {
		end++
	}
	if w.log[position-1].Metadata.Body != c.Metadata.Body {
		return core.Receipt{}, &core.Error{
			Code:    core.CodeKeyReused,
			Message: "this Idempotency-Key was used before, with another body: send the same body to have the first answer again, or a new key for a new request",
		}
	}
	return core.Receipt{Events: w.log[position-1 : end], Replayed: position}, nil
}

// ReadStream implements History.
func (w *world) ReadStream(_ context.Context, stream core.Stream, after core.Version) iter.Seq2[core.Recorded, error] {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := slices.Clone(w.log)
	return func(yield func(core.Recorded, error) bool) {
		for _, r := range log {
			if r.Stream == stream && r.Version > after && !yield(r, w.readFails) {
				return
			}
		}
	}
}

func (w *world) Wait(ctx context.Context) (core.Position, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waited++
	return w.machine.Head(), w.barrierFails
}

// tables are not what a read needs while they are emptied, or behind; a read that skips the barrier needs nothing, as a rule.
func (w *world) tables(after core.Position) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.reached > 0 && after > w.reached {
		return &core.Error{Code: core.CodeReadsBehind}
	}
	if after > 0 && w.emptied > 0 {
		w.emptied--
		return &core.Error{Code: core.CodeReadsBehind}
	}
	return nil
}

func (w *world) Result(ctx context.Context, after core.Position, tenant, id core.ID) (v core.ResultView, err error) {
	types, err := w.ResultTypes(ctx, after, tenant)
	if err != nil {
		return v, err
	}
	defer func() { v.Classification = types.Classification(v.Result) }()
	err = w.fold(tenant, id, func(r core.Recorded) error {
		v.Version, v.LastPosition = r.Version, r.TenantPosition
		switch e := r.Event.(type) {
		case core.ResultSubmitted:
			code, _ := core.ParseResultCode(e.Submission.Result)
			personal, err := e.Personal.Open()
			version, position := v.Version, v.LastPosition
			v = core.ResultView{
				ID: e.ResultID, ActivityID: e.ActivityID, Source: e.Source, Status: e.Status, ProviderActivityID: e.ProviderActivityID,
				CommerceExternalID: e.CommerceExternalID, ExternalStatus: e.ExternalStatus, OccurredAt: e.OccurredAt, HardOverride: e.HardOverride, Result: code,
				ContactType: e.ContactType, FutureScheduledAt: e.FutureScheduledAt, Personal: personal, CreatedAt: e.CreatedAt, UpdatedAt: r.RecordedAt,
				Version: version, LastPosition: position,
			}
			return err
		case core.ResultLinked:
			v.ActivityID, v.Source = e.ActivityID, core.RetenActivity
		case core.PersonalErased:
			v.Personal, v.ErasedAt = core.Personal{}, &r.RecordedAt
		}
		return nil
	})
	return v, err
}

func (w *world) Activity(_ context.Context, after core.Position, tenant, id core.ID) (v core.ActivityView, err error) {
	if err := w.tables(after); err != nil {
		return v, err
	}
	err = w.fold(tenant, id, func(r core.Recorded) error {
		before := v
		switch e := r.Event.(type) {
		case core.ActivityCreated:
			v.ID, v.ActivityDetails, v.Status, v.CreatedAt, v.Version = e.ActivityID, e.ActivityDetails, core.ActivityReady, r.RecordedAt, r.Version
		case core.ActivityTransitioned:
			v.Status, v.Version, v.ProviderActivityID = e.To, r.Version, cmp.Or(e.ProviderActivityID, v.ProviderActivityID)
		case core.ResultSubmitted:
			v.ResultID = e.ResultID
		case core.ResultLinked:
			v.ResultID = e.ResultID
		}
		if v != before {
			v.UpdatedAt, v.LastPosition = r.RecordedAt, r.TenantPosition
		}
		return nil
	})
	return v, err
}

// activityOf is the activity whose result an event is about; none if it is about no result, or about a standalone one.
func activityOf(e core.Event) core.ID {
	switch e := e.(type) {
	case core.ResultSubmitted:
		return e.ActivityID
	case core.ResultLinked:
		return e.ActivityID
	}
	return core.ID{}
}

// fold shows the events of one stream, and those about the result of that activity.
func (w *world) fold(tenant, id core.ID, see func(core.Recorded) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.readFails != nil {
		return w.readFails
	}
	found := false
	for _, r := range w.log {
		if r.Stream.Tenant == tenant && (r.Stream.ID == id || activityOf(r.Event) == id) {
			found = true
			if err := see(r); err != nil {
				return err
			}
		}
	}
	if !found {
		return &core.Error{Code: core.CodeNotFound, Message: "there is nothing with the id " + id.String() + " in this tenant"}
	}
	return nil
}

// lastCommand is the last that reached the submitter.
func (w *world) lastCommand() core.Command {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.commands) == 0 {
		w.t.Fatal("no command reached the submitter")
	}
	return w.commands[len(w.commands)-1]
}

// token is one of a role in the tenant of these tests.
func (w *world) token(role string) string {
	token, err := MintToken(testSecret, "someone", []string{role}, []core.ID{tenant}, time.Hour, noon)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

const (
	submitPath = "/api/activity-results/tasks"
	createPath = "/api/activities"
)

// minimal has the required fields of a submission, and nothing else.
const minimal = `{"commerce_external_id":"store-001","occurred_at":"2025-01-16T14:30:00.000Z","status":"COMPLETED","task_result":{"result":"success"}}`

// minimalActivity likewise of a creation.
const minimalActivity = `{"type":"TASK","reason":"visit","channel":"SALESMAN","commerce_id":"11111111-1111-4111-8111-111111111111",` +
	`"idempotency_key":"k-1","scheduled_at":"2025-01-17T09:00:00-03:00"}`

// request makes one that has everything right; change it to make it wrong.
func (w *world) request(method, target, body string) *http.Request {
	var r *http.Request
	if body == "" {
		r = httptest.NewRequest(method, target, nil)
	} else {
		r = httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+w.token("FDE"))
	r.Header.Set("X-Tenant-Id", tenant.String())
	return r
}

// do sends a request through the whole server, without a network, and holds it and its answer against the description of the API.
func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	body := &heard{ReadCloser: r.Body}
	r.Body = body
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	w.remember(rec)
	if rec.Code == statusClientGone || w.undescribed {
		return rec // nobody receives it
	}
	if err := documented().judge(r, body.read.Bytes(), rec); err != nil {
		w.t.Errorf("docs/openapi.yaml: %s %.100s: %v", r.Method, r.URL.Path, err)
	}
	return rec
}

// post submits a body that has everything else right.
func (w *world) post(target, body string) *httptest.ResponseRecorder {
	return w.do(w.request(http.MethodPost, target, body))
}

func bodyOf(t testing.TB, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
