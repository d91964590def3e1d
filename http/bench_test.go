package httpapi

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"resultlog/core"
)

// instantly is a submitter that accepts everything and keeps nothing.
type instantly struct{ *world }

func (instantly) Submit(_ context.Context, c core.Command) (core.Receipt, error) {
	in := c.Intent.(core.SubmitResult)
	return core.Receipt{Events: []core.Recorded{{TenantPosition: 1, Event: core.ResultSubmitted{ResultID: in.ResultID, Source: core.Standalone, Submission: in.Submission}}}}, nil
}

func (i instantly) SubmitAll(ctx context.Context, commands []core.Command) ([]core.Outcome, error) {
	outcomes := make([]core.Outcome, len(commands))
	for n, c := range commands {
		outcomes[n].Receipt, outcomes[n].Err = i.Submit(ctx, c)
	}
	return outcomes, nil
}

// blackhole is a ResponseWriter that costs nothing.
type blackhole struct {
	header http.Header
	status int
}

func (b *blackhole) Header() http.Header         { return b.header }
func (b *blackhole) WriteHeader(status int)      { b.status = status }
func (b *blackhole) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkSubmitResult is a POST of the documented example through everything but the network and the decision.
func BenchmarkSubmitResult(b *testing.B) {
	benchmarkPost(b, submitPath, documentedExample, http.StatusCreated)
}

// BenchmarkSubmitBatch is the same a hundred times in one POST.
func BenchmarkSubmitBatch(b *testing.B) {
	benchmarkPost(b, batchPath, array(slices.Repeat([]string{documentedExample}, 100)...), http.StatusMultiStatus)
}

func benchmarkPost(b *testing.B, path, text string, status int) {
	w := newWorld(b, func(c *Config) {
		c.Submitter = instantly{}
		c.NewID = nil
	})
	r := w.request(http.MethodPost, path, text)
	body := strings.NewReader("")
	r.Body = io.NopCloser(body)
	out := &blackhole{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(text)
		clear(out.header)
		w.server.ServeHTTP(out, r)
		if out.status != status {
			b.Fatal(out.status)
		}
	}
}

// BenchmarkDecodeSubmission is the decoder alone.
func BenchmarkDecodeSubmission(b *testing.B) {
	buffers := borrow()
	b.ReportAllocs()
	b.SetBytes(int64(len(documentedExample)))
	for b.Loop() {
		buffers.in.Reset()
		buffers.in.WriteString(documentedExample)
		var r submission
		if err := decode(buffers, submissionFields, &r, core.InstantOf(noon)); err != nil {
			b.Fatal(err)
		}
	}
}
