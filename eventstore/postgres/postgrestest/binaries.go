package postgrestest

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
)

// installed is where Debian's packages put the programs of each version; they are not on the PATH there, since several versions may be installed.
const installed = "/usr/lib/postgresql/*/bin"

var errNoPrograms = errors.New("the PostgreSQL server's programs are not on this machine: `apt-get install postgresql`, or set RESULTLOG_TEST_POSTGRES=postgres://…")

// Binaries is the directory of the server's programs: initdb, postgres, pg_ctl, pg_dump. Those on the PATH come first, then the newest that a Debian package has installed.
func Binaries() (dir string, err error) { return binaries(installed) }

func binaries(glob string) (dir string, err error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil && complete(filepath.Dir(initdb)) { // a link may stand alone: its neighbours are where it leads
			return filepath.Dir(initdb), nil
		}
	}
	newest := -1
	candidates, _ := filepath.Glob(glob) // the error: a bad pattern, and it is ours
	for _, candidate := range candidates {
		version, _ := strconv.Atoi(filepath.Base(filepath.Dir(candidate))) // 9.6 and such are 0: older than all
		if version > newest && complete(candidate) {
			dir, newest = candidate, version
		}
	}
	if dir == "" {
		return "", errNoPrograms
	}
	return dir, nil
}

// complete reports whether what makes a cluster and what runs it are both in a directory.
func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}
