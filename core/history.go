package core

import (
	"bytes"
	"iter"
	"maps"
	"slices"
)

// EventTypes lists the types of event that there are, in the order of the alphabet.
var EventTypes = slices.Sorted(maps.Keys(upcasters))

// EventFilter says which events of a tenant's history are wanted: those that fit all that is set; zero means not set.
type EventFilter struct {
	Type     string
	Recorded Span
	Activity ID // of this activity, and of its result
	Result   ID // of this result

	streams []ID // of Activity and Result, as far as they are known
}

// Fits reports whether an event is wanted.
func (f *EventFilter) Fits(e Entry) bool {
	return (f.Type == "" || f.Type == e.Type) && f.Recorded.Holds(e.RecordedAt) && (f.IsWhole() || slices.Contains(f.streams, e.StreamID))
}

// IsOver reports whether neither this event nor a later one is wanted: when events were recorded never decreases along the log.
func (f *EventFilter) IsOver(e Entry) bool {
	return f.Recorded.To != nil && e.RecordedAt > *f.Recorded.To
}

// IsWhole reports whether the events of all streams may be wanted.
func (f *EventFilter) IsWhole() bool { return f.Activity.IsZero() && f.Result.IsZero() }

// Streams are those among whose events the wanted ones are, once they are known; beside all if IsWhole.
func (f *EventFilter) Streams() []ID { return f.streams }

// Know adds a stream of the activity or the result. One that is ruled out by the other is none.
func (f *EventFilter) Know(stream ID) {
	if !stream.IsZero() && (f.Result.IsZero() || f.Result == stream) && !slices.Contains(f.streams, stream) {
		f.streams = append(f.streams, stream)
	}
}

// Learn looks whether an event ties a result to the activity: from there on that result's events are wanted too.
func (f *EventFilter) Learn(e Entry) error {
	if f.Activity.IsZero() || len(f.streams) > 1 {
		return nil
	}
	result, err := e.ResultOf(f.Activity)
	f.Know(result)
	return err
}

// ResultOf gives the result that an event ties to an activity: the activity's own event may name it, or the result's names the activity. None if it ties none.
func (e Entry) ResultOf(activity ID) (ID, error) {
	switch e.Type {
	case "ActivityTransitioned", "ResultSubmitted", "ResultLinked":
	default:
		return ID{}, nil
	}
	if !bytes.Contains(e.Data, []byte(activity.String())) { // nearly always, and quick
		return ID{}, nil
	}
	event, err := Decode(Encoded{Type: e.Type, Schema: e.SchemaVersion, Data: e.Data})
	if err != nil {
		return ID{}, err
	}
	switch event := event.(type) {
	case ActivityTransitioned:
		if event.ActivityID == activity {
			return event.ResultID, nil
		}
	case ResultSubmitted:
		if event.ActivityID == activity {
			return event.ResultID, nil
		}
	case ResultLinked:
		if event.ActivityID == activity {
			return event.ResultID, nil
		}
	}
	return ID{}, nil
}

// ActivityOf reads the beginning of an activity's own stream, and gives the result that its events name: one that has moved it. Not is if this is no activity's stream, or empty.
func ActivityOf(activity ID, stream iter.Seq2[Entry, error]) (is bool, result ID, err error) {
	for e, err := range stream {
		if err != nil || !is && e.Type != (ActivityCreated{}).Type() {
			return false, ID{}, err
		}
		is = true
		if result, err = e.ResultOf(activity); err != nil || !result.IsZero() {
			return true, result, err
		}
	}
	return is, ID{}, nil
}
