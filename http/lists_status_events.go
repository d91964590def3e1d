package httpapi

import (
	"net/http"

	"resultlog/core"
)

func (s *Server) getStatusEvents(x *exchange) error {
	events, err := readByID(s, x, s.Reader.StatusEvents)
	if err != nil {
		return err
	}
	b := borrow()
	defer b.giveBack()
	b.out = appendStatusEvents(b.out, events)
	x.answerJSON(http.StatusOK, b.out)
	return nil
}

// appendStatusEvents encodes an activity's status events as a bare array, always with all their keys (contract §2.7).
func appendStatusEvents(b []byte, events []core.StatusEventView) []byte {
	b = append(b, '[')
	for i := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendStatusEvent(b, &events[i])
	}
	return append(b, ']')
}

func appendStatusEvent(b []byte, v *core.StatusEventView) []byte {
	o := core.OpenObject(b)
	o.ID("id", v.ID)
	o.Text("eventType", v.EventType)
	if v.From == core.NoActivity {
		o.Null("fromStatus")
	} else {
		o.Text("fromStatus", v.From.String())
	}
	o.Text("toStatus", v.To.String())
	textOrNull(&o, "errorCode", v.ErrorCode)
	textOrNull(&o, "errorMessage", v.ErrorMessage)
	o.Instant("occurredAt", v.OccurredAt)
	return o.Close()
}

func textOrNull(o *core.Object, key, text string) {
	if text == "" {
		o.Null(key)
	} else {
		o.Text(key, text)
	}
}
