package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"resultlog/core"
	"resultlog/projections/audit"
)

// maxLine is the longest line that an export has: an event holds no more than a request of the largest body (256 KiB) with every character escaped, and its names.
const maxLine = 4 << 20

// verifyFile verifies an export by itself.
func (c *verifyCommand) verifyFile(ctx context.Context, con console, keys []audit.VerifierKey, report *verifyReport) error {
	promises, err := c.promises(keys)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	size, signed, err := endOfExport(f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if signed != "" && len(keys) > 0 {
		promise, err := audit.OpenPromise(signed, keys, "the checkpoint at the end of "+c.File)
		if err != nil {
			return err
		}
		promises = append(promises, promise)
	}
	if len(promises) > 0 {
		report.Keys = "trusted"
	}
	v := audit.NewVerifier(audit.Verification{Promises: promises, Exported: true, Found: report.found})
	if err := c.verifyLines(ctx, v, newExport(f, progressOfBytes(con, "verifying", size)), report); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := v.End(ctx); err != nil {
		return err
	}
	report.end(v)
	return nil
}

// verifyLines verifies event by event, up to a line that is none.
func (c *verifyCommand) verifyLines(ctx context.Context, v *audit.Verifier, lines iter.Seq2[line, error], report *verifyReport) error {
	var tenant core.ID
	for p, err := range audit.InOrder(ctx, lines, parseLine) {
		switch {
		case err != nil:
			return err
		case p.err != nil:
			report.found(unreadableLine(tenant, p))
			return nil
		case tenant.IsZero():
			tenant = p.Entry.TenantID
		case p.Entry.TenantID != tenant:
			return fmt.Errorf("line %d: this event is tenant %s's, and those before it are %s's: verify each tenant's history by itself", p.number, p.Entry.TenantID, tenant)
		}
		if err := v.Next(ctx, &p.Prepared); err != nil {
			return err
		}
	}
	return nil
}

// unreadableLine is a line that is no event of an export. If the tenant is not known yet, no more can be said than which line it is.
func unreadableLine(tenant core.ID, p *parsed) audit.Finding {
	f := audit.Finding{Kind: audit.KindUnreadable, Tenant: tenant, Message: p.err.Error()}
	if !tenant.IsZero() {
		f.First, f.Last = core.Position(p.number), core.Position(p.number)
	}
	return f
}

// checkpointMark begins the last line of an export of a whole history: the newest checkpoint that there was.
const checkpointMark = `{"checkpoint":`

// maxCheckpointLine is more than such a line has: a name, a number, two hashes and a signature.
const maxCheckpointLine = 8 << 10

// endOfExport gives how long a file is, and the checkpoint that it ends with, if it does.
func endOfExport(f *os.File) (size int64, signed string, err error) {
	info, err := f.Stat()
	if err != nil {
		return 0, "", err
	}
	size = info.Size()
	tail := make([]byte, min(size, maxCheckpointLine))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil {
		return size, "", err
	}
	tail = bytes.TrimSuffix(tail, []byte{'\n'})
	var last struct{ Checkpoint string }
	if begin := bytes.LastIndexByte(tail, '\n') + 1; bytes.HasPrefix(tail[begin:], []byte(checkpointMark)) {
		err = json.Unmarshal(tail[begin:], &last)
	}
	return size, last.Checkpoint, err
}

// line is a line of an export.
type line struct {
	number int64
	text   []byte
}

// newExport yields the lines of an export that are events.
func newExport(f io.Reader, reached func(bytes int64)) iter.Seq2[line, error] {
	reader := bufio.NewReaderSize(f, readAtOnce)
	return func(yield func(line, error) bool) {
		var number, read int64
		for {
			text, err := readLine(reader)
			switch {
			case errors.Is(err, io.EOF) && len(text) == 0:
				return
			case err != nil && !errors.Is(err, io.EOF):
				yield(line{}, fmt.Errorf("line %d: %w", number+1, err))
				return
			}
			number++
			if read += int64(len(text)) + 1; number%progressEvery == 0 {
				reached(read)
			}
			if !bytes.HasPrefix(text, []byte(checkpointMark)) && !yield(line{number, text}, nil) {
				return
			}
		}
	}
}

// readAtOnce is how many bytes of a file are read at a time: some hundred events.
const readAtOnce = 1 << 20

// readLine reads a line without its end. What it gives belongs to the caller.
func readLine(r *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := r.ReadSlice('\n')
		whole = append(whole, part...)
		switch {
		case len(whole) > maxLine:
			return nil, fmt.Errorf("is longer than %d bytes: it is no event", maxLine)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		}
		return bytes.TrimSuffix(whole, []byte{'\n'}), err
	}
}

// parsed is a line that was read.
type parsed struct {
	audit.Prepared
	number int64
	err    error // why it is no event of an export
}

// parseLine reads an event of an export. Its place in the tenant's history stands for its place in the log, which an export does not tell.
func parseLine(l line) parsed {
	e, err := core.ParseEntry(l.text)
	if err != nil {
		return parsed{number: l.number, err: fmt.Errorf("line %d: %w", l.number, err)}
	}
	e.Position = e.TenantPosition
	return parsed{Prepared: audit.PrepareExported(e, core.LeafOf(l.text)), number: l.number}
}
