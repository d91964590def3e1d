package httpapi

import (
	"context"
	"net/http"

	"resultlog/core"
)

// dispatch is the body of POST /api/activities/tasks/:id/dispatch, which may be left out.
type dispatch struct{ provider string }

// dispatchFields is the contract's list of fields (§2.7).
var dispatchFields = []field[dispatch]{
	{"provider_activity_id", optional, func(d *decoder, r *dispatch) { r.provider = d.text(1, maxID) }},
}

func (s *Server) dispatchTask(x *exchange) error {
	b := borrow()
	defer b.giveBack()
	var body dispatch
	if err := receiveOptional(s, x, b, dispatchFields, &body); err != nil {
		return err
	}
	id, err := x.pathID()
	if err != nil {
		return err
	}
	if _, err := s.submit(x, core.DispatchActivity{ActivityID: id, ProviderActivityID: body.provider}); err != nil {
		return err
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}

// cancelFields: a cancellation says nothing; an empty object will do as well as no body.
var cancelFields []field[struct{}]

func (s *Server) cancelActivity(x *exchange) error {
	b := borrow()
	defer b.giveBack()
	if err := receiveOptional(s, x, b, cancelFields, new(struct{})); err != nil {
		return err
	}
	id, err := x.pathID()
	if err != nil {
		return err
	}
	receipt, err := s.submit(x, core.CancelActivity{ActivityID: id})
	if err != nil {
		return err
	}
	v, err := s.activityAsOf(x.request.Context(), receipt.Events[0])
	if err != nil { // it is cancelled all the same, and must not be told otherwise
		return &core.Error{Code: core.CodeOutcomeUnknown, Message: "the activity was cancelled, but cannot be shown right now: retry with the same Idempotency-Key, or read it a little later", Err: err}
	}
	b.out = appendActivity(b.out, &v)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

// activityAsOf folds an activity's stream up to an event in it: shown again at any later time, it is the same.
func (s *Server) activityAsOf(ctx context.Context, last core.Recorded) (v core.ActivityView, err error) {
	ctx, cancel := context.WithTimeout(ctx, ReadTimeout)
	defer cancel()
	for r, err := range s.History.ReadStream(ctx, last.Stream, 0) {
		if err != nil {
			return v, err
		}
		v.Fold(r)
		if r.Version == last.Version {
			break
		}
	}
	return v, nil
}
