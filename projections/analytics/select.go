package analytics

import (
	"fmt"
	"strings"

	"resultlog/core"
)

// Filter says which rows of a view are wanted. The zero Filter wants all.
type Filter struct {
	Tenant core.ID       // of this tenant; zero: of all
	From   *core.Instant // whose View.Time is no earlier; of a Date, its first moment
	Before *core.Instant // whose View.Time is earlier
}

// Select is the query of a view's rows, in their order, for a connection that finds the read tables by their bare names. Values come in the forms that the tables keep, which say more and cost less
// than those of the views: a UUID as 16 bytes, or as text on PostgreSQL; a Timestamp in milliseconds since 1970 UTC; a Date in days; a Boolean as such, or as 0 or 1 on SQLite.
func (v View) Select(f Filter) (query string, args []any) {
	columns := make([]string, len(v.Columns))
	for i, c := range v.Columns {
		columns[i] = c.raw + " AS " + c.Name
	}
	var where []string
	only := func(condition string, value any) {
		args = append(args, value)
		where = append(where, fmt.Sprintf("%s $%d", condition, len(args)))
	}
	if !f.Tenant.IsZero() {
		only("tenant_id =", f.Tenant[:])
	}
	when := v.Time
	if v.Column(when).Type == Date {
		when += " * 86400000"
	}
	if f.From != nil {
		only(when+" >=", int64(*f.From))
	}
	if f.Before != nil {
		only(when+" <", int64(*f.Before))
	}
	query = "SELECT * FROM (SELECT " + strings.Join(columns, ", ") + " " + v.source("") + ") AS v"
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	return query + " ORDER BY " + strings.Join(v.Order, ", "), args
}
