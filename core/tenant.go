package core

import (
	"errors"
	"fmt"
)

// Tenant is the slim state of a tenant: where it stands in the log, and what its own stream says of it. It has no pointer.
type Tenant struct {
	Head    Position // the tenant position of its last event
	Version Version  // of the last event in its own stream, whose id is the tenant's
	Keys    int32    // how many API keys it has that are not revoked
	Types   ResultTypes
}

// Classification is what a tenant holds an outcome to be (contract §1).
type Classification uint8

// The classifications.
const (
	Unclassified Classification = iota // null on the wire
	Positive
	Negative
)

var classificationNames = []string{"NONE", "POSITIVE", "NEGATIVE"}

// String is the name on the wire; empty if there is none.
func (c Classification) String() string {
	if c == Unclassified {
		return ""
	}
	return classificationNames[c]
}

// MarshalText implements encoding.TextMarshaler with the name on the wire.
func (c Classification) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; the error lists what is allowed.
func (c *Classification) UnmarshalText(text []byte) (err error) {
	*c, err = parseName[Classification](classificationNames, string(text))
	return err
}

// ResultTypes is how a tenant has the catalogue (contract §2.8): until it is configured, a code is active and unclassified, which is what the zero value says of all.
type ResultTypes struct{ inactive, positive, negative codeSet }

// codeSet is a set of codes of the catalogue, one bit each.
type codeSet uint32

func (s codeSet) has(c ResultCode) bool { return s&(1<<c) != 0 }

func (s codeSet) with(c ResultCode, in bool) codeSet {
	if in {
		return s | 1<<c
	}
	return s &^ (1 << c)
}

// Active reports whether submissions may use a code.
func (t ResultTypes) Active(c ResultCode) bool { return !t.inactive.has(c) }

// Classification is what a code counts as.
func (t ResultTypes) Classification(c ResultCode) Classification {
	switch {
	case t.positive.has(c):
		return Positive
	case t.negative.has(c):
		return Negative
	default:
		return Unclassified
	}
}

// Configure gives the catalogue with one code configured anew.
func (t ResultTypes) Configure(c ResultCode, active bool, as Classification) ResultTypes {
	return ResultTypes{inactive: t.inactive.with(c, !active), positive: t.positive.with(c, as == Positive), negative: t.negative.with(c, as == Negative)}
}

// Codes lists the codes of a classification, in the catalogue's order.
func (t ResultTypes) Codes(as Classification) []ResultCode {
	return t.codes(func(c ResultCode) bool { return t.Classification(c) == as })
}

// active lists the codes that submissions may use, as they stand on the wire.
func (t ResultTypes) active() []string {
	var names []string
	for _, c := range t.codes(t.Active) {
		names = append(names, c.String())
	}
	return names
}

// switchedOff is the error of a code that submissions may not use; it shows those that they may.
func (t ResultTypes) switchedOff() error {
	active := t.active()
	if len(active) == 0 {
		return errors.New("is switched off in this tenant, and so is every other code: somebody who may configure them must switch one on")
	}
	return fmt.Errorf("is switched off in this tenant: %w", NotOneOf(active))
}

func (t ResultTypes) codes(wanted func(ResultCode) bool) []ResultCode {
	var codes []ResultCode
	for i := range Catalog {
		if c := ResultCode(i + 1); wanted(c) {
			codes = append(codes, c)
		}
	}
	return codes
}

// decideConfiguration is contract §2.8. A configuration that says what is so already is recorded too: it is an answer to who has confirmed it.
func decideConfiguration(tenant ID, c ConfigureResultType) ([]Event, error) {
	if c.Code == 0 {
		return nil, refuse(CodeNotFound, "the catalogue has no such result type: GET /api/task-result-types lists those that there are")
	}
	return []Event{ResultTypeConfigured{TenantID: tenant, ResultTypeSetting: c.ResultTypeSetting}}, nil
}
