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
	var body dispatch
	_, err := submitOn(s, x, dispatchFields, &body, func(id core.ID) core.Intent {
		return core.DispatchActivity{ActivityID: id, ProviderActivityID: body.provider}
	})
	if err != nil {
		return err
	}
	x.answerEmpty(http.StatusNoContent)
	return nil
}

// noFields is for what says nothing beside its path: an empty object will do as well as no body.
var noFields []field[struct{}]

func (s *Server) cancelActivity(x *exchange) error {
	receipt, err := submitOn(s, x, noFields, new(struct{}), func(id core.ID) core.Intent { return core.CancelActivity{ActivityID: id} })
	if err != nil {
		return err
	}
	var v core.ActivityView
	if err := s.foldTo(x.request.Context(), receipt.Events[0], v.Fold); err != nil { // it is cancelled all the same, and must not be told otherwise
		return &core.Error{Code: core.CodeOutcomeUnknown, Message: "the activity was cancelled, but cannot be shown right now: retry with the same Idempotency-Key, or read it a little later", Err: err}
	}
	b := borrow()
	defer b.giveBack()
	b.out = AppendActivity(b.out, &v)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

// foldTo shows fold a stream's events up to one of them: what comes of it is the same at any later time.
func (s *Server) foldTo(ctx context.Context, last core.Recorded, fold func(core.Recorded)) error {
	ctx, cancel := context.WithTimeout(ctx, ReadTimeout)
	defer cancel()
	for r, err := range s.History.ReadStream(ctx, last.Stream, 0) {
		if err != nil {
			return err
		}
		fold(r)
		if r.Version == last.Version {
			break
		}
	}
	return nil
}
