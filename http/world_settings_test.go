package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/http/httptest"

	"resultlog/core"
)

// What a tenant's own stream says, folded from the log at every read.

// APIKey implements APIKeys by looking at every key that was ever issued.
func (w *world) APIKey(_ context.Context, digest core.Digest) (core.ID, core.APIKey, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keysFail != nil {
		return core.ID{}, core.APIKey{}, w.keysFail
	}
	w.looked++
	var id core.ID
	var s core.State
	for _, r := range w.log {
		switch e := r.Event.(type) {
		case core.APIKeyIssued:
			if e.Digest == digest {
				id, s = e.KeyID, core.Evolve(s, r)
			}
		case core.APIKeyRevoked:
			if e.KeyID == id {
				s = core.Evolve(s, r)
			}
		}
	}
	return id, s.APIKey, nil
}

// ResultTypes implements Reader.
func (w *world) ResultTypes(_ context.Context, after core.Position, tenant core.ID) (types core.ResultTypes, err error) {
	if err := w.tables(after); err != nil {
		return types, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.log {
		if e, ok := r.Event.(core.ResultTypeConfigured); ok && r.Stream.Tenant == tenant {
			types = types.Configure(e.Code, e.Active, e.Classification)
		}
	}
	return types, w.readFails
}

// APIKeys implements Reader.
func (w *world) APIKeys(_ context.Context, after core.Position, tenant core.ID, q core.APIKeyQuery) (core.Page[core.APIKeyView], error) {
	if err := w.tables(after); err != nil {
		return core.Page[core.APIKeyView]{}, err
	}
	w.mu.Lock()
	log := w.log
	w.mu.Unlock()
	var ids []core.ID
	for _, r := range log {
		if e, ok := r.Event.(core.APIKeyIssued); ok && r.Stream.Tenant == tenant {
			ids = append(ids, e.KeyID)
		}
	}
	return pageOf(w, ids, q.Paging, func(id core.ID) (core.APIKeyView, error) {
		v := core.APIKeyView{ID: id}
		for _, r := range log {
			v.Fold(r)
		}
		return v, nil
	}, func(*core.APIKeyView) bool { return true }, func(v *core.APIKeyView) (core.Instant, core.Cursor) {
		return v.CreatedAt, core.Cursor{CreatedAt: v.CreatedAt, ID: v.ID, Position: v.LastPosition}
	})
}

// keyFor issues a key in a tenant, and gives its text.
func (w *world) keyFor(tenant core.ID, permissions core.Permissions, expires *core.Instant) (text string, id core.ID) {
	text, prefix, _ := MintAPIKey()
	id = w.mint()
	_, err := w.Submit(context.Background(), core.Command{Tenant: tenant, EventID: w.mint(), Intent: core.IssueAPIKey{KeyID: id, APIKeyDetails: core.APIKeyDetails{
		Name: "a key of the tests", Prefix: prefix, Digest: sha256.Sum256([]byte(text)), Permissions: permissions, ExpiresAt: expires,
	}}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.texts = append(w.texts, text)
	return text, id
}

// remember notes the text of an API key that was issued, as its creator does.
func (w *world) remember(rec *httptest.ResponseRecorder) {
	var issued struct{ PlaintextKey string }
	if rec.Code != http.StatusCreated || json.Unmarshal(rec.Body.Bytes(), &issued) != nil || issued.PlaintextKey == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.texts = append(w.texts, issued.PlaintextKey)
}

// byKey makes a request come with a key instead of a token.
func byKey(r *http.Request, key string) *http.Request {
	r.Header.Del("Authorization")
	r.Header.Del("X-Tenant-Id")
	r.Header.Set("X-Api-Key", key)
	return r
}
