//go:build linux || darwin || freebsd

package sqlite

import "syscall"

// freeBytes is how much this user can still write on the file system of a directory.
func freeBytes(dir string) (uint64, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	return uint64(max(0, int64(fs.Bavail))) * uint64(fs.Bsize), nil // their types differ from system to system; one counts what is kept for root as less than nothing
}
