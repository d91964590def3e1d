package core

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
)

// start is the zero of every test's clock: the moment of the documented example. Tests write times as seconds after it.
const start = Instant(1737037800_000) // 2025-01-16T14:30:00.000Z

// idDigits makes the fixed ids of the tests easy on the eye: a1, an activity, is aaaaaaaa-0000-7000-8000-000000000001.
var idDigits = map[byte]byte{
	'a': 'a', // an activity
	'r': 'b', // a result
	'c': 'c', // a commerce
	'u': 'd', // a UUID that was never minted here
	'e': 'e', // an event
	't': '7', // a tenant
	'k': 'f', // an API key
	'o': '0', // an operator or a route
}

// fixedID is the n-th id of a kind, by its letter.
func fixedID(letter byte, n int) ID {
	digit := string(idDigits[letter])
	id, err := ParseID(fmt.Sprintf("%s-0000-7000-8000-%012x", strings.Repeat(digit, 8), n))
	if err != nil {
		panic(err)
	}
	return id
}

// parseID reads a fixed id by its short name, or any UUID as it stands.
func parseID(text string) (ID, error) {
	if len(text) == idText {
		return ParseID(text)
	}
	if len(text) > 1 && idDigits[text[0]] != 0 {
		if n, err := strconv.Atoi(text[1:]); err == nil && n > 0 {
			return fixedID(text[0], n), nil
		}
	}
	return ID{}, fmt.Errorf("%q is neither a UUID nor the name of a fixed id, like a1", text)
}

// mustID is parseID for what a test has written itself.
func mustID(text string) ID {
	id, err := parseID(text)
	if err != nil {
		panic(err)
	}
	return id
}

// short names an id: a1 for a fixed one, - for none, else all of it.
func short(id ID) string {
	if id.IsZero() {
		return "-"
	}
	text := id.String()
	for letter, digit := range idDigits {
		if n, err := strconv.ParseInt(text[24:], 16, 64); err == nil && text[0] == digit && fixedID(letter, int(n)) == id {
			return fmt.Sprintf("%c%d", letter, n)
		}
	}
	return text
}

// seconds shows an instant as a test writes it: @5, or @5.25, after start.
func seconds(i Instant) string {
	return "@" + strconv.FormatFloat(float64(i-start)/1000, 'f', -1, 64)
}

// parseInstant reads seconds after start, or RFC 3339.
func parseInstant(text string) (Instant, error) {
	if strings.Contains(text, "T") {
		var i Instant
		return i, i.UnmarshalText([]byte(text))
	}
	f, err := strconv.ParseFloat(text, 64)
	return start + Instant(f*1000), err
}

// snapshot is all that a machine knows, overlay and base taken together; tests compare machines by it. Only flatten, flattenKeys and snapshotOf know how a layer is stored.
type snapshot struct {
	Activities    map[ID]Activity
	Results       map[ID]Result
	ActivityNames map[name]ID
	ResultNames   map[name]ID
	Tenants       map[ID]Tenant
	APIKeys       map[ID]APIKey
	Keys          map[KeyName]Position
	KeyOrder      []Position // in which the keys will be forgotten
	KeysFloor     Position
	Head          Position
	At            Instant
}

func flatten[K comparable, V any](t table[K, V]) map[K]V {
	switch t := t.(type) {
	case *over[K, V]:
		all := flatten(t.below)
		maps.Copy(all, t.rows)
		return all
	case interface{ each(func(K, V) bool) bool }:
		all := make(map[K]V)
		t.each(func(k K, v V) bool { all[k] = v; return true })
		return all
	default:
		panic(fmt.Sprintf("a table of type %T", t))
	}
}

func (s *snapshot) flattenKeys(k *keyring) {
	s.Keys = make(map[KeyName]Position)
	if k.below != nil {
		s.flattenKeys(k.below)
	}
	maps.Copy(s.Keys, k.positions)
	for i := range k.order {
		s.KeyOrder = append(s.KeyOrder, k.order[(k.oldest+i)%len(k.order)].position)
	}
	s.KeysFloor = max(s.KeysFloor, k.floor)
}

func snapshotOf(l *layer) snapshot {
	s := snapshot{
		Activities: flatten(l.activities), Results: flatten(l.results), ActivityNames: flatten(l.activityNames), ResultNames: flatten(l.resultNames), Tenants: flatten(l.tenants), APIKeys: flatten(l.apiKeys),
		Head: l.head, At: l.at,
	}
	s.flattenKeys(l.keys)
	return s
}

// store encodes and decodes a recorded event, as a log does between an append and a replay.
func store(r Recorded) (Recorded, error) {
	event, err := Decode(Encode(r.Event))
	if err != nil {
		return r, err
	}
	r.Event = event
	r.Metadata, err = DecodeMetadata(EncodeMetadata(r.Metadata))
	return r, err
}

// replayed is a new machine that has seen a log, as it was stored.
func replayed(log []Recorded) (*Machine, error) {
	m := NewMachine()
	for _, r := range log {
		stored, err := store(r)
		if err != nil {
			return nil, err
		}
		if err := m.Replay(stored); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// mustReplay is replayed for a test that cannot go on without it.
func mustReplay(t testing.TB, log []Recorded) *Machine {
	t.Helper()
	m, err := replayed(log)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
