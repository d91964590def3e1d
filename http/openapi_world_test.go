package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"resultlog/core"
)

// description is docs/openapi.json, ready to judge what goes over the wire. It is loaded once.
type description struct {
	json []byte
	spec *openapi3.T
}

var documented = sync.OnceValue(func() *description {
	text, err := os.ReadFile("../docs/openapi.json")
	if err != nil {
		panic(err)
	}
	spec, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		panic(err)
	}
	for _, media := range []string{"text/html", "text/css", "text/javascript", mediaNDJSON, mediaEvents} { // it knows text/plain, and takes no other text for text
		openapi3filter.RegisterBodyDecoder(media, openapi3filter.RegisteredBodyDecoder("text/plain"))
	}
	return &description{json: text, spec: spec}
})

// judging is how kin-openapi is to judge. JSON Schema leaves formats open: here they are what the contract says (§2.3), by the functions that read them.
//
// What kin-openapi does not judge, and judge does in its stead: query parameters and headers that are not described, and bodies where none is. A schema with $ref in it and no keyword that
// is new in OpenAPI 3.1 goes through its older validator, which asks for a type beside an enum that holds null. Duplicate keys are nobody's business but the server's own tests'.
var judging = &openapi3filter.Options{
	SkipSettingDefaults: true,
	AuthenticationFunc: func(_ context.Context, in *openapi3filter.AuthenticationInput) error {
		if in.SecurityScheme.Type == "apiKey" {
			if !isAPIKey(in.RequestValidationInput.Request.Header.Get(in.SecurityScheme.Name)) {
				return errors.New("no API key")
			}
			return nil
		}
		scheme, token, _ := strings.Cut(in.RequestValidationInput.Request.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, in.SecurityScheme.Scheme) || token == "" {
			return errors.New("no bearer token")
		}
		return nil
	},
	SchemaValidationOptions: []openapi3.SchemaValidationOption{
		openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
			"uuid":      openapi3.NewCallbackValidator(func(s string) error { _, err := core.ParseID(s); return err }),
			"date-time": openapi3.NewCallbackValidator(func(s string) error { _, err := core.ParseInstant(s); return err }),
		}),
	},
}

// heard is a request's body that remembers what the server has read of it.
type heard struct {
	io.ReadCloser
	read bytes.Buffer
}

func (h *heard) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.read.Write(p[:n])
	return n, err
}

// judge says what of a request and its answer the document does not describe, if anything: the answer's status, type, headers and body must be described, and what was accepted must be valid.
func (d *description) judge(r *http.Request, body []byte, rec *httptest.ResponseRecorder) error {
	route, params := d.find(r.Method, r.URL.Path)
	if route == nil {
		return d.judgeStray(r, rec)
	}
	in := &openapi3filter.RequestValidationInput{Request: again(r, body), PathParams: params, Route: route, Options: judging}
	if err := d.judgeAnswer(in, rec); err != nil {
		return err
	}
	if rec.Code < 200 || rec.Code > 299 {
		return nil // a request may also be refused for what no schema can say
	}
	for name := range r.URL.Query() { // which kin-openapi lets pass, as OpenAPI has it; this service does not
		if route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("accepted with the query parameter %q, which is not described", name)
		}
	}
	if rec.Code == http.StatusMultiStatus {
		accepted := acceptedOf(r, body, rec)
		if accepted == nil {
			return nil
		}
		in.Request = again(r, accepted)
		in.Request.Header.Set("Content-Type", mediaJSON)
	}
	if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
		return fmt.Errorf("accepted, but not valid: %w", err)
	}
	return nil
}

// acceptedOf is what of a batch was accepted, as an array; nil if nothing was.
func acceptedOf(r *http.Request, body []byte, rec *httptest.ResponseRecorder) []byte {
	var items, accepted []json.RawMessage
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), mediaNDJSON) {
		for line := range bytes.Lines(body) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				items = append(items, line)
			}
		}
	} else if err := json.Unmarshal(body, &items); err != nil {
		panic(err)
	}
	var answers []struct{ Index, Status int }
	if err := json.Unmarshal(rec.Body.Bytes(), &answers); err != nil {
		panic(err)
	}
	for _, a := range answers {
		if a.Status == http.StatusCreated {
			accepted = append(accepted, items[a.Index])
		}
	}
	if accepted == nil {
		return nil
	}
	return slices.Concat([]byte("["), bytes.Join(rawBytes(accepted), []byte(",")), []byte("]"))
}

