package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"resultlog/core"
)

// TestContractTypes is contract §2.8 of result types, as seen over HTTP: what a tenant configures, and what that changes. What a body may say is in input_keys_test.go.
func TestContractTypes(t *testing.T) { runContract(t, typeContract) }

const (
	saysTypes   = "the catalogue as this tenant has it: code, label, isActive, classification"
	saysPut     = "`PUT /api/task-result-types/:code`"
	saysDefault = "until configured a code is active and unclassified"
	saysOff     = "A result code that the tenant has switched off → `400`, judged when the submission is decided"
	saysStays   = "a code already on the result stays valid for that result."
	saysClass   = "classification (`POSITIVE`, `NEGATIVE`, or null)"

	typesPath = "/api/task-result-types"
	getTypes  = "GET " + typesPath
	putTypes  = "PUT " + typesPath + "/"

	successIsPositive = putTypes + `success {"is_active":true,"classification":"POSITIVE"}`
	successIsNegative = putTypes + `success {"is_active":true,"classification":"NEGATIVE"}`
	otherIsOff        = putTypes + `other {"is_active":false}`

	// untouched is the whole catalogue of a tenant that has configured nothing, in its order, with the labels of §1.
	untouched = `[{"code":"success","label":"Exito","isActive":true,"classification":null},{"code":"not_home","label":"No se encontro","isActive":true,"classification":null},` +
		`{"code":"is_closed","label":"Cerrado","isActive":true,"classification":null},{"code":"no_interest","label":"Sin interes","isActive":true,"classification":null},` +
		`{"code":"rescheduled","label":"Reagendado","isActive":true,"classification":null},{"code":"wrong_address","label":"Direccion incorrecta","isActive":true,"classification":null},` +
		`{"code":"b2b_purchase","label":"Compra B2B","isActive":true,"classification":null},{"code":"no_answer","label":"Sin respuesta","isActive":true,"classification":null},` +
		`{"code":"callback_requested","label":"Solicita devolucion de llamada","isActive":true,"classification":null},{"code":"other","label":"Otro","isActive":true,"classification":null}]`
)

// submitted is a submission about the provider's activity p with a code, PENDING so that another may follow.
func submitted(code, at string) string {
	return postResult + sent("provider_activity_id", `"p"`, "status", pending, "task_result.result", `"`+code+`"`, "occurred_at", `"`+at+`"`)
}

// classified is what a result of a code looks like, with a classification.
func classified(label, as string) string {
	return `"resultTypeLabel":"` + label + `","classification":` + as + `,`
}

