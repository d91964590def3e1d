//go:build unix && !linux

package postgrestest

import "syscall"

// dieWithParent does nothing: only Linux can do it. A server whose test is killed is left running.
func dieWithParent(*syscall.SysProcAttr) {}
