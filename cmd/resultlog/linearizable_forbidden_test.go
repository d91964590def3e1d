package main

import (
	"math"
	"testing"

	"github.com/anishathalye/porcupine"
)

const (
	at1 = "2026-01-01T00:00:00.001Z"
	at2 = "2026-01-01T00:00:00.002Z"
	at3 = "2026-01-01T00:00:00.003Z"
)

// exchanged is a request and its answer.
type exchanged struct {
	in  asked
	out told
}

func activityIs(status, result string, version int) told {
	return told{status: 200, shown: shown{ID: "a", Status: status, ResultID: result, Version: version, ProviderActivityID: "ext-1"}}
}

func resultIs(status, updatedAt string) told {
	return told{status: 201, shown: shown{ID: "r", ActivityID: "a", Source: "RETEN_ACTIVITY", ResultStatus: status, CreatedAt: at1, UpdatedAt: updatedAt}}
}

func refusedWith(status int, code, resultStatus, updatedAt string) (out told) {
	out.status, out.Code = status, code
	if resultStatus != "" {
		out.Existing.ID, out.Existing.ResultStatus, out.Existing.UpdatedAt = "r", resultStatus, updatedAt
	}
	return out
}

func submitted(status, occurredAt string) asked {
	return asked{verb: submits, names: true, status: status, occurredAt: occurredAt}
}

func overriding(status string) asked {
	in := submitted(status, wellAfter)
	in.override = true
	return in
}

func withKey(in asked) asked {
	in.key = "k"
	return in
}

// versionIs is a read of the PENDING result.
func versionIs(version int, updatedAt string) told {
	out := resultIs("PENDING", updatedAt)
	out.status, out.Version = 200, version
	return out
}

var (
	createdIt = exchanged{asked{verb: creates, names: true}, told{status: 201, shown: shown{ID: "a", Status: "READY", ProviderActivityID: "ext-1"}}}
	pendingIt = exchanged{submitted("PENDING", wellAfter), resultIs("PENDING", at1)}
	endedIt   = exchanged{submitted("COMPLETED", wellAfter), resultIs("COMPLETED", at2)}
	getIt     = asked{verb: getsActivity}
)

// A checker that finds nothing wrong proves nothing: these histories, one request after the other, it must call what they are.
func TestTheModelKnowsRightFromWrong(t *testing.T) {
	for name, c := range map[string]struct {
		history []exchanged
		want    porcupine.CheckResult
	}{
		"a life": {[]exchanged{
			createdIt, pendingIt, endedIt, {getIt, activityIs("COMPLETED", "r", 2)},
			{submitted("CANCELED", wellAfter), refusedWith(409, "invalid_transition", "COMPLETED", at2)}, {asked{verb: cancels}, refusedWith(409, "invalid_transition", "", "")},
		}, porcupine.Ok},
		"an answer that never came, of what happened": {[]exchanged{createdIt, pendingIt, {submitted("COMPLETED", wellAfter), told{}}, {getIt, activityIs("COMPLETED", "r", 2)}}, porcupine.Ok},
		"an answer that never came, of what did not":  {[]exchanged{createdIt, pendingIt, {submitted("COMPLETED", wellAfter), told{}}, {getIt, activityIs("READY", "r", 1)}}, porcupine.Ok},
		"a read that misses an acknowledged write":    {[]exchanged{createdIt, pendingIt, endedIt, {getIt, activityIs("READY", "r", 1)}}, porcupine.Illegal},
		"a read that goes back": {[]exchanged{
			createdIt, pendingIt, {submitted("COMPLETED", wellAfter), told{}}, {getIt, activityIs("COMPLETED", "r", 2)}, {getIt, activityIs("READY", "r", 1)},
		}, porcupine.Illegal},
		"two that both end it":                {[]exchanged{createdIt, endedIt, {submitted("CANCELED", wellAfter), resultIs("CANCELED", at3)}}, porcupine.Illegal},
		"equal is not after":                  {[]exchanged{createdIt, pendingIt, {submitted("COMPLETED", at1), resultIs("COMPLETED", at2)}}, porcupine.Illegal},
		"a refusal for no reason":             {[]exchanged{createdIt, pendingIt, {submitted("COMPLETED", wellAfter), refusedWith(409, "stale_result", "PENDING", at1)}}, porcupine.Illegal},
		"a refusal that shows another result": {[]exchanged{createdIt, pendingIt, {submitted("COMPLETED", longBefore), refusedWith(409, "stale_result", "PENDING", at2)}}, porcupine.Illegal},
		"state guard before temporal guard":   {[]exchanged{createdIt, endedIt, {submitted("PENDING", longBefore), refusedWith(409, "invalid_transition", "COMPLETED", at2)}}, porcupine.Illegal},
		"a time of record that decreases": {[]exchanged{
			createdIt, pendingIt, {submitted("PENDING", wellAfter), resultIs("PENDING", at2)}, {submitted("PENDING", wellAfter), resultIs("PENDING", at1)},
		}, porcupine.Illegal},
		"a retry that was decided twice": {[]exchanged{createdIt, pendingIt, {getIt, activityIs("READY", "r", 1)}, {asked{verb: cancels}, activityIs("CANCELED", "r", 3)}}, porcupine.Illegal},
		"a try that came after the one that was refused": {[]exchanged{
			createdIt, endedIt, {withKey(submitted("PENDING", wellAfter)), told{}}, {withKey(submitted("PENDING", wellAfter)), refusedWith(409, "invalid_transition", "COMPLETED", at2)},
			{overriding("PENDING"), resultIs("PENDING", at2)}, {asked{verb: getsResult, result: "r"}, versionIs(3, at3)},
		}, porcupine.Ok},
		"a retry that is refused, of what was accepted": {[]exchanged{
			createdIt, {withKey(submitted("COMPLETED", wellAfter)), told{}}, {withKey(submitted("COMPLETED", wellAfter)), refusedWith(409, "invalid_transition", "COMPLETED", at2)},
		}, porcupine.Illegal},
		"a provider id that is given twice":    {[]exchanged{createdIt, createdIt}, porcupine.Illegal},
		"a standalone result that is not told": {[]exchanged{pendingIt}, porcupine.Illegal},
		"dispatched after it was cancelled":    {[]exchanged{createdIt, {asked{verb: cancels}, activityIs("CANCELED", "", 2)}, {asked{verb: dispatches}, told{status: 204}}}, porcupine.Illegal},
	} {
		var operations []porcupine.Operation
		for i, e := range c.history {
			op := porcupine.Operation{Input: e.in, Output: e.out, Call: int64(2 * i), Return: int64(2*i + 1)}
			if e.out.none() {
				op.Return = math.MaxInt64
			}
			operations = append(operations, op)
		}
		if got := porcupine.CheckOperationsTimeout(contract, operations, checkLimit); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