var typeContract = []contractRow{
	{says: saysTypes, of: "all ten, in their order", when: "VIEWER " + getTypes, then: "200", shows: []string{"\n\n" + untouched}},
	{says: saysTypes, of: "each as it is configured", given: []string{successIsPositive, otherIsOff, putTypes + `not_home {"is_active":false,"classification":"NEGATIVE"}`}, when: getTypes, then: "200", shows: []string{
		`[{"code":"success","label":"Exito","isActive":true,"classification":"POSITIVE"},{"code":"not_home","label":"No se encontro","isActive":false,"classification":"NEGATIVE"},{"code":"is_closed"`,
		`{"code":"callback_requested","label":"Solicita devolucion de llamada","isActive":true,"classification":null},{"code":"other","label":"Otro","isActive":false,"classification":null}]`}},
	{says: saysTypes, of: "no parameter but consistency", when: getTypes + "?page=1", then: "400 invalid_query"},
	{says: past2s, of: "the catalogue", while: behind, when: getTypes, then: "503 reads_behind", shows: []string{"Retry-After: 1\n"}},
	{says: neverWaits, of: "the catalogue", while: behind, when: getTypes + "?consistency=eventual", then: "200"},
	{says: saysDefault, of: "accepted", when: postResult + minimal, then: "201", leaves: []string{results + "/{r1} " + classified("Exito", "null")}},

	{says: saysPut, of: "answers what GET then shows", when: successIsPositive, then: "200", shows: []string{"Resultlog-Position: 1\n", "\n\n" + `{"code":"success","label":"Exito","isActive":true,"classification":"POSITIVE"}`},
		leaves: []string{typesPath + ` {"code":"success","label":"Exito","isActive":true,"classification":"POSITIVE"},`}},
	{says: saysPut, of: "what it does not say is not so", given: []string{successIsNegative}, when: putTypes + `success {"is_active":true}`, then: "200", shows: []string{`"isActive":true,"classification":null}`},
		leaves: []string{typesPath + " " + untouched}},
	{says: saysPut, of: "the last one counts", given: []string{successIsPositive}, when: successIsNegative, then: "200", leaves: []string{typesPath + ` "label":"Exito","isActive":true,"classification":"NEGATIVE"}`}},
	{says: saysPut, of: "of what is so already it is recorded too", given: []string{successIsPositive}, when: successIsPositive, then: "200", shows: []string{"Resultlog-Position: 2\n"}},
	{says: saysPut, of: "all may be switched off", given: []string{otherIsOff}, when: putTypes + `success {"is_active":false}`, then: "200"},
	{says: saysPut, of: "a code that there is not", while: nothingIsRecorded(putTypes + `sold {"is_active":true}`), when: putTypes + `sold {"is_active":true}`, then: "404 not_found",
		shows: []string{"the result type sold is not in the catalogue: must be one of success, not_home, "}},
	{says: saysPut, of: "a code in another case", when: putTypes + `Success {"is_active":true}`, then: "404 not_found"},
	{says: saysPut, of: "a label is no code", when: putTypes + `Exito {"is_active":true}`, then: "404 not_found"},
	{says: saysPut, of: "an endless code is cut", when: putTypes + strings.Repeat("x", 5000) + ` {"is_active":true}`, then: "404 not_found", shows: []string{"the result type " + strings.Repeat("x", maxShown) + "… is"}},
	{says: saysPut, of: "a bad body's 400 goes before a bad code's 404", when: putTypes + `sold {"is_active":7}`, then: "400 invalid_json"},
	{says: saysPut, of: "no query", when: putTypes + `success?dry=1 {"is_active":true}`, then: "400 invalid_query"},
	{says: with405, of: "a result type cannot be read alone", when: getTypes + "/success", then: "405 method_not_allowed", shows: []string{"Allow: OPTIONS, PUT\n"}},
	{says: with405, of: "nor created", when: "POST " + typesPath, then: "405 method_not_allowed", shows: []string{"Allow: GET, OPTIONS\n"}},

	{says: saysOff, of: "standalone", given: []string{otherIsOff}, while: nothingIsRecorded(postResult + sent("task_result.result", `"other"`)), when: postResult + sent("task_result.result", `"other"`), then: "400 validation_failed",
		shows: []string{`"errors":[{"pointer":"/task_result/result","message":"`, "must be one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested"},
		lacks: []string{"callback_requested, other"}},
	{says: saysOff, of: "of an activity", given: []string{postTask + task(), otherIsOff}, when: postResult + sent("activity_id", `"{a1}"`, "task_result.result", `"other"`), then: "400 validation_failed",
		leaves: []string{showA1 + ` "status":"READY"`}},
	{says: saysOff, of: "hard_override does not lift it", given: []string{otherIsOff}, when: postResult + sent("hard_override", `true`, "task_result.result", `"other"`), then: "400 validation_failed"},
	{says: saysOff, of: "another code is as it was", given: []string{otherIsOff}, when: postResult + minimal, then: "201"},
	{says: saysOff, of: "switched on again", given: []string{otherIsOff, putTypes + `other {"is_active":true}`}, when: postResult + sent("task_result.result", `"other"`), then: "201"},
	{says: saysOff, of: "all of them", given: []string{otherIsOff}, while: func(w *world) {
		for _, entry := range core.Catalog {
			w.accept(w.t.(*testing.T), putTypes+entry.Code+` {"is_active":false}`)
		}
	}, when: postResult + minimal, then: "400 validation_failed", shows: []string{`"pointer":"/task_result/result"`}},
	{says: saysStays, given: []string{submitted("other", "2025-01-16T14:30:00Z"), otherIsOff}, when: "@2025-01-16T14:31:00Z " + submitted("other", "2025-01-16T14:30:30Z"), then: "201", shows: []string{`"id":"{r1}"`, `"result":"other"`}},
	{says: saysStays, of: "but once it has another, no more", given: []string{submitted("other", "2025-01-16T14:30:00Z"), otherIsOff, "@2025-01-16T14:31:00Z " + submitted("success", "2025-01-16T14:30:30Z")},
		when: "@2025-01-16T14:32:00Z " + submitted("other", "2025-01-16T14:31:30Z"), then: "400 validation_failed"},
	{says: saysStays, of: "and for no other result", given: []string{submitted("other", "2025-01-16T14:30:00Z"), otherIsOff}, when: postResult + sent("provider_activity_id", `"q"`, "task_result.result", `"other"`), then: "400 validation_failed"},
	{says: saysStays, of: "it can still be read, and looked for", given: []string{submitted("other", "2025-01-16T14:30:00Z"), otherIsOff}, when: "GET " + results + "?result=other", then: "200", shows: []string{`"id":"{r1}"`, classified("Otro", "null")}},
	{says: firstAnswer, of: "of a submission whose code was switched off since", given: []string{withKey + postResult + minimal, putTypes + `success {"is_active":false}`}, when: withKey + postResult + minimal, then: "201",
		shows: []string{isReplayed, `"id":"{r1}"`}},

	{says: saysClass, of: "before it is configured", given: []string{postResult + minimal}, when: "GET " + results + "/{r1}", then: "200", shows: []string{classified("Exito", "null")}},
	{says: saysClass, of: "of a result that was there before", given: []string{postResult + minimal, successIsPositive}, when: "GET " + results + "/{r1}", then: "200", shows: []string{classified("Exito", `"POSITIVE"`)}},
	{says: saysClass, of: "as it is now", given: []string{successIsPositive, postResult + minimal, successIsNegative}, when: "GET " + results + "/{r1}", then: "200", shows: []string{classified("Exito", `"NEGATIVE"`)}},
	{says: saysClass, of: "taken back", given: []string{successIsPositive, postResult + minimal, putTypes + `success {"is_active":true}`}, when: "GET " + results + "/{r1}", then: "200", shows: []string{classified("Exito", "null")}},
	{says: saysClass, of: "of a code that is switched off", given: []string{postResult + minimal, putTypes + `success {"is_active":false,"classification":"NEGATIVE"}`}, when: "GET " + results + "/{r1}", then: "200",
		shows: []string{classified("Exito", `"NEGATIVE"`)}},
	{says: saysClass, of: "in a list", given: append(append([]string{}, twoResults...), successIsPositive), when: "GET " + results, then: "200",
		shows: []string{`{"data":[{"id":"{r2}"`, classified("Otro", "null"), `"id":"{r1}"`, classified("Exito", `"POSITIVE"`)}},
	{says: saysClass, of: "does not move a result: lastPosition is that of its own last event", given: []string{postResult + minimal, successIsPositive}, when: "GET " + results + "/{r1}", then: "200", shows: []string{`"version":1,"lastPosition":1}`}},
	{says: saysClass, of: "is not a field of a submission's answer", given: []string{successIsPositive}, when: postResult + minimal, then: "201", lacks: []string{"classification"}},
	classifiedOnly("classification=POSITIVE"),
	classifiedOnly("classification=POSITIVE&result=success"),
	classifiedOnly("classification=POSITIVE&status=COMPLETED&activity_id={a1}"),
	{says: resultFilters, of: "classification: as it is now", given: append(append([]string{}, twoResults...), successIsPositive, successIsNegative), when: "GET " + results + "?classification=POSITIVE", then: "200", shows: []string{none}},
	{says: resultFilters, of: "classification and a result of another", given: append(append([]string{}, twoResults...), successIsPositive), when: "GET " + results + "?classification=POSITIVE&result=other", then: "200", shows: []string{none}},
	{says: resultFilters, of: "classification: nothing is classified", given: twoResults, when: "GET " + results + "?classification=NEGATIVE", then: "200", shows: []string{none}},
	{says: resultFilters, of: "classification: in another case", when: "GET " + results + "?classification=positive", then: "400 invalid_query", shows: []string{"classification must be one of POSITIVE, NEGATIVE"}},
	{says: resultFilters, of: "classification: null is none", when: "GET " + results + "?classification=null", then: "400 invalid_query"},
	{says: resultFilters, of: "classification: nor is NONE", when: "GET " + results + "?classification=NONE", then: "400 invalid_query"},
	{says: resultFilters, of: "classification: empty", when: "GET " + results + "?classification=", then: "400 invalid_query"},
	{says: resultFilters, of: "classification: twice", when: "GET " + results + "?classification=POSITIVE&classification=NEGATIVE", then: "400 invalid_query"},
	{says: listFilters, of: "no classification of activities", when: "GET " + createPath + "?classification=POSITIVE", then: "400 invalid_query"},

	{says: ownTenant, of: "the catalogue", given: []string{successIsPositive, otherIsOff}, when: superOther + getTypes, then: "200", shows: []string{"\n\n" + untouched}},
	{says: ownTenant, of: "a code that another has switched off", given: []string{otherIsOff}, when: superOther + postResult + sent("task_result.result", `"other"`), then: "201"},
	{says: ownTenant, of: "a classification", given: []string{superOther + successIsPositive, postResult + minimal}, when: "GET " + results + "/{r1}", then: "200", shows: []string{classified("Exito", "null")}},
	{says: ownTenant, of: "the filter", given: []string{superOther + successIsPositive, postResult + minimal}, when: "GET " + results + "?classification=POSITIVE", then: "200", shows: []string{none}},

	{says: firstAnswer, of: "of a configuration, even after another", given: []string{withKey + successIsPositive, successIsNegative}, while: nothingIsRecorded(withKey + successIsPositive), when: withKey + successIsPositive, then: "200",
		shows: []string{isReplayed, "Resultlog-Position: 1\n", `"classification":"POSITIVE"}`}, leaves: []string{typesPath + ` "label":"Exito","isActive":true,"classification":"NEGATIVE"}`}},
	{says: firstAnswer, of: "of the configuration of another code is another", given: []string{withKey + successIsPositive}, when: withKey + putTypes + `other {"is_active":true,"classification":"POSITIVE"}`, then: "200", lacks: []string{isReplayed}},
	{says: otherBody, of: "of a configuration", given: []string{withKey + successIsPositive}, while: nothingIsRecorded(withKey + successIsNegative), when: withKey + successIsNegative, then: "422 idempotency_key_reused"},
}

// classifiedOnly is the row of a filter that lets {r1} through, whose code is POSITIVE, and not {r2}.
func classifiedOnly(query string) contractRow {
	return contractRow{says: resultFilters, of: query, given: append(append([]string{}, twoResults...), successIsPositive, putTypes+`other {"is_active":true,"classification":"NEGATIVE"}`), when: "VIEWER GET " + results + "?" + query,
		then: "200", shows: []string{`{"data":[{"id":"{r1}"`, one, classified("Exito", `"POSITIVE"`)}, lacks: []string{"{r2}"}}
}

// TestTypesWaitAgain: the catalogue, too, waits again if it finds the tables emptied.
func TestTypesWaitAgain(t *testing.T) {
	for _, path := range []string{typesPath, keysPath} {
		w := newWorld(t)
		w.accept(t, successIsPositive)
		w.waited, w.emptied = 0, 2
		if rec := w.ask("GET " + path); rec.Code != http.StatusOK || w.waited != 3 {
			t.Errorf("%s: status %d, waited %d times: %s", path, rec.Code, w.waited, rec.Body)
		}
	}
}
