package soaktest

import (
	"bytes"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is a resultlog serve.
type process struct {
	cmd    *exec.Cmd
	output *output
	exited chan struct{} // closed when it has ended; cmd.ProcessState then says how
}

// launch starts one, and waits until it listens.
func launch(t *testing.T, addr string, s *store) *process {
	t.Helper()
	args := append([]string{"serve", "--addr", addr, "--drain", "100ms"}, s.flags...)
	p := &process{cmd: program.Command(append(args, s.serving...)...), output: &output{listens: make(chan struct{})}, exited: make(chan struct{})}
	p.cmd.Stderr = p.output
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		_ = p.cmd.Wait() // cmd.ProcessState tells
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // the error: it has ended already
		<-p.exited
		if said := p.output.tail(); t.Failed() && said != "" {
			t.Logf("the node at %s said:\n%s", addr, said)
		}
	})
	select {
	case <-p.output.listens:
	case <-p.exited:
		t.Fatalf("the node at %s did not start: %v\n%s", addr, p.cmd.ProcessState, p.output.tail())
	case <-time.After(patience):
		t.Fatalf("the node at %s does not listen within %s", addr, patience)
	}
	return p
}

// end ends the process by a signal. It must have been running until then; and when it is asked to finish, it must say that all went well.
func (p *process) end(t *testing.T, by syscall.Signal) {
	t.Helper()
	select {
	case <-p.exited:
		t.Fatalf("a node ended by itself: %v\n%s", p.cmd.ProcessState, p.output.tail())
	default:
	}
	_ = p.cmd.Process.Signal(by) // the error: it has ended in this moment, and the next lines tell
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Fatalf("a node has not ended %s after a signal (%s)", patience, by)
	}
	if by == syscall.SIGTERM && !p.cmd.ProcessState.Success() {
		t.Errorf("asked to finish, a node ended with %v\n%s", p.cmd.ProcessState, p.output.tail())
	}
}

// tailBytes is how much of a process's log is kept, to be shown if the test fails: some twenty lines.
const tailBytes = 8 << 10

// listening is in the line in which a node says that it listens.
var listening = []byte(`"msg":"listening"`)

// everyday is what stands in lines that say nothing of a failure.
var everyday = regexp.MustCompile(`"level":"INFO"|"msg":"request"`)

// output takes a process's log, line by line: it tells when it listens, and keeps the end of what is no everyday line.
type output struct {
	listens chan struct{} // closed when it does
	once    sync.Once

	mu    sync.Mutex
	begun []byte // of a line
	text  []byte
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.begun = append(o.begun, p...)
	for {
		line, rest, whole := bytes.Cut(o.begun, []byte("\n"))
		if !whole {
			o.begun = bytes.Clone(o.begun) // so that what was taken is let go of
			return len(p), nil
		}
		o.take(line)
		o.begun = rest
	}
}

func (o *output) take(line []byte) {
	if bytes.Contains(line, listening) {
		o.once.Do(func() { close(o.listens) })
	}
	if everyday.Match(line) {
		return
	}
	o.text = append(append(o.text, line...), '\n')
	o.text = bytes.Clone(o.text[max(0, len(o.text)-tailBytes):])
}

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}
