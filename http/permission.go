package httpapi

import (
	"net/http"

	"resultlog/core"
)

const public core.Permissions = 0 // for routes that ask for no credential

// superAdmin may name any tenant; everyone else only one of theirs.
const superAdmin = "SUPER_ADMIN"

// roles is the contract's table (§2.9), the least first: an event names the least role that granted it.
var roles = []struct {
	name  string
	holds core.Permissions
}{
	{"VIEWER", core.ViewActivities},
	{"FDE", core.ViewActivities | core.CreateActivities | core.DispatchActivities},
	{"ADMIN", core.AllPermissions},
	{superAdmin, core.AllPermissions},
}

// tenantOf is the one that the request names.
func (c *caller) tenantOf(h http.Header) (core.ID, error) { return tenantIn(h) }

// authorize finds the role by which a caller may do something in a tenant.
func (c *caller) authorize(tenant core.ID, needs core.Permissions) (grant, error) {
	var granted grant
	for _, role := range roles {
		if !c.has(role.name) || !c.mayName(role.name, tenant) {
			continue
		}
		granted.holds |= role.holds
		if granted.actor.Role == "" && role.holds.Has(needs) {
			granted.actor = core.Actor{Subject: c.subject, Role: role.name}
		}
	}
	switch {
	case granted.holds == 0:
		return grant{}, fail(codeTenantForbidden, "the token gives no access to tenant %s: it must hold one of the roles SUPER_ADMIN, ADMIN, FDE and VIEWER, and name the tenant in tenantIds unless it is SUPER_ADMIN", tenant)
	case granted.actor.Role == "":
		return grant{}, fail(core.CodePermissionDenied, "this needs the permission %s, which none of the token's roles has", needs)
	}
	return granted, nil
}
