package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"resultlog/core"
)

// response is what the load generator looks at of an HTTP answer. Body is valid until the next one is read.
type response struct {
	status    int
	requestID bool // whether X-Request-Id was there
	body      []byte
}

// maxAnswer bounds the body of an answer: that of a submission or a refusal has some hundred bytes, one result read back a few thousand, and that of a batch fifty thousand.
const maxAnswer = 128 << 10

var errNotPersistent = errors.New("the server closes the connection: keep-alive is what is measured")

// readResponse reads one HTTP/1.1 answer with a Content-Length from a persistent connection. Everything else that HTTP allows is an error here:
// no contender sends it, and a generator that shares two cores with the server has no time for it. The body must fit into the reader's buffer.
func readResponse(r *bufio.Reader) (response, error) {
	line, err := readLine(r)
	if err != nil {
		return response{}, err
	}
	var answer response
	if answer.status, err = parseStatusLine(line); err != nil {
		return response{}, err
	}
	length := -1
	for {
		if line, err = readLine(r); err != nil {
			return response{}, unexpected(err)
		}
		if len(line) == 0 {
			break
		}
		if err := answer.header(line, &length); err != nil {
			return response{}, err
		}
	}
	return answer, answer.readBody(r, length)
}

// header takes one header line in.
func (a *response) header(line []byte, length *int) (err error) {
	key, value, ok := bytes.Cut(line, []byte(":"))
	if !ok {
		return fmt.Errorf("header line %q has no colon", line)
	}
	value = bytes.TrimSpace(value)
	switch {
	case is(key, "Content-Length"):
		if *length, err = strconv.Atoi(string(value)); err != nil || *length < 0 {
			return fmt.Errorf("Content-Length %q is not a number", value)
		}
	case is(key, "X-Request-Id"):
		a.requestID = len(value) > 0
	case is(key, "Transfer-Encoding"):
		return fmt.Errorf("Transfer-Encoding %q: only a Content-Length is understood", value)
	case is(key, "Connection") && bytes.EqualFold(value, []byte("close")):
		return errNotPersistent
	}
	return nil
}

// readBody leaves the body in the reader's buffer: it is looked at and forgotten.
func (a *response) readBody(r *bufio.Reader, length int) error {
	if length < 0 && a.status != 204 {
		return fmt.Errorf("answer %d has no Content-Length", a.status)
	}
	body, err := r.Peek(max(length, 0))
	if err != nil {
		return unexpected(err)
	}
	a.body = body
	_, err = r.Discard(len(body))
	return err
}

// resultID finds the id of an answer to a submission or a creation: it is the object's first key.
func (a response) resultID() (core.ID, error) {
	return leadingID(a.body)
}

// resultIDs finds the ids of an answer to so many submissions. Of a batch, each item must have been answered 201.
func (a response) resultIDs(items int64) ([]core.ID, error) {
	if items == 1 {
		id, err := a.resultID()
		return []core.ID{id}, err
	}
	if n := bytes.Count(a.body, []byte(`,"status":201,"headers":{`)); int64(n) != items {
		return nil, fmt.Errorf("%d of %d items were answered 201: %s", n, items, a.body)
	}
	const before = `},"body":`
	var ids []core.ID
	for rest := a.body; ; {
		_, after, found := bytes.Cut(rest, []byte(before))
		if !found {
			break
		}
		id, err := leadingID(after)
		if err != nil {
			return nil, err
		}
		ids, rest = append(ids, id), after
	}
	if int64(len(ids)) != items {
		return nil, fmt.Errorf("%d ids of %d items: %s", len(ids), items, a.body)
	}
	return ids, nil
}

// leadingID is the value of the object's first key, if that is the id.
func leadingID(body []byte) (core.ID, error) {
	const start, length = `{"id":"`, 36
	if !bytes.HasPrefix(body, []byte(start)) || len(body) < len(start)+length {
		return core.ID{}, fmt.Errorf("answer does not begin with an id: %q", body)
	}
	var id core.ID
	err := id.UnmarshalText(body[len(start) : len(start)+length])
	return id, err
}

// parseStatusLine reads "HTTP/1.1 201 Created".
func parseStatusLine(line []byte) (int, error) {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(rest) < 3 || (len(rest) > 3 && rest[3] != ' ') {
		return 0, fmt.Errorf("status line %q is not one of HTTP/1.1", line)
	}
	status := 0
	for _, digit := range rest[:3] {
		if digit < '0' || digit > '9' {
			return 0, fmt.Errorf("status line %q has no status", line)
		}
		status = status*10 + int(digit-'0')
	}
	return status, nil
}

// readLine reads up to CRLF. What it gives is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// is compares a header's name without looking at case; no allocation.
func is(key []byte, name string) bool {
	return len(key) == len(name) && bytes.EqualFold(key, []byte(name))
}

// unexpected turns the end of a stream that ends in the middle of an answer into an error that says so.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
