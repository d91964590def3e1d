package failovertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// server is a process that was started in a room.
type server struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended; cmd.ProcessState then says how
}

// start runs a program in its folder; what it says is appended to the file log there.
func (r *room) start(t *testing.T, name string, env []string, args ...string) *server {
	t.Helper()
	folder := r.folder(t, name)
	log, err := os.OpenFile(filepath.Join(folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = folder, append(os.Environ(), env...), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: r.account, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{cmd, make(chan struct{})}
	go func() {
		defer close(s.exited)
		_ = cmd.Wait() // cmd.ProcessState tells
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // the error: it has ended already
		<-s.exited
	})
	return s
}

// alive reports whether the process runs.
func (s *server) alive() bool {
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

// mustLive ends the test if the process has ended by itself, and is true otherwise.
func (s *server) mustLive(t *testing.T) bool {
	t.Helper()
	if !s.alive() {
		t.Fatalf("%s ended by itself: %v", s.cmd.Args[0], s.cmd.ProcessState)
	}
	return true
}
