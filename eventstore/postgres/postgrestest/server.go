package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// patience is how long a server may take to stop, and what a test asks of it: all take far less than a second, but recovery and a last checkpoint on a busy disk. Only what is broken
	// waits for it.
	patience = time.Minute

	// lookAgain is the pause between two looks at whether a server accepts connections.
	lookAgain = 5 * time.Millisecond
)

// errPortTaken and errEnded are why a server did not start: another program listens on its port, or what its log says.
var errPortTaken, errEnded = errors.New("the port is taken"), errors.New("it ended")

// server is a running postgres, as a child process.
type server struct {
	process *os.Process
	exited  chan struct{} // closed when the process has ended
	before  string        // what the log said when it started
}

// run starts the server and waits until it accepts connections. The caller holds mu, or is alone.
func (c *Cluster) run(ctx context.Context) error {
	before := c.Log()
	log, err := os.OpenFile(c.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(c.programs, "postgres"), c.arguments()...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = c.dir, log, log, c.process
	if c.server, err = launch(cmd); err != nil {
		return err
	}
	c.server.before = before
	if err := c.awaitReady(ctx); err != nil {
		return errors.Join(err, c.stop(syscall.SIGQUIT))
	}
	return nil
}

// arguments are those of postgres. Of two that set the same, the last one counts.
func (c *Cluster) arguments() []string {
	arguments := []string{"-D", c.data()}
	for _, setting := range append([]string{
		"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(c.port), "unix_socket_directories=",
		"fsync=on", "synchronous_commit=on", "max_connections=200", "shared_buffers=128MB",
	}, c.settings...) {
		arguments = append(arguments, "-c", setting)
	}
	return arguments
}

// launch starts a server. On Linux it dies with the thread that started it, see dieWithParent: hence a goroutine keeps that thread until the server has ended.
func launch(cmd *exec.Cmd) (*server, error) {
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended, its log says
		}
		close(exited)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return &server{process: cmd.Process, exited: exited}, nil
}

// awaitReady waits until the server accepts connections.
func (c *Cluster) awaitReady(ctx context.Context) error {
	for !c.ready() {
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return fmt.Errorf("postgres does not accept connections: %w; it said:\n%s", ctx.Err(), tail(c.Log()))
		case <-c.server.exited:
			said, err := strings.TrimPrefix(c.Log(), c.server.before), errEnded
			if strings.Contains(said, "Address already in use") {
				err = errPortTaken
			}
			return fmt.Errorf("postgres did not start on port %d: %w; it said:\n%s", c.port, err, tail(said))
		}
	}
	return nil
}

// ready reports whether the server accepts connections. It asks the file where the server says so, as pg_ctl does, and not the port: another cluster might answer there.
func (c *Cluster) ready() bool {
	const pidLine, statusLine = 0, 7 // of postmaster.pid, since PostgreSQL 10
	file, _ := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	lines := strings.Split(string(file), "\n")
	return len(lines) > statusLine && lines[pidLine] == strconv.Itoa(c.server.process.Pid) && strings.TrimSpace(lines[statusLine]) == "ready"
}

// StopImmediately ends the server as a crash would: every session is cut off, nothing is written any more, and the next start recovers from the WAL.
func (c *Cluster) StopImmediately() error { return c.stopped(syscall.SIGQUIT) }

// StopFast ends the server in good order: every session is cut off, open transactions are rolled back, and a checkpoint is taken.
func (c *Cluster) StopFast() error { return c.stopped(syscall.SIGINT) }

// Restart starts the server again, on the same port and data, and waits until it accepts connections. If it still runs, it is stopped before, as StopFast does.
func (c *Cluster) Restart(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.stop(syscall.SIGINT); err != nil {
		return err
	}
	return c.run(ctx)
}

// Close ends the server at once and removes its directory. It may be called more than once.
func (c *Cluster) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.stop(syscall.SIGQUIT), os.RemoveAll(c.dir))
}

func (c *Cluster) stopped(by syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stop(by)
}

// stop ends the server by a signal, if it runs, and waits for its end: that of all its processes too. The caller holds mu, or is alone.
func (c *Cluster) stop(by syscall.Signal) error {
	s := c.server
	if s == nil {
		return nil
	}
	c.server = nil
	_ = s.process.Signal(by) // the error: it has ended already
	select {
	case <-s.exited:
		return nil
	case <-time.After(patience):
		_ = s.process.Kill()
		<-s.exited
		return fmt.Errorf("postgres did not stop within %s and was killed; it said:\n%s", patience, tail(c.Log()))
	}
}
