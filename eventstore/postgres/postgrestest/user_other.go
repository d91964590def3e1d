//go:build !unix

package postgrestest

import (
	"fmt"
	"syscall"
)

// place refuses: a server is stopped by signals here, and those are Unix's.
func place(string) (dir string, process *syscall.SysProcAttr, err error) {
	return "", nil, fmt.Errorf("a PostgreSQL cluster for tests starts on Unix only: %w", errNoPrograms)
}
