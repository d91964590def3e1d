package crashtest

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
)

// TestFaultsAtTheStart lets the disk fail from some system call of a start on: on an empty directory, where the files are made and migrated, and then on a store that a killed server has left.
// Such a start fails and says so, or it serves what it can; the next one finds nothing spoilt.
func TestFaultsAtTheStart(t *testing.T) {
	needStrace(t)
	for _, calls := range []straced{
		{calls: "fsync", how: "error=EIO"},
		{calls: "pwrite64", how: "error=ENOSPC"},
		{calls: "ftruncate", how: "error=EIO"},
	} {
		for _, first := range []int{1, 2, 4, 8, 16} { // strace counts the calls of each thread
			f := straced{calls.calls, fmt.Sprintf("%s:when=%d+", calls.how, first), append([]string{"log.db-journal", "read.db-journal"}, files...)}
			t.Run(fmt.Sprintf("%s fails from the %d. on", f.calls, first), func(t *testing.T) {
				t.Parallel() // they mostly wait
				s := newStore(t)
				for range 2 {
					failToStart(t, s.dir, f)
					server := serve(t, s.place)
					load := s.load(server, false)
					s.awaitMore(t)
					server.mustKill(t)
					load.wait()
				}
				failToStart(t, s.dir, f)
				last := s.restart(t, s.writes)
				s.settle(t, last)
				s.conclude(t, rand.New(rand.NewPCG(0, 0)), last, s.writes)
			})
		}
	}
}

// failToStart starts a server on a disk that fails, and ends it if it does not end by itself.
func failToStart(t *testing.T, dir string, f straced) {
	t.Helper()
	notes := filepath.Join(t.TempDir(), "strace")
	s := launch(t, place{dir: dir}, append(f.arguments(dir, notes), "-D")...) // -D: the server is our child, strace is not
	if s.awaitListening() {
		s.kill()
		return
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(s.output.Tail(), `"level":"ERROR","msg":"failed","err":"`) {
		t.Errorf("it ended with %v and said: %s", s.cmd.ProcessState, s.output.Tail())
	}
	if injected(t, notes) == 0 {
		t.Errorf("it ended without a fault, and said: %s", s.output.Tail())
	}
	t.Logf("%s", s.output.Tail())
}
