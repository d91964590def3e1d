package core

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReplayRefusesOfTenants: nothing crosses from one tenant to another, in a log that is read neither; and the tenant's own stream has versions like any other.
func TestReplayRefusesOfTenants(t *testing.T) {
	p := newPlay()
	for _, text := range []string{"issue k1", "configure other off", "issue k2 tenant=t2", "revoke k1"} {
		if err := p.given(text); err != nil {
			t.Fatal(err)
		}
	}
	last := p.log[3]
	t1, t2 := fixedID('t', 1), fixedID('t', 2)
	for name, change := range map[string]func(*Recorded){
		"a revocation of another tenant's key": func(r *Recorded) { r.Event = APIKeyRevoked{t1, fixedID('k', 2), 1} },
		"an issue of another tenant's key": func(r *Recorded) {
			r.Event = APIKeyIssued{t1, fixedID('k', 2), APIKeyDetails{Digest: Digest{1}, Permissions: ViewEvents}}
		},
		"a revocation in another stream": func(r *Recorded) { r.Stream.ID = fixedID('a', 9) },
		"an event about another tenant":  func(r *Recorded) { r.Event = APIKeyRevoked{t2, fixedID('k', 1), 1} },
		"another tenant's stream":        func(r *Recorded) { r.Event, r.Stream.ID, r.Version = APIKeyRevoked{t2, fixedID('k', 1), 1}, t2, 2 },
		"a configuration of another one's": func(r *Recorded) {
			r.Event, r.Stream.ID = ResultTypeConfigured{t2, ResultTypeSetting{Code: 1}}, t2
		},
		"an issue of a key that there is": func(r *Recorded) {
			r.Event = APIKeyIssued{t1, fixedID('k', 1), APIKeyDetails{Digest: Digest{1}, Permissions: ViewEvents}}
		},
		"a revocation of a key that there is not": func(r *Recorded) { r.Event = APIKeyRevoked{t1, fixedID('k', 7), 1} },
		"a gap in the tenant's stream":            func(r *Recorded) { r.Version++ },
		"a repeat in the tenant's stream":         func(r *Recorded) { r.Version-- },
		"version 1":                               func(r *Recorded) { r.Version = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			m := mustReplay(t, p.log[:3])
			before := snapshotOf(m.base)
			r := last
			change(&r)
			if err := m.Replay(r); !errors.Is(err, ErrOutOfOrder) {
				t.Errorf("replayed: %v", err)
			}
			if diff := cmp.Diff(before, snapshotOf(m.overlay), cmp.AllowUnexported(ResultTypes{})); diff != "" {
				t.Errorf("refused, and yet:\n%s", diff)
			}
			if err := m.Replay(last); err != nil {
				t.Errorf("the next one after it: %v", err)
			}
		})
	}
}

// TestTooManyAPIKeys: a tenant may have MaxAPIKeys that are not revoked, the expired ones among them, and another tenant's do not count.
func TestTooManyAPIKeys(t *testing.T) {
	p := newPlay()
	try := func(text, want string) {
		t.Helper()
		receipt, refusal, err := p.command(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := heard(receipt, refusal)[0]; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	issued := func(version, key int) string {
		return fmt.Sprintf("APIKeyIssued t1 v%d k%d CREATE_ACTIVITY, expires never", version, key)
	}
	for n := range MaxAPIKeys - 1 {
		if err := p.given(fmt.Sprintf("issue k%d expires=%d", n+1, n+2)); err != nil {
			t.Fatal(err)
		}
	}
	try("issue k1000", issued(1000, 1000))
	try("issue k1001", "refused too_many_api_keys") // in the batch of the last one, and after it
	p.commit()
	try("issue k1001", "refused too_many_api_keys")
	try("issue k2001 tenant=t2", "APIKeyIssued t2 v1 k2001 CREATE_ACTIVITY, expires never")
	try("revoke k1", "APIKeyRevoked t1 v1001 k1")
	try("issue k1001", issued(1002, 1001))
	try("issue k1002", "refused too_many_api_keys")
	p.machine.Rollback()
	try("issue k1001", "refused too_many_api_keys")
	try("revoke k1", "APIKeyRevoked t1 v1001 k1")
	p.commit()
	if err := p.restart(); err != nil {
		t.Fatal(err)
	}
	try("issue k1001", issued(1002, 1001))
	try("issue k1002", "refused too_many_api_keys")
}
