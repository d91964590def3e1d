package crashtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"resultlog/core"
	"resultlog/eventstore"
)

const (
	// keysPath is where API keys are issued.
	keysPath = "/api/api-keys"

	// keysInUse is how many of a tenant's keys its clients choose from: so few that one is mostly in use when it is revoked, and that those which are revoked are used on and on.
	keysInUse = 6

	// keyedWrites is one in how many writes is sent with an API key, and not with the token.
	keyedWrites = 3
)

// What is answered to who asks with an API key for what is not there.
var (
	opens        = fmt.Sprint(http.StatusNotFound)
	opensNothing = fmt.Sprint(http.StatusUnauthorized)
)

// apiKey is an API key as the clients know it. Without one they send the token.
type apiKey struct {
	id, text   string // no text: the answer that had it in it was lost
	revocation *write // nil: nobody has asked for it
}

// sign puts the credential on a request that has the token.
func (k *apiKey) sign(r *http.Request) {
	if k != nil {
		r.Header.Del("Authorization")
		r.Header.Set("x-api-key", k.text)
	}
}

// name is how the log calls who came with it.
func (k *apiKey) name() string {
	if k == nil {
		return ""
	}
	return k.id
}

// askedToRevoke reports whether anybody had asked for the revocation by then.
func (k *apiKey) askedToRevoke(by time.Time) bool {
	if k == nil || k.revocation == nil {
		return false
	}
	for _, a := range k.revocation.attempts {
		if a.sent.Before(by) {
			return true
		}
	}
	return false
}

// revoked reports whether anybody had been told by then that it is revoked.
func (k *apiKey) revoked(by time.Time) bool {
	if k == nil || k.revocation == nil {
		return false
	}
	for _, a := range k.revocation.attempts {
		if a.acknowledged() && a.ended.Before(by) {
			return true
		}
	}
	return false
}

// justRevoked reports whether a server that the revocation was not sent to need not know of it yet, and so may let in who reads: within a second it must.
func (k *apiKey) justRevoked() bool {
	return k.revoked(time.Now()) && !k.revoked(time.Now().Add(-2*eventstore.KeyStaleness))
}

// issue asks for a key that may do all that the clients do, but issue and revoke.
func (w *world) issue(tenant string) *write {
	one := w.write(tenant, "POST", keysPath, fmt.Sprintf(
		`{"name":%q,"permissions":["CREATE_ACTIVITY","DISPATCH_ACTIVITY","CANCEL_ACTIVITY","VIEW_ACTIVITIES","MANAGE_ACTIVITY_CONFIG"]}`, w.name("api-key")))
	one.of = &apiKey{}
	one.learn = func(answer []byte) {
		var issued struct {
			ID, PlaintextKey string
			Existing         struct{ ID string } // if the text is not shown again
		}
		_ = json.Unmarshal(answer, &issued) // what is wrong with an answer shows when it is compared with the log
		w.mu.Lock()
		defer w.mu.Unlock()
		one.of.id, one.of.text = issued.ID+issued.Existing.ID, issued.PlaintextKey
		all := append(w.keys[tenant], one.of)
		w.keys[tenant] = all[max(0, len(all)-keysInUse):]
	}
	return one
}

// issueOrRevoke issues a key, or revokes one that nobody has asked to revoke yet: whose text was lost, too.
func (w *world) issueOrRevoke(r *rand.Rand, tenant string) *write {
	key := some(w, r, w.keys, tenant)
	if key == nil || r.IntN(2) == 0 {
		return w.issue(tenant)
	}
	one := &write{tenant: tenant, method: "POST", path: keysPath + "/" + key.id + "/revoke", key: w.name("key"), of: key}
	w.mu.Lock()
	taken := key.revocation != nil
	if !taken {
		key.revocation = one
	}
	w.mu.Unlock()
	if taken {
		return w.issue(tenant)
	}
	w.add(one)
	return one
}

// credential is what the next write is sent with: mostly the token, or else a key, be it revoked already or while it is on its way.
func (w *world) credential(r *rand.Rand, tenant string) *apiKey {
	if key := some(w, r, w.keys, tenant); key != nil && key.text != "" && r.IntN(keyedWrites) == 0 {
		return key
	}
	return nil
}

// revokes reports whether the write takes a key back.
func (w *write) revokes() bool { return w.of != nil && w.path != keysPath }

// abuses is where API keys have let in what they must not, or have not let in what they must; and where a revocation was not taken for what it was, sent again.
func (w *write) abuses() (wrong []string) {
	for _, a := range w.attempts {
		switch {
		case a.acknowledged() && a.by.revoked(a.sent):
			wrong = append(wrong, fmt.Sprintf("was acknowledged to API key %s, which had been revoked before it was sent: %s", a.by.id, a.body))
		case a.locked() && !a.by.askedToRevoke(a.ended):
			wrong = append(wrong, fmt.Sprintf("was refused to API key %q, which nobody had revoked: %s", a.by.name(), a.body))
		case a.refused() && w.revokes():
			wrong = append(wrong, fmt.Sprintf("was refused: %s", a.body))
		}
	}
	return wrong
}

// abuses is where the log has events by a key that was not valid there, or a key that was issued or revoked twice.
func (h *history) abuses() (wrong []string) {
	type validity struct {
		tenant          core.ID
		issued, revoked core.Position // 0: not
	}
	keys := map[string]validity{}
	for _, r := range h.events {
		by := r.Metadata.Actor.Key
		if k := keys[by]; by != "" && (k.issued == 0 || k.revoked > 0 || k.tenant != r.Stream.Tenant) {
			wrong = append(wrong, fmt.Sprintf("position %d was recorded with API key %s of which this held then: %+v", r.Position, by, k))
		}
		switch e := r.Event.(type) {
		case core.APIKeyIssued:
			if k := keys[e.KeyID.String()]; k.issued > 0 {
				wrong = append(wrong, fmt.Sprintf("API key %s was issued at %d and at %d", e.KeyID, k.issued, r.Position))
			}
			keys[e.KeyID.String()] = validity{tenant: r.Stream.Tenant, issued: r.Position}
		case core.APIKeyRevoked:
			k := keys[e.KeyID.String()]
			if k.issued == 0 || k.revoked > 0 {
				wrong = append(wrong, fmt.Sprintf("API key %s was revoked at %d, and of it this held then: %+v", e.KeyID, r.Position, k))
			}
			k.revoked = r.Position
			keys[e.KeyID.String()] = k
		}
	}
	return wrong
}
