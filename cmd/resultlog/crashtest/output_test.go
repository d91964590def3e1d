package crashtest

import (
	"regexp"
	"sync"

	"resultlog/cmd/resultlog/programtest"
)

var (
	listening = regexp.MustCompile(`"msg":"listening","addr":"(.*?)"`)
	lookedUp  = regexp.MustCompile(`"msg":"commit looked up","written":(true|false)`)
)

// output takes a server's log: it tells where the server listens, and counts what it looked up.
type output struct {
	programtest.Log
	addr chan string // one value

	mu       sync.Mutex
	lookedUp map[bool]int // how many commits it has looked up whose answers were lost, by whether they were written
}

func newOutput() *output {
	o := &output{addr: make(chan string, 1), lookedUp: map[bool]int{}}
	o.Line = o.take
	return o
}

// found is how many commits the server has looked up, and found written or not.
func (o *output) found(written bool) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lookedUp[written]
}

func (o *output) take(line []byte) {
	if match := listening.FindSubmatch(line); match != nil {
		o.addr <- string(match[1])
	}
	if match := lookedUp.FindSubmatch(line); match != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.lookedUp[string(match[1]) == "true"]++
	}
}
