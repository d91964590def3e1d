package core

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Permissions is a set of the contract's permissions (§2.9), one bit each. On the wire and in events it is an array of their names, in the contract's order.
type Permissions uint8

// The permissions.
const (
	ViewActivities Permissions = 1 << iota
	CreateActivities
	DispatchActivities
	CancelActivities
	ManageActivityConfig
	ManageAPIKeys
	ViewEvents

	AllPermissions Permissions = 1<<iota - 1
)

// permissionNames are those of the contract, in the order of the bits.
var permissionNames = []string{
	"VIEW_ACTIVITIES", "CREATE_ACTIVITY", "DISPATCH_ACTIVITY", "CANCEL_ACTIVITY", "MANAGE_ACTIVITY_CONFIG", "MANAGE_API_KEYS", "VIEW_EVENTS",
}

// Has reports whether all of some permissions are in the set.
func (p Permissions) Has(some Permissions) bool { return p&some == some }

// Names are those of the permissions in the set.
func (p Permissions) Names() []string {
	names := make([]string, 0, len(permissionNames))
	for bit, name := range permissionNames {
		if p.Has(1 << bit) {
			names = append(names, name)
		}
	}
	return names
}

// String is the name of a single permission; of several, their names with a comma between.
func (p Permissions) String() string { return strings.Join(p.Names(), ", ") }

// UnmarshalText implements encoding.TextUnmarshaler for a single permission; the error lists what is allowed.
func (p *Permissions) UnmarshalText(text []byte) error {
	for bit, name := range permissionNames {
		if name == string(text) {
			*p = 1 << bit
			return nil
		}
	}
	return NotOneOf(permissionNames)
}

// UnmarshalJSON implements json.Unmarshaler for a set, as events hold it.
func (p *Permissions) UnmarshalJSON(data []byte) error {
	var names []string
	if err := json.Unmarshal(data, &names); err != nil {
		return err
	}
	*p = 0
	for _, name := range names {
		var one Permissions
		if err := one.UnmarshalText([]byte(name)); err != nil {
			return fmt.Errorf("permission %q: %w", name, err)
		}
		*p |= one
	}
	return nil
}
