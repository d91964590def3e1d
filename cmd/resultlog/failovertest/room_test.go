package failovertest

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// room is a directory in which servers run, each in a folder of its own and as one account: PostgreSQL refuses to be root. What runs in it is known by its working directory.
type room struct {
	dir     string
	account *syscall.Credential // nil: the one that we have
}

// guardScript kills all that runs in a directory, when nobody holds its standard input open any more. Patroni starts PostgreSQL so that it outlives Patroni,
// and so it would outlive a test that is interrupted or killed; this does not depend on how the test ends.
const guardScript = `cat >/dev/null
for again in 1 2 3 4 5; do
	for process in /proc/[0-9]*; do
		case "$(readlink "$process/cwd")" in "$1"/*) kill -9 "${process#/proc/}";; esac
	done
	sleep 0.2
done 2>/dev/null`

// newRoom makes one. When the test is over nothing runs in it any more, and it is removed unless the test has failed.
func newRoom(t *testing.T) *room {
	t.Helper()
	dir, err := os.MkdirTemp("", "resultlog-failover-") // t.TempDir is closed to others, and its path too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	r := &room{dir: dir}
	if os.Geteuid() == 0 {
		postgres, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, _ := strconv.Atoi(postgres.Uid)
		gid, _ := strconv.Atoi(postgres.Gid)
		r.account = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)} //nolint:gosec // they come from the system
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	guard := exec.Command("sh", "-c", guardScript, "guard", dir)
	guard.Dir, guard.SysProcAttr = "/", &syscall.SysProcAttr{Credential: r.account, Setpgid: true} // Ctrl-C is not for the guard
	leave, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		leave.Close()
		_ = guard.Wait() // of its last kill nothing is to be known
		if pids := r.pids(""); len(pids) > 0 {
			t.Errorf("processes are left: %v", pids)
		}
		if t.Failed() {
			t.Logf("what the servers said is in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	return r
}

// folder makes a folder for a server.
func (r *room) folder(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(r.dir, name)
	err := os.MkdirAll(path, 0o700)
	if err == nil && r.account != nil {
		err = os.Chown(path, int(r.account.Uid), int(r.account.Gid))
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// pids gives the processes that run in a folder, or in any.
func (r *room) pids(name string) (pids []int) {
	entries, _ := os.ReadDir("/proc") // there always is one
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		cwd, gone := os.Readlink(filepath.Join("/proc", entry.Name(), "cwd"))
		if err == nil && gone == nil && strings.HasPrefix(cwd+"/", filepath.Join(r.dir, name)+"/") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// kill is kill -9 of all that runs in a folder at once, and again of what has been started meanwhile, until nothing is left.
func (r *room) kill(t *testing.T, name string) {
	t.Helper()
	await(t, "gone", func() bool {
		pids := r.pids(name)
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // the error: it has ended already
		}
		return len(pids) == 0
	})
}
