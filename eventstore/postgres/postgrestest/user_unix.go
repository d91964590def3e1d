//go:build unix

package postgrestest

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// dirPattern names the directories of clusters.
const dirPattern = "resultlog-postgres-"

// place makes the directory of a cluster inside another one, or where temporary files go if that is "", and says whom its programs run as: oneself, but a user without privileges if one is
// root, since PostgreSQL refuses to run as root.
func place(parent string) (dir string, process *syscall.SysProcAttr, err error) {
	process = &syscall.SysProcAttr{}
	dieWithParent(process)
	if parent != "" {
		if parent, err = filepath.Abs(parent); err != nil { // the programs run in the directory itself
			return "", nil, err
		}
	}
	if os.Geteuid() != 0 {
		dir, err = os.MkdirTemp(parent, dirPattern)
		return dir, process, err
	}
	if process.Credential, err = unprivileged(); err != nil {
		return "", nil, err
	}
	switch {
	case parent != "" && !open(parent):
		return "", nil, fmt.Errorf("a PostgreSQL cluster in %s: under root it runs as another user, who cannot go through that directory, or one above it: chmod o+x, or choose another directory", parent)
	case parent == "" && open(os.TempDir()):
		parent = os.TempDir()
	case parent == "":
		parent = "/tmp"
	}
	if dir, err = os.MkdirTemp(parent, dirPattern); err != nil {
		return "", nil, err
	}
	if err = os.Chown(dir, int(process.Credential.Uid), int(process.Credential.Gid)); err != nil {
		return "", nil, errors.Join(err, os.Remove(dir))
	}
	return dir, process, nil
}

// unprivileged is the user that PostgreSQL's package has made, or else nobody.
func unprivileged() (*syscall.Credential, error) {
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres or nobody to run it as: run the tests as another user: %w", err)
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

// open reports whether everybody may go through a directory and all above it. A temporary directory of root's own may be closed.
func open(dir string) bool {
	const othersEnter = 0o001
	info, err := os.Stat(dir)
	if err != nil || info.Mode()&othersEnter == 0 {
		return false
	}
	parent := filepath.Dir(dir)
	return parent == dir || open(parent)
}
