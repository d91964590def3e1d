package crashtest

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const (
	// patience is how long anything may take that takes milliseconds, or as long as an injected fault: only a broken build waits for it.
	patience = 40 * time.Second

	// askAgain is the pause before something is asked again.
	askAgain = 5 * time.Millisecond
)

// server is a resultlog serve, in a process of its own.
type server struct {
	cmd    *exec.Cmd
	addr   string // where it is to listen
	base   string // where it listens, as a URL; empty as long as it does not
	output *output
	exited chan struct{} // closed when the process has ended; cmd.ProcessState then says how
}

// anyPort is where a server listens that need not be found there again.
const anyPort = "127.0.0.1:0"

// launch starts a server of a store, and waits for nothing. What stands in before, if anything, is the command that runs it.
func launch(t testing.TB, at place, before ...string) *server {
	t.Helper()
	return launchOn(t, anyPort, at, before...)
}

// launchOn is launch of a server that listens on an address.
func launchOn(t testing.TB, addr string, at place, before ...string) *server {
	t.Helper()
	args := append([]string{"serve", "--addr", addr, "--drain", "50ms"}, at.flags()...)
	if at.dsn != "" { // else the key is in the directory
		args = append(args, "--signing-key", filepath.Join(t.TempDir(), "signing-key"))
	}
	cmd := program.Command(args...)
	if len(before) > 0 {
		path, err := exec.LookPath(before[0])
		if err != nil {
			t.Fatal(err)
		}
		cmd.Path, cmd.Args = path, append(before, cmd.Args...)
	}
	s := &server{cmd: cmd, addr: addr, output: newOutput(), exited: make(chan struct{})}
	cmd.Stderr = s.output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.exited)
		_ = cmd.Wait() // cmd.ProcessState tells
	}()
	t.Cleanup(func() {
		s.kill()
		if said := s.output.Tail(); t.Failed() && said != "" {
			t.Logf("a server said:\n%s", said)
		}
	})
	return s
}

// listen starts a server and waits until it listens.
func listen(t testing.TB, at place) *server {
	t.Helper()
	s := launch(t, at)
	s.mustListen(t)
	return s
}

// mustListen waits until the server listens.
func (s *server) mustListen(t testing.TB) {
	t.Helper()
	if !s.awaitListening() {
		t.Fatalf("the server did not start: %v\n%s", s.cmd.ProcessState, s.output.Tail())
	}
}

// serve starts a server and waits until it accepts writes.
func serve(t testing.TB, at place) *server {
	t.Helper()
	s := listen(t, at)
	await(t, "ready", s.ready)
	return s
}

// awaitListening reports whether the server came to listen; if not, it has ended.
func (s *server) awaitListening() bool {
	select {
	case addr := <-s.output.addr:
		s.base = "http://" + addr
		return true
	case <-s.exited:
		return false
	case <-time.After(patience):
		s.kill()
		return false
	}
}

// ready reports whether /readyz is green.
func (s *server) ready() bool {
	response, err := http.Get(s.base + "/readyz") //nolint:noctx // it is on this machine
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// kill is kill -9, and waits for the end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // the error: it has ended already
	<-s.exited
}

// mustKill is kill of a server that has to be running until then.
func (s *server) mustKill(t testing.TB) {
	t.Helper()
	if !s.alive() {
		t.Errorf("a server ended by itself: %v\n%s", s.cmd.ProcessState, s.output.Tail())
	}
	s.kill()
}

// terminate asks the server to finish, and does not wait.
func (s *server) terminate() { _ = s.cmd.Process.Signal(syscall.SIGTERM) }

// alive reports whether the process runs.
func (s *server) alive() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// await waits until a condition holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	if !comes(holds) {
		t.Fatalf("not %s within %s", what, patience)
	}
}

// comes waits until a condition holds, and reports whether it came to that.
func comes(holds func() bool) bool {
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(askAgain) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
