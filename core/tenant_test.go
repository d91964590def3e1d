package core

import (
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestCodesFit: the bit of every code of the catalogue, which is the code itself, is one that a codeSet has.
func TestCodesFit(t *testing.T) {
	for i := range Catalog {
		if c := ResultCode(i + 1); bits.OnesCount32(uint32(codeSet(0).with(c, true))) != 1 {
			t.Errorf("%s, the %d-th code, has no bit in a set of 32: make codeSet wider", c, c)
		}
	}
}

// TestPropertyResultTypes: whatever is configured, each code is as it was configured last, or else active and unclassified.
func TestPropertyResultTypes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var types ResultTypes
		last := map[ResultCode]ResultTypeSetting{}
		for range rapid.IntRange(0, 30).Draw(t, "configurations") {
			s := ResultTypeSetting{
				Code: ResultCode(1 + rapid.IntRange(0, len(Catalog)-1).Draw(t, "code")), Active: rapid.Bool().Draw(t, "active"),
				Classification: Classification(rapid.IntRange(0, 2).Draw(t, "classification")),
			}
			types, last[s.Code] = types.Configure(s.Code, s.Active, s.Classification), s
		}
		var active []string
		as := map[Classification][]ResultCode{}
		for i, entry := range Catalog {
			want, ok := last[ResultCode(i+1)]
			if !ok {
				want = ResultTypeSetting{Code: ResultCode(i + 1), Active: true}
			}
			if got := (ResultTypeSetting{want.Code, types.Active(want.Code), types.Classification(want.Code)}); got != want {
				t.Fatalf("%s is %+v, was configured %+v", entry.Code, got, want)
			}
			if want.Active {
				active = append(active, entry.Code)
			}
			as[want.Classification] = append(as[want.Classification], want.Code)
		}
		if !slices.Equal(types.active(), active) {
			t.Fatalf("active: %v, want %v", types.active(), active)
		}
		for _, c := range []Classification{Unclassified, Positive, Negative} {
			if !slices.Equal(types.Codes(c), as[c]) {
				t.Fatalf("%s: %v, want %v", c, types.Codes(c), as[c])
			}
		}
	})
}
