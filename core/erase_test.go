package core

import (
	"errors"
	"testing"
)

// TestReplayRefusesStrayErasures: an erasure that no decision makes was written by other rules.
func TestReplayRefusesStrayErasures(t *testing.T) {
	p := newPlay()
	for _, text := range []string{"submit r1 provider=p1", "submit r2 provider=p2", "erase r2"} {
		if _, refusal, err := p.command(text); refusal != nil || err != nil {
			t.Fatalf("%s: %v, %v", text, refusal, err)
		}
	}
	p.commit()
	t1, t2 := fixedID('t', 1), fixedID('t', 2)
	for name, row := range map[string]struct {
		tenant, result ID
		version        Version
		stray          bool
	}{
		"of a result that is there":           {t1, fixedID('r', 1), 2, false},
		"of a result that is not":             {t1, fixedID('r', 7), 1, true},
		"of one that is erased":               {t1, fixedID('r', 2), 3, true},
		"of another tenant's":                 {t2, fixedID('r', 1), 2, true},
		"of one that is there, out of order":  {t1, fixedID('r', 1), 3, true},
		"of one that is there, a second time": {t1, fixedID('r', 1), 1, true},
	} {
		m := mustReplay(t, p.log)
		r := Recorded{
			Position: 4, TenantPosition: m.base.tenantHead(row.tenant) + 1, Stream: Stream{row.tenant, row.result}, Version: row.version, EventID: fixedID('e', 99), RecordedAt: p.clock,
			Event: PersonalErased{ResultID: row.result},
		}
		if err := m.Replay(r); (err != nil) != row.stray || err != nil && !errors.Is(err, ErrOutOfOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tenantHead is the tenant position of a tenant's last event.
func (l *layer) tenantHead(tenant ID) Position {
	t, _ := l.tenants.get(tenant)
	return t.Head
}

// TestErasureNamesOneThing: neither two nor nothing.
func TestErasureNamesOneThing(t *testing.T) {
	for _, intent := range []ErasePersonal{{}, {ResultID: fixedID('r', 1), ActivityID: fixedID('a', 1)}} {
		_, err := NewMachine().Step(Command{Tenant: fixedID('t', 1), EventID: fixedID('e', 4), At: start, Intent: intent})
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Code != CodeInvalid {
			t.Errorf("%+v: %v", intent, err)
		}
	}
}
