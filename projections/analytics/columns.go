package analytics

import (
	"fmt"

	"resultlog/core"
)

// What follows makes columns: those that several views have, and then those of each type.

func tenant(raw string) Column {
	return id("tenant_id", raw, "whose it is")
}

func source(raw string) Column {
	return enum("source", raw, "whether an activity is known for it", words([]core.Source{core.RetenActivity, core.Standalone}))
}

func resultStatus(raw string) Column {
	return enum("status", raw, "what the submission says", names(core.ResultPending, core.ResultCompleted, core.ResultNotExecuted, core.ResultCanceled, core.ResultTransferred))
}

func activityStatus(name, raw, comment string) Column {
	return enum(name, raw, comment,
		names(core.ActivityReady, core.ActivityUnresolved, core.ActivityDispatched, core.ActivityCompleted, core.ActivityCanceled, core.ActivityFailed))
}

func resultCode(name, raw, comment string) Column {
	codes := make([]string, len(core.Catalog))
	for i, t := range core.Catalog {
		codes[i] = t.Code
	}
	return enum(name, raw, comment, codes)
}

func classification() Column {
	return optional(enum("classification", `types.classification`, "what the tenant holds that code to be now; NULL: neither", names(core.Positive, core.Negative)))
}

func contactType(raw string) Column {
	return optional(enum("contact_type", raw, "who began the contact", words(core.ContactTypes)))
}

func channel() Column {
	return enum("channel", `a.channel`, "by which its activity is executed", words(core.Channels))
}

func id(name, raw, comment string) Column {
	return Column{Name: name, Type: UUID, raw: raw, Comment: comment}
}

func text(name, raw, comment string) Column {
	return Column{Name: name, Type: Text, raw: raw, Comment: comment}
}

func enum(name, raw, comment string, values []string) Column {
	return Column{Name: name, Type: Enum, raw: raw, Comment: comment, Values: values}
}

func time(name, raw, comment string) Column {
	return Column{Name: name, Type: Timestamp, raw: raw, Comment: comment}
}

func number(name, raw, comment string) Column {
	return Column{Name: name, Type: Integer, raw: raw, Comment: comment}
}

func truth(name, raw, comment string) Column {
	return Column{Name: name, Type: Boolean, raw: raw, Comment: comment}
}

func count(name, raw, comment string) Column {
	return Column{Name: name, Type: Integer, raw: raw, Comment: comment, counts: true}
}

func optional(c Column) Column {
	c.Nullable = true
	return c
}

// personal is for what is absent if it was not sent, or was erased.
func personal(c Column) Column {
	c.Nullable, c.Personal = true, true
	return c
}

func names[T fmt.Stringer](values ...T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = v.String()
	}
	return all
}

func words[T ~string](values []T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}
