package core

import "fmt"

// upcaster rewrites an event's data from one schema to the next.
type upcaster func(data []byte) ([]byte, error)

// upcasters holds, for each event type, the chain from schema 1 to the newest: the n-th entry leads from schema n+1 to n+2.
// An event is stored in the schema of its day for ever; a change of shape adds an entry here and a fixture in testdata/events, and never touches the log.
var upcasters = map[string][]upcaster{
	"ActivityCreated":      nil,
	"ResultSubmitted":      nil,
	"ActivityTransitioned": {unchanged}, // 2: provider_activity_id, which may be absent
	"ResultLinked":         nil,
	"PersonalErased":       nil,
	"ResultTypeConfigured": nil,
	"APIKeyIssued":         nil,
	"APIKeyRevoked":        nil,
}

// unchanged is the upcaster of a schema that only gained fields which may be absent.
func unchanged(data []byte) ([]byte, error) { return data, nil }

// newest is the schema in which events of a type are written now.
func newest(eventType string) int { return len(upcasters[eventType]) + 1 }

// upcast brings data of an older schema to the newest.
func upcast(eventType string, schema int, data []byte) ([]byte, error) {
	chain, err := chainFrom(eventType, schema)
	if err != nil {
		return nil, err
	}
	for n, up := range chain {
		if data, err = up(data); err != nil {
			return nil, fmt.Errorf("%s: from schema %d to %d: %w", eventType, schema+n, schema+n+1, err)
		}
	}
	return data, nil
}

// chainFrom gives the upcasters that lead from a schema of a type to the newest. ErrUnknownEvent if there is no such type, or no such schema of it.
func chainFrom(eventType string, schema int) ([]upcaster, error) {
	chain, ok := upcasters[eventType]
	if !ok {
		return nil, fmt.Errorf("%w: type %q; a newer resultlog wrote it: upgrade this node", ErrUnknownEvent, eventType)
	}
	if schema < 1 || schema > len(chain)+1 {
		return nil, fmt.Errorf("%w: %s of schema %d, this program knows 1 to %d; upgrade this node", ErrUnknownEvent, eventType, schema, len(chain)+1)
	}
	return chain[schema-1:], nil
}

// typeNames are the types that there are, each by its own name.
var typeNames = func() map[string]string {
	names := make(map[string]string)
	for name := range upcasters {
		names[name] = name
	}
	return names
}()

// TypeName gives the name of an event's type as a text: of the types that there are always the same one, so that who reads millions of events has no text for each.
func TypeName(name []byte) string {
	if known, ok := typeNames[string(name)]; ok {
		return known
	}
	return string(name)
}
