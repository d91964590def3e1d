package main

import (
	"bufio"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func reader(text string) *bufio.Reader {
	return bufio.NewReaderSize(iotest.OneByteReader(strings.NewReader(text)), maxAnswer)
}

func TestReadResponse(t *testing.T) {
	const created = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nx-request-id: abc\r\ncontent-length: 2\r\n\r\n{}"
	const unavailable = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nlater"
	r := reader(created + unavailable + "HTTP/1.1 204\r\n\r\n")
	for _, want := range []response{
		{status: 201, requestID: true, body: []byte("{}")},
		{status: 503, body: []byte("later")},
		{status: 204},
	} {
		got, err := readResponse(r)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != want.status || got.requestID != want.requestID || string(got.body) != string(want.body) {
			t.Errorf("readResponse = %d %v %q, want %d %v %q", got.status, got.requestID, got.body, want.status, want.requestID, want.body)
		}
	}
	if _, err := readResponse(r); err != io.EOF {
		t.Errorf("after the last answer: %v, want EOF", err)
	}
}

func TestReadResponseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"another protocol":         "HTTP/1.0 201 Created\r\nContent-Length: 0\r\n\r\n",
		"no status":                "HTTP/1.1 abc\r\nContent-Length: 0\r\n\r\n",
		"a longer status":          "HTTP/1.1 2011\r\nContent-Length: 0\r\n\r\n",
		"no length":                "HTTP/1.1 201 Created\r\n\r\n",
		"a negative length":        "HTTP/1.1 201 Created\r\nContent-Length: -1\r\n\r\n",
		"a length beyond bounds":   "HTTP/1.1 201 Created\r\nContent-Length: 9999999\r\n\r\n",
		"chunks":                   "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunks beside a length":   "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"a connection that ends":   "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
		"a header without colon":   "HTTP/1.1 201 Created\r\nContent-Length\r\n\r\n",
		"a body that is cut off":   "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nab",
		"headers that are cut off": "HTTP/1.1 201 Created\r\n",
	} {
		if got, err := readResponse(reader(text)); err == nil {
			t.Errorf("%s: accepted as %d %q", name, got.status, got.body)
		}
	}
}

func TestResultID(t *testing.T) {
	answer := response{body: []byte(`{"id":"770e8400-e29b-41d4-a716-446655440000","activityId":null}`)}
	id, err := answer.resultID()
	if err != nil || id.String() != "770e8400-e29b-41d4-a716-446655440000" {
		t.Errorf("resultID = %v, %v", id, err)
	}
	for _, body := range []string{``, `{"id":"770e`, `{"activityId":null}`, `{"id":"770e8400-e29b-41d4-a716-44665544000g"}`} {
		if id, err := (response{body: []byte(body)}).resultID(); err == nil {
			t.Errorf("resultID of %q = %v, want an error", body, id)
		}
	}
}
