package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/julienschmidt/httprouter"

	"resultlog/core"
)

// maxBody is the contract's limit of one body (§2.3).
const maxBody = 256 << 10

// submitted is the body of a submission, in the shape that resultlog decodes it to (contract §1).
type submitted struct {
	ActivityID         *core.ID          `json:"activity_id"`
	ProviderActivityID string            `json:"provider_activity_id"`
	CommerceExternalID string            `json:"commerce_external_id"`
	OccurredAt         core.Instant      `json:"occurred_at"`
	Status             core.ResultStatus `json:"status"`
	ExternalStatus     string            `json:"external_status"`
	HardOverride       bool              `json:"hard_override"`
	RawPayload         jsontext.Value    `json:"raw_payload"`
	TaskResult         struct {
		Result             core.ResultCode `json:"result"`
		Comment            string          `json:"comment"`
		ContactType        string          `json:"contact_type"`
		OperatorExternalID string          `json:"operator_external_id"`
		FutureScheduledAt  *core.Instant   `json:"future_scheduled_at"`
		Payload            jsontext.Value  `json:"payload"`
	} `json:"task_result"`
}

// accepted is a submission that was understood, and what the answer says of it beside.
type accepted struct {
	submitted
	body             []byte
	result, activity core.ID
	created, updated core.Instant
}

// refusal is why a submission is not kept, if it is the submission's fault.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

// benchTenant is the tenant that tenantText names.
var benchTenant = core.ID(uuid.MustParse(tenantText))

func newID() core.ID { return core.ID(uuid.Must(uuid.NewV7())) }

// limitHandler does nothing in between but hand the body to keep.
// It is what every durable server of this contract, written with net/http, has to do at least.
func limitHandler(token string, keep func(body []byte) error) http.Handler {
	return handler(token, func(_ context.Context, a *accepted) error { return keep(a.body) })
}

// handler answers submissions as resultlog does, from the outside. What keep puts in place of the result's id and the activity's is answered.
func handler(token string, keep func(context.Context, *accepted) error) http.Handler {
	known := map[string]string{token: tenantText} // a verified token is cached: the look-up is the whole check
	router := httprouter.New()
	router.POST("/api/activity-results/tasks", func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if id, ok := known[given]; !ok || r.Header.Get("X-Tenant-Id") != id {
			http.Error(w, "unknown token or tenant", http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		now := core.InstantOf(time.Now())
		a := accepted{body: body, result: newID(), activity: benchTenant, created: now, updated: now}
		if err == nil {
			err = json.Unmarshal(body, &a.submitted, json.RejectUnknownMembers(true))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := keep(r.Context(), &a); err != nil {
			status := http.StatusServiceUnavailable
			if refused := new(refusal); errors.As(err, &refused) {
				status = refused.status
			}
			http.Error(w, err.Error(), status)
			return
		}
		answer(w, &a)
	})
	return router
}

// answerSize is what an answer takes at most if its comment is not long: it is allocated once.
const answerSize = 512

// answer writes the 201 (contract §2.4), by hand: a limit must not be lower than it has to be.
func answer(w http.ResponseWriter, in *accepted) {
	b := make([]byte, 0, answerSize)
	b = append(append(b, `{"id":"`...), in.result.String()...)
	b = append(append(b, `","activityId":"`...), in.activity.String()...)
	b = append(append(b, `","source":"RETEN_ACTIVITY","resultStatus":"`...), in.Status.String()...)
	b = append(append(b, `","occurredAt":"`...), in.OccurredAt.String()...)
	b = append(append(b, `","taskDetails":{"result":"`...), in.TaskResult.Result.String()...)
	b = append(b, `","comment":`...)
	b, _ = jsontext.AppendQuote(b, in.TaskResult.Comment) // fails on bad UTF-8 alone, which was refused
	b = append(append(b, `,"contactType":"`...), in.TaskResult.ContactType...)
	b = append(append(b, `"},"createdAt":"`...), in.created.String()...)
	b = append(append(b, `","updatedAt":"`...), in.updated.String()...)
	b = append(b, `"}`...)

	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(b))}
	h["X-Request-Id"] = []string{uuid.NewString()}
	h["Resultlog-Position"] = []string{"1"}
	w.WriteHeader(http.StatusCreated)
	w.Write(b)
}
