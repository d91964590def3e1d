package programtest

import (
	"bytes"
	"regexp"
	"sync"
)

// logTail is how much of a process's log is kept, to be shown if the test fails: some twenty lines.
const logTail = 8 << 10

// everyday is what stands in lines that say nothing of a failure.
var everyday = regexp.MustCompile(`"level":"INFO"|"msg":"request"`)

// Log takes what a process writes, line by line, and keeps the end of what is no everyday line. It may be read while it is written.
type Log struct {
	Line func([]byte) // is shown each line, which is its until it returns; nil: nobody looks

	mu    sync.Mutex
	begun []byte // of a line
	text  []byte
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begun = append(l.begun, p...)
	for {
		line, rest, whole := bytes.Cut(l.begun, []byte("\n"))
		if !whole {
			l.begun = bytes.Clone(l.begun) // so that what was taken is let go of
			return len(p), nil
		}
		l.take(line)
		l.begun = rest
	}
}

func (l *Log) take(line []byte) {
	if l.Line != nil {
		l.Line(line)
	}
	if everyday.Match(line) {
		return
	}
	l.text = append(append(l.text, line...), '\n')
	l.text = bytes.Clone(l.text[max(0, len(l.text)-logTail):])
}

// Tail is what is kept.
func (l *Log) Tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
