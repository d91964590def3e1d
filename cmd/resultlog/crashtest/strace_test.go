package crashtest

import (
	"bytes"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"resultlog/cmd/resultlog/programtest"
)

// needStrace leaves a test out, unless make faults runs it: it needs a program that a machine may lack.
func needStrace(t testing.TB) {
	t.Helper()
	if os.Getenv("RESULTLOG_FAULTS") == "" {
		t.Skip("make faults runs this: it needs strace")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is not there, and faults are injected by it: apt-get install strace")
	}
}

// straced is a fault that strace injects: it answers system calls itself, or holds them up, while it is attached.
type straced struct {
	calls string   // as strace names them
	how   string   // as strace's --inject takes it
	files []string // in the data directory; those calls on other files go through
}

// arguments are what strace is told; it notes in a file what it does.
func (f straced) arguments(dir, notes string) []string {
	args := []string{"strace", "-f", "-o", notes, "-e", "trace=" + f.calls, "-e", "inject=" + f.calls + ":" + f.how}
	for _, name := range f.files {
		args = append(args, "-P", filepath.Join(dir, name))
	}
	return args
}

// injection is a fault that lasts.
type injection struct {
	notes string // what strace notes; empty if it is not strace
	end   func() // from then on everything is as it should be
}

// inject attaches strace to a server, and waits until it is.
func inject(t testing.TB, s *server, dir string, f straced) *injection {
	t.Helper()
	notes, said := filepath.Join(t.TempDir(), "strace"), &programtest.Log{}
	args := append(f.arguments(dir, notes), "-p", strconv.Itoa(s.cmd.Process.Pid))
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // it ends by a signal
	}()
	detach := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	t.Cleanup(detach)
	await(t, "attached", func() bool {
		select {
		case <-ended:
			t.Fatalf("strace does not attach; may this user trace processes (ptrace)? %s", said.Tail())
		default:
		}
		return strings.Contains(said.Tail(), "attached with")
	})
	return &injection{notes, detach}
}

// holdLock holds the log's write lock, as another process of resultlog does for milliseconds.
func holdLock(t testing.TB, dir string) *injection {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "log.db")+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	release := sync.OnceFunc(func() {
		_ = tx.Rollback()
		_ = db.Close()
	})
	t.Cleanup(release)
	return &injection{end: release}
}

// injected is how many system calls have been made to fail.
func injected(t testing.TB, notes string) int {
	t.Helper()
	text, err := os.ReadFile(notes)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(text, []byte("(INJECTED)"))
}