func rawBytes(raw []json.RawMessage) (b [][]byte) {
	for _, r := range raw {
		b = append(b, r)
	}
	return b
}

// again is a request with the body that was heard of it.
func again(r *http.Request, body []byte) *http.Request {
	c := r.Clone(context.Background())
	c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return c
}

// judgeAnswer holds an answer against the operation that it is of.
func (d *description) judgeAnswer(in *openapi3filter.RequestValidationInput, rec *httptest.ResponseRecorder) error {
	answer := in.Route.Operation.Responses.Status(rec.Code)
	if answer == nil {
		return fmt.Errorf("the status %d is not described", rec.Code)
	}
	if len(answer.Value.Content) == 0 && rec.Body.Len() > 0 { // kin-openapi lets it pass
		return fmt.Errorf("the status %d is described without a body", rec.Code)
	}
	for name := range rec.Header() { // likewise
		if _, known := answer.Value.Headers[canonical(answer.Value.Headers, name)]; !known && !slices.Contains(undescribed, name) {
			return fmt.Errorf("the header %s is not described", name)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Options: judging}
	out.SetBodyBytes(rec.Body.Bytes())
	return openapi3filter.ValidateResponse(context.Background(), out)
}

// undescribed are headers of HTTP itself, which OpenAPI describes elsewhere or not at all, those that every answer carries, whatever was asked (guards_test.go), and those of CORS (cors_test.go).
var undescribed = append(guardNames(), "Content-Type", "Content-Length", "Connection", "Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers")

// canonical is the name of a header as the document spells it.
func canonical(headers openapi3.Headers, name string) string {
	for spelt := range headers {
		if strings.EqualFold(spelt, name) {
			return spelt
		}
	}
	return name
}

// judgeStray judges the answer to a request that no operation is for: 405 or an OPTIONS if another method has the path, else 404.
func (d *description) judgeStray(r *http.Request, rec *httptest.ResponseRecorder) error {
	in := &openapi3filter.RequestValidationInput{Request: again(r, nil), Options: judging}
	for method := range strings.SplitSeq("GET POST PUT PATCH DELETE", " ") {
		in.Route, in.PathParams = d.find(method, r.URL.Path)
		switch {
		case in.Route == nil:
		case r.Method != http.MethodOptions:
			return d.judgeAnswerOf(in, rec, http.StatusMethodNotAllowed)
		case rec.Code != http.StatusNoContent || rec.Header().Get("Allow") == "" || rec.Body.Len() > 0:
			return fmt.Errorf("OPTIONS was answered with status %d, headers %v", rec.Code, rec.Header())
		default:
			return nil
		}
	}
	missing := openapi3.NewResponses(openapi3.WithStatus(http.StatusNotFound, d.spec.Components.Responses["RouteNotFound"]))
	in.Route = &routers.Route{Spec: d.spec, Operation: &openapi3.Operation{Responses: missing}}
	return d.judgeAnswerOf(in, rec, http.StatusNotFound)
}

func (d *description) judgeAnswerOf(in *openapi3filter.RequestValidationInput, rec *httptest.ResponseRecorder, status int) error {
	if rec.Code != status {
		return fmt.Errorf("status %d; by the document it must be %d", rec.Code, status)
	}
	return d.judgeAnswer(in, rec)
}

// find gives the operation that a request is for, and what its path is filled with: like the router, a path without parameters goes before one with them.
func (d *description) find(method, path string) (best *routers.Route, filled map[string]string) {
	for pattern, item := range d.spec.Paths.Map() {
		operation := item.GetOperation(method)
		params, fits := fill(pattern, path)
		if operation == nil || !fits || best != nil && len(params) > len(filled) {
			continue
		}
		best, filled = &routers.Route{Spec: d.spec, Path: pattern, PathItem: item, Method: method, Operation: operation}, params
	}
	return best, filled
}

// fill matches a path with a pattern, and gives what stands for its {parameters}.
func fill(pattern, path string) (params map[string]string, fits bool) {
	wants, has := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(wants) != len(has) {
		return nil, false
	}
	params = map[string]string{}
	for i, want := range wants {
		if name, ok := strings.CutPrefix(want, "{"); ok && has[i] != "" {
			params[strings.TrimSuffix(name, "}")] = has[i]
		} else if want != has[i] {
			return nil, false
		}
	}
	return params, true
}
