package soaktest

import (
	"bytes"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"resultlog/cmd/resultlog/programtest"
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
	p := &process{cmd: program.Command(append(args, s.serving...)...), output: newOutput(), exited: make(chan struct{})}
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
		if said := p.output.Tail(); t.Failed() && said != "" {
			t.Logf("the node at %s said:\n%s", addr, said)
		}
	})
	select {
	case <-p.output.listens:
	case <-p.exited:
		t.Fatalf("the node at %s did not start: %v\n%s", addr, p.cmd.ProcessState, p.output.Tail())
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
		t.Fatalf("a node ended by itself: %v\n%s", p.cmd.ProcessState, p.output.Tail())
	default:
	}
	_ = p.cmd.Process.Signal(by) // the error: it has ended in this moment, and the next lines tell
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Fatalf("a node has not ended %s after a signal (%s)", patience, by)
	}
	if by == syscall.SIGTERM && !p.cmd.ProcessState.Success() {
		t.Errorf("asked to finish, a node ended with %v\n%s", p.cmd.ProcessState, p.output.Tail())
	}
}

// listening is in the line in which a node says that it listens.
var listening = []byte(`"msg":"listening"`)

// output takes a process's log, and tells when it listens.
type output struct {
	programtest.Log
	listens chan struct{} // closed when it does
	once    sync.Once
}

func newOutput() *output {
	o := &output{listens: make(chan struct{})}
	o.Line = func(line []byte) {
		if bytes.Contains(line, listening) {
			o.once.Do(func() { close(o.listens) })
		}
	}
	return o
}
