package core

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestPermissions is the table of contract §2.9, in its order.
func TestPermissions(t *testing.T) {
	want := []struct {
		is   Permissions
		name string
	}{
		{ViewActivities, "VIEW_ACTIVITIES"}, {CreateActivities, "CREATE_ACTIVITY"}, {DispatchActivities, "DISPATCH_ACTIVITY"}, {CancelActivities, "CANCEL_ACTIVITY"},
		{ManageActivityConfig, "MANAGE_ACTIVITY_CONFIG"}, {ManageAPIKeys, "MANAGE_API_KEYS"}, {ViewEvents, "VIEW_EVENTS"},
	}
	var all Permissions
	for _, w := range want {
		var got Permissions
		if err := got.UnmarshalText([]byte(w.name)); err != nil || got != w.is || w.is.String() != w.name || all.Has(w.is) {
			t.Errorf("%s: %v %v, in those before it: %v", w.name, got, err, all.Has(w.is))
		}
		all |= w.is
	}
	if all != AllPermissions || len(want) != len(permissionNames) {
		t.Errorf("all are %v, want %v, as many as there are names", AllPermissions, all)
	}
	for _, bad := range []string{"", "view_events", "VIEW_EVENTS ", "VIEW_EVENTS, MANAGE_API_KEYS", "SUPER_ADMIN"} {
		var got Permissions
		if err := got.UnmarshalText([]byte(bad)); err == nil || got != 0 || !strings.Contains(err.Error(), "VIEW_EVENTS") {
			t.Errorf("%q: %v %v, want a refusal that lists what is allowed", bad, got, err)
		}
	}
}

// TestPermissionSets: every set there can be is written as its names, and read back as it was, in whatever order they come and however often.
func TestPermissionSets(t *testing.T) {
	for p := range Permissions(AllPermissions) + 1 {
		names := p.Names()
		o := OpenObject(nil)
		o.Texts("permissions", names)
		slices.Reverse(names)
		shuffled, _ := json.Marshal(append(names, names...))
		for _, text := range []string{string(o.Close()), `{"permissions":` + string(shuffled) + `}`} {
			got := struct{ Permissions Permissions }{AllPermissions} // what was there before is not in what is read
			if err := json.Unmarshal([]byte(text), &got); err != nil || got.Permissions != p {
				t.Errorf("%s is read as %v, %v", text, got.Permissions, err)
			}
		}
		for q := range Permissions(AllPermissions) + 1 {
			if want := !slices.ContainsFunc(q.Names(), func(name string) bool { return !slices.Contains(names, name) }); p.Has(q) != want {
				t.Fatalf("%v has %v: %v", p, q, p.Has(q))
			}
		}
	}
}
