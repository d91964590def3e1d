package httpapi

import "resultlog/core"

// permission is a set of the contract's permissions (§2.9), one bit each.
type permission uint8

const public permission = 0 // for routes that ask for no credential

const (
	viewActivities permission = 1 << iota
	createActivity
	dispatchActivity
	cancelActivity
	manageActivityConfig
	manageAPIKeys
	viewEvents
)

// permissionNames are those of the contract, in the order of the bits.
var permissionNames = []string{
	"VIEW_ACTIVITIES", "CREATE_ACTIVITY", "DISPATCH_ACTIVITY", "CANCEL_ACTIVITY", "MANAGE_ACTIVITY_CONFIG", "MANAGE_API_KEYS", "VIEW_EVENTS",
}

// String is the name of a single permission.
func (p permission) String() string {
	for bit, name := range permissionNames {
		if p == 1<<bit {
			return name
		}
	}
	return "none"
}

// superAdmin may name any tenant; everyone else only one of theirs.
const superAdmin = "SUPER_ADMIN"

// roles is the contract's table (§2.9), the least first: an event names the least role that granted it.
var roles = []struct {
	name  string
	holds permission
}{
	{"VIEWER", viewActivities},
	{"FDE", viewActivities | createActivity | dispatchActivity},
	{"ADMIN", viewActivities | createActivity | dispatchActivity | cancelActivity | manageActivityConfig | manageAPIKeys | viewEvents},
	{superAdmin, viewActivities | createActivity | dispatchActivity | cancelActivity | manageActivityConfig | manageAPIKeys | viewEvents},
}

// authorize finds the role by which a caller may do something in a tenant.
func (c *caller) authorize(tenant core.ID, needs permission) (core.Actor, error) {
	held := false
	for _, role := range roles {
		if !c.has(role.name) || !c.mayName(role.name, tenant) {
			continue
		}
		if held = true; role.holds&needs == needs {
			return core.Actor{Subject: c.subject, Role: role.name}, nil
		}
	}
	if !held {
		return core.Actor{}, fail(codeTenantForbidden, "the token gives no access to tenant %s: it must hold one of the roles SUPER_ADMIN, ADMIN, FDE and VIEWER, and name the tenant in tenantIds unless it is SUPER_ADMIN", tenant)
	}
	return core.Actor{}, fail(codePermissionDenied, "this needs the permission %s, which none of the token's roles has", needs)
}
