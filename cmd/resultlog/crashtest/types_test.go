package crashtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"resultlog/core"
)

// typesPath is where the result types are read and configured.
const typesPath = "/api/task-result-types"

// configure configures a result type, but the first, with which all submissions come.
func (w *world) configure(r *rand.Rand, tenant string) *write {
	code := core.Catalog[1+r.IntN(len(core.Catalog)-1)].Code
	classifications := []string{`"POSITIVE"`, `"NEGATIVE"`, "null"}
	return w.write(tenant, "PUT", typesPath+"/"+code, fmt.Sprintf(`{"is_active":%t,"classification":%s}`, r.IntN(2) == 0, classifications[r.IntN(len(classifications))]))
}

// typeID names a result type of a tenant.
func typeID(tenant, code string) string { return tenant + "/" + code }

// typeShown is what a list of a tenant's result types shows of one.
func typeShown(body []byte, code string) string {
	var all []struct {
		Code, Classification string
		IsActive             bool
	}
	if err := json.Unmarshal(body, &all); err != nil {
		return err.Error()
	}
	for _, one := range all {
		if one.Code == code {
			return typeStatus(one.IsActive, one.Classification)
		}
	}
	return "not there"
}

// typeStatus is how a tenant has a result type, in words.
func typeStatus(active bool, classification string) string {
	return fmt.Sprintf("active %t, %s", active, classification)
}
