package crashtest

import (
	"bytes"
	"regexp"
	"sync"
)

// tailBytes is how much of a server's log is kept, to be shown if the test fails: some twenty lines.
const tailBytes = 8 << 10

var (
	listening = regexp.MustCompile(`"msg":"listening","addr":"(.*?)"`)
	lookedUp  = regexp.MustCompile(`"msg":"commit looked up","written":(true|false)`)
)

// output takes a server's log, line by line: it tells where the server listens, and keeps the end of what is no everyday line.
type output struct {
	mu    sync.Mutex
	addr  chan string // one value; nil if nobody asks
	begun []byte      // of a line
	text  []byte

	lookedUp map[bool]int // how many commits it has looked up whose answers were lost, by whether they were written
}

func newOutput() *output { return &output{addr: make(chan string, 1), lookedUp: map[bool]int{}} }

// found is how many commits the server has looked up, and found written or not.
func (o *output) found(written bool) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lookedUp[written]
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun = append(o.begun, p...)
	for {
		line, rest, whole := bytes.Cut(o.begun, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		o.take(line)
		o.begun = rest
	}
}

func (o *output) take(line []byte) {
	if match := listening.FindSubmatch(line); match != nil {
		o.addr <- string(match[1])
	}
	if match := lookedUp.FindSubmatch(line); match != nil {
		o.lookedUp[string(match[1]) == "true"]++
	}
	if bytes.Contains(line, []byte(`"level":"INFO"`)) || bytes.Contains(line, []byte(`"msg":"request"`)) {
		return
	}
	o.text = append(append(o.text, line...), '\n')
	o.text = o.text[max(0, len(o.text)-tailBytes):]
}

func (o *output) tail() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.text)
}
