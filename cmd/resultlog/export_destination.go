package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

const (
	// stdout stands for standard output where a file could.
	stdout = "-"

	// partialName is added to the name of a file that is not complete, as that of a backup has it; the star becomes a number that nobody else has.
	partialName = ".partial-*"

	// destinationBuffer gathers rows into larger writes.
	destinationBuffer = 256 << 10
)

// destination is where an export goes to: standard output, or a file that has its name only when it is complete.
type destination struct {
	*bufio.Writer
	bytes   int64 // that were written through the buffer
	out     io.Writer
	partial *os.File // nil: standard output
	file    string
	replace bool
}

// newDestination makes one. A file that is there stays, unless it is to be replaced.
func newDestination(con console, file string, replace bool) (*destination, error) {
	d := &destination{out: con.out, file: file, replace: replace}
	d.Writer = bufio.NewWriterSize((*counted)(d), destinationBuffer)
	if file == stdout {
		return d, nil
	}
	if _, err := os.Lstat(file); err == nil && !replace {
		return nil, fmt.Errorf("%s: %w; give another name, or --replace", file, fs.ErrExist)
	}
	partial, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+partialName) // readable by nobody but its owner
	if err != nil {
		return nil, err
	}
	d.partial, d.out = partial, partial
	return d, nil
}

// counted is the destination beneath its buffer.
type counted destination

func (c *counted) Write(b []byte) (n int, err error) {
	n, err = c.out.Write(b)
	c.bytes += int64(n)
	return n, err
}

// finish gives the file its name, durably.
func (d *destination) finish() error {
	if err := d.Flush(); err != nil || d.partial == nil {
		return err
	}
	if err := errors.Join(d.partial.Sync(), d.partial.Close()); err != nil {
		return err
	}
	if err := d.publish(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(d.file))
}

// publish names it. A link does not replace what has come there meanwhile, as a rename does; but not every file system has links.
func (d *destination) publish() error {
	if !d.replace {
		if err := os.Link(d.partial.Name(), d.file); err == nil || errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return os.Rename(d.partial.Name(), d.file)
}

// discard removes what has no name yet. It does nothing to a finished file.
func (d *destination) discard() {
	if d.partial != nil {
		_ = d.partial.Close()
		_ = os.Remove(d.partial.Name())
	}
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// isGone reports whether nobody reads what is printed any more.
func isGone(err error) bool { return errors.Is(err, syscall.EPIPE) || errors.Is(err, io.ErrClosedPipe) }
