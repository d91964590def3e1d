package analytics_test

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"resultlog/projections/analytics"
)

// A change of a name, a type or a meaning is a new version: the views of a released one stay as they are. While nothing is released, the sum is to be brought up to date with every change.
func TestAChangeOfTheContractIsANewVersion(t *testing.T) {
	sums := map[int]string{1: "357069e3b465"}
	if sum := fmt.Sprintf("%x", sha256.Sum256([]byte(analytics.Postgres()+analytics.SQLite())))[:12]; sums[analytics.Version] != sum {
		t.Errorf("version %d has the sum %s, and was %q: if that was released, make it a new version, and leave its migrations as they are", analytics.Version, sum, sums[analytics.Version])
	}
}

func TestEveryViewIsWhole(t *testing.T) {
	var seen []string
	for _, v := range analytics.Views() {
		if v.Comment == "" || slices.Contains(seen, v.Name) {
			t.Errorf("%s: %q", v.Name, v.Comment)
		}
		seen = append(seen, v.Name)
		if found, ok := analytics.Find(v.Name); !ok || found.Name != v.Name {
			t.Errorf("%s is not found", v.Name)
		}
		if when := v.Column(v.Time); when.Nullable || when.Type != analytics.Timestamp && when.Type != analytics.Date {
			t.Errorf("%s is selected by %+v", v.Name, when)
		}
		for _, name := range v.Order {
			v.Column(name)
		}
		if v.Columns[0].Name != "tenant_id" || v.Order[0] != "tenant_id" {
			t.Errorf("%s begins with %s, and its order with %s", v.Name, v.Columns[0].Name, v.Order[0])
		}
		names := make(map[string]bool)
		for _, c := range v.Columns {
			if c.Comment == "" || c.Type == 0 || names[c.Name] || (c.Type == analytics.Enum) != (len(c.Values) > 0) || c.Personal && !c.Nullable {
				t.Errorf("%s: %+v", v.Name, c)
			}
			names[c.Name] = true
		}
	}
	if _, ok := analytics.Find("events"); ok {
		t.Error("events are no view")
	}
}
