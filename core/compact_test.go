package core

import (
	"fmt"
	"maps"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

// TestSizes: what the machine says of the bytes that it takes is what the compiler makes of its records.
func TestSizes(t *testing.T) {
	for what, size := range map[string]struct{ said, is uintptr }{
		"an activity":                 {activityBytes, unsafe.Sizeof(row[activityRow]{})},
		"a result":                    {resultBytes, unsafe.Sizeof(row[resultRow]{})},
		"a name":                      {nameBytes, unsafe.Sizeof(row[nameRow]{})},
		"a tenant":                    {tenantBytes, unsafe.Sizeof(row[tenantRow]{})},
		"an API key":                  {apiKeyBytes, unsafe.Sizeof(row[apiKeyRow]{})},
		"a slot":                      {slotBytes, unsafe.Sizeof(slot{})},
		"a segment":                   {segmentBytes, unsafe.Sizeof(segment{})},
		"an entry of the directory":   {entryBytes, unsafe.Sizeof(&segment{})},
		"an entry of a list of pages": {entryBytes, unsafe.Sizeof(&[pageRows]row[nameRow]{})},
		"an idempotency key":          {keyBytes, unsafe.Sizeof(recordedKey{})},
	} {
		if size.said != size.is {
			t.Errorf("%s takes %d bytes, and is said to take %d", what, size.is, size.said)
		}
	}
}

// TestPropertyCompact: what is durable is as it would be in plain maps, whatever one thing tells of another; of what is not there, too.
func TestPropertyCompact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := newCompact()
		activities, results := beside(c.activityTable()), beside(c.resultTable())
		activityNames, resultNames := beside(c.activityNameTable()), beside(c.resultNameTable())
		tenants, apiKeys := beside(c.tenantTable()), beside(c.apiKeyTable())
		t.Repeat(map[string]func(*rapid.T){
			"an activity":           func(t *rapid.T) { activities.set(drawID(t, 'a'), drawActivity(t)) },
			"a result":              func(t *rapid.T) { results.set(drawID(t, 'r'), drawResult(t)) },
			"a name of an activity": func(t *rapid.T) { activityNames.set(name(drawID(t, 'n')), benchID('a', dice(t, "activity", fewIDs))) },
			"a name of a result":    func(t *rapid.T) { resultNames.set(name(drawID(t, 'n')), benchID('r', dice(t, "result", fewIDs))) },
			"a tenant":              func(t *rapid.T) { tenants.set(drawID(t, 't'), Tenant{Head: Position(rapid.Int64().Draw(t, "head"))}) },
			"an API key": func(t *rapid.T) {
				apiKeys.set(drawID(t, 'k'), APIKey{Tenant: drawID(t, 't'), Revoked: rapid.Bool().Draw(t, "revoked")})
			},
			"": func(t *rapid.T) {
				for _, err := range []error{activities.differs(), results.differs(), activityNames.differs(), resultNames.differs(), tenants.differs(), apiKeys.differs()} {
					if err != nil {
						t.Fatal(err)
					}
				}
			},
		})
		again := newCompact()
		copyTo(again.apiKeyTable(), apiKeys) // in another order
		copyTo(again.tenantTable(), tenants)
		copyTo(again.resultNameTable(), resultNames)
		copyTo(again.activityNameTable(), activityNames)
		copyTo(again.resultTable(), results)
		if none := len(activities.oracle) == 0; c.sameAs(again) != none || again.sameAs(c) != none {
			t.Fatal("without its activities, it is said to be the same")
		}
		copyTo(again.activityTable(), activities)
		if !c.sameAs(again) || !again.sameAs(c) {
			t.Fatal("what knows the same is said to be not the same")
		}
		for id, a := range activities.oracle {
			a.Version++
			if again.activityTable().set(id, a); c.sameAs(again) {
				t.Fatal("one that knows another version is said to be the same")
			}
			break
		}
	})
}

// fewIDs is how many ids of a kind are drawn, beside none: so few that most come again.
const fewIDs = 20

func drawID(t *rapid.T, kind byte) ID {
	n := dice(t, string(kind), fewIDs+1)
	if n == fewIDs {
		return ID{}
	}
	return benchID(kind, n)
}

func drawActivity(t *rapid.T) Activity {
	return Activity{
		Tenant: drawID(t, 't'), ResultID: drawID(t, 'r'), Version: Version(rapid.Int32().Draw(t, "version")),
		Status: ActivityStatus(rapid.Byte().Draw(t, "status")), Type: ActivityType(rapid.Byte().Draw(t, "type")), Provided: rapid.Bool().Draw(t, "provided"),
	}
}

func drawResult(t *rapid.T) Result {
	return Result{
		Tenant: drawID(t, 't'), ActivityID: drawID(t, 'a'), CreatedAt: Instant(rapid.Int64().Draw(t, "created")), UpdatedAt: Instant(rapid.Int64().Draw(t, "updated")),
		Version: Version(rapid.Int32().Draw(t, "version")), Status: ResultStatus(rapid.Byte().Draw(t, "status")), Code: ResultCode(rapid.Byte().Draw(t, "code")), Erased: rapid.Bool().Draw(t, "erased"),
	}
}

// watched is a table with a plain map beside it, which is told the same.
type watched[K ~key, V comparable, R any] struct {
	packed[K, V, R]
	oracle map[K]V
}

func beside[K ~key, V comparable, R any](table packed[K, V, R]) watched[K, V, R] {
	return watched[K, V, R]{table, make(map[K]V)}
}

func (w watched[K, V, R]) set(k K, v V) {
	w.packed.set(k, v)
	w.oracle[k] = v
}

// differs reports what the table knows otherwise than the map.
func (w watched[K, V, R]) differs() error {
	if all := flatten[K, V](w.packed); !maps.Equal(all, w.oracle) {
		return fmt.Errorf("there are %v, want %v", all, w.oracle)
	}
	for n := range fewIDs + 1 { // of all kinds, so that some are there and some are only told of
		for _, kind := range []byte("arntk") {
			k := K(benchID(kind, n))
			got, known := w.get(k)
			if want, there := w.oracle[k]; got != want || known != there {
				return fmt.Errorf("%x is %+v (%v), want %+v (%v)", k, got, known, want, there)
			}
		}
	}
	return nil
}

func copyTo[K ~key, V comparable, R any](table packed[K, V, R], from watched[K, V, R]) {
	for k, v := range from.oracle {
		table.set(k, v)
	}
}
