// Package postgrestest gives tests and benchmarks a PostgreSQL to work in: a throw-away cluster, started from the server's programs on this machine, and empty databases in it. Nothing
// is mocked and nothing is relaxed: it syncs as a real one does, since what is tested must be durable.
package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
)

const (
	// superuser owns every cluster. It needs no password: only this machine reaches the cluster, and all in it is thrown away.
	superuser = "resultlog"

	// lowestPort and highestPort enclose the ports of clusters. Above them the kernel takes ports for outgoing connections, so that one could be gone between a stop and a Restart.
	lowestPort, highestPort = 20000, 32767

	// portTries is how many ports Start tries. That one of 12768 is taken happens rarely, and five times in a row never.
	portTries = 5
)

// Cluster is a PostgreSQL server with a data directory of its own. It listens on the loopback interface only.
type Cluster struct {
	dir      string // holds data, the data directory, and log
	programs string // the directory of the server's programs
	settings []string
	process  *syscall.SysProcAttr // whom the programs run as
	port     int

	mu     sync.Mutex // one start or stop at a time
	server *server    // nil while it is stopped
}

// Start makes a cluster in a temporary directory and runs it; it accepts connections on return, and until Close whatever becomes of ctx. Settings, each a "name=value" as in postgresql.conf
// but unquoted, come on top of those that every cluster has.
//
// On Linux the server ends when this process does, however that ends; its directory stays behind then.
func Start(ctx context.Context, settings ...string) (*Cluster, error) {
	return StartIn(ctx, "", settings...)
}

// StartIn is Start with the cluster's directory inside another one: for who measures what a certain disk can do. Under root everybody must be able to go through that directory and all above
// it, since PostgreSQL runs as another user then.
func StartIn(ctx context.Context, parent string, settings ...string) (*Cluster, error) {
	programs, err := Binaries()
	if err != nil {
		return nil, err
	}
	dir, process, err := place(parent)
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, programs: programs, settings: settings, process: process}
	if err := c.initialise(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for range portTries {
		c.port = lowestPort + rand.IntN(highestPort-lowestPort+1)
		if err = c.run(ctx); !errors.Is(err, errPortTaken) {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// initialise makes the data directory. It does not wait for the disk: a cluster whose machine fails is not looked for again.
func (c *Cluster) initialise(ctx context.Context) (err error) {
	for _, locale := range []string{"C.UTF-8", "C"} { // both order text by its bytes; a C library may not know the first
		cmd := exec.CommandContext(ctx, filepath.Join(c.programs, "initdb"), "--no-sync", "--auth=trust", "--encoding=UTF8", "--locale="+locale, "-U", superuser, "-D", c.data())
		cmd.Dir, cmd.SysProcAttr, cmd.WaitDelay = c.dir, c.process, patience
		said, failed := cmd.CombinedOutput()
		if failed == nil {
			return nil
		}
		err = fmt.Errorf("initdb: %w\n%s", failed, said)
	}
	return err
}

// DSN is where a database of the cluster is, for a superuser.
func (c *Cluster) DSN(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, c.port, database)
}

// Port is where the cluster listens on 127.0.0.1. A Restart does not change it.
func (c *Cluster) Port() int { return c.port }

// CreateDatabase makes an empty database with a name of its own. Dropping it ends the sessions that are still in it.
func (c *Cluster) CreateDatabase(ctx context.Context) (dsn string, drop func(context.Context) error, err error) {
	return createDatabase(ctx, c.DSN("postgres"))
}

// Log is what the server has said so far; empty after Close.
func (c *Cluster) Log() string {
	said, _ := os.ReadFile(c.log()) // a log that cannot be read says nothing
	return string(said)
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) log() string { return filepath.Join(c.dir, "log") }
