package core

import "fmt"

// Code names a kind of refusal or failure; it is the `code` of an error body (contract §2.4) and a metric label, and never changes its meaning.
type Code string

// The codes that the heart of the service gives. The HTTP layer adds those of its own (routes, credentials, syntax) and maps each to a status in one table.
const (
	CodeInvalid            Code = "validation_failed"      // 400: values that are wrong in themselves; Fields says where
	CodeAmbiguousIDs       Code = "ambiguous_ids"          // 400: the ids sent name two different things
	CodeNotATask           Code = "activity_not_task"      // 400: the matched activity is a MESSAGE
	CodeNotReady           Code = "activity_not_ready"     // 400: only a READY activity can be dispatched
	CodeFuture             Code = "as_of_in_future"        // 400: the moment that is asked for has not come
	CodeStaleResult        Code = "stale_result"           // 409: the temporal guard
	CodeInvalidTransition  Code = "invalid_transition"     // 409: the state guard
	CodeDuplicateActivity  Code = "activity_exists"        // 409: idempotency_key used before; Existing names the activity
	CodeProviderIDConflict Code = "provider_id_conflict"   // 409: the provider id belongs to another activity
	CodeTooManyAPIKeys     Code = "too_many_api_keys"      // 409: a tenant has as many as it may
	CodeAPIKeyRevoked      Code = "api_key_revoked"        // 409: what is to be revoked was revoked before
	CodeUnauthenticated    Code = "unauthenticated"        // 401: the credential that a command came with is valid no more
	CodePermissionDenied   Code = "permission_denied"      // 403: the credential does not hold what is needed
	CodeKeyReused          Code = "idempotency_key_reused" // 422: the Idempotency-Key was used before, with another body
	CodeNotFound           Code = "not_found"              // 404
	CodeQueueFull          Code = "queue_full"             // 503: a bound was reached; nothing was written
	CodeUnavailable        Code = "unavailable"            // 503: surely nothing was written
	CodeOutcomeUnknown     Code = "outcome_unknown"        // 503: it may have been written
	CodeKeysUnavailable    Code = "keys_unavailable"       // 503: whether a credential is valid cannot be told
	CodeReadsBehind        Code = "reads_behind"           // 503: the read tables did not reach the log's head in time
	CodeProofUnavailable   Code = "proof_unavailable"      // 503: the event is in no signed checkpoint yet, or what proves the history cannot be read
	CodeParked             Code = "projection_parked"      // 503: the read tables lack what they could not apply of this result, activity or tenant
)

// Error is the one error type that crosses rooms: a code for programs and a message that a person can act on.
type Error struct {
	Code     Code
	Message  string
	Fields   []FieldError // for CodeInvalid: every value that is wrong
	Existing *Existing    // for conflicts: what stands in the way
	Err      error        // the cause, for logs; never shown to a client
}

// FieldError says what is wrong with one value of a request. Pointer is a JSON pointer (RFC 6901) into the body.
type FieldError struct {
	Pointer string
	Message string
}

// Existing is the result, or the activity, that a refused command ran into. ResultStatus is NoResult for an activity.
type Existing struct {
	ID           ID
	ResultStatus ResultStatus
	UpdatedAt    Instant
}

// Error implements error.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// refuse makes the error of a command that was judged and refused.
func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
