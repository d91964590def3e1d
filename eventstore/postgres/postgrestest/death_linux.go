package postgrestest

import "syscall"

// dieWithParent has a process stop as by StopImmediately when the thread that started it ends: at the latest with its process, even if that is killed. A server that outlived its test would
// keep memory and a port for good.
func dieWithParent(process *syscall.SysProcAttr) { process.Pdeathsig = syscall.SIGQUIT }
