package main

import (
	"context"
	"errors"
	"os"

	"resultlog/core"
	"resultlog/eventstore/postgres/postgrestest"
)

// place is what a contender is started over. It is gone after the run: one run does not slow the next.
type place struct {
	dir   string   // empty at first
	dsn   string   // of a database, empty at first, in a cluster of its own; "" unless the contender asked for one
	addrs []string // where its nodes listen, once they do
	pids  []int    // their processes
}

// onServer starts a contender over an empty place, lets it be driven, stops it and verifies that it kept what was acknowledged.
// What was measured on the way is a figure only if all of that was right.
func (s settings) onServer(ctx context.Context, c contender, drive func(at place) (acknowledged []core.ID, err error)) (err error) {
	at, leave, err := s.find(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()
	running, err := startNodes(ctx, c, &at)
	if err != nil {
		return err
	}
	acknowledged, err := drive(at)
	if err := errors.Join(err, running.stop()); err != nil {
		return err
	}
	if c.verify == nil {
		return nil
	}
	if err := c.verify(ctx, at, acknowledged); err != nil {
		return errors.Join(errNotKept, err)
	}
	return nil
}

var errNotKept = errors.New("what was acknowledged is not what was kept")

// find makes a place for a contender, on the disk of --dir.
func (s settings) find(ctx context.Context, c contender) (at place, leave func() error, err error) {
	if at.dir, err = os.MkdirTemp(s.dir, "run-"); err != nil {
		return at, nil, err
	}
	leave = func() error { return os.RemoveAll(at.dir) }
	if !c.onPostgres {
		return at, leave, nil
	}
	dsn, drop, err := s.database(ctx)
	if err != nil {
		return at, nil, errors.Join(err, leave())
	}
	at.dsn = dsn
	return at, func() error { return errors.Join(drop(), os.RemoveAll(at.dir)) }, nil
}

// database makes an empty database: in a cluster of its own, unless one is shared.
func (s settings) database(ctx context.Context) (dsn string, drop func() error, err error) {
	if s.shared != nil {
		dsn, remove, err := s.shared.CreateDatabase(ctx)
		return dsn, func() error { return remove(context.WithoutCancel(ctx)) }, err
	}
	cluster, err := postgrestest.StartIn(ctx, s.dir)
	if err != nil {
		return "", nil, err
	}
	if dsn, _, err = cluster.CreateDatabase(ctx); err != nil { // it goes with the cluster
		return "", nil, errors.Join(err, cluster.Close())
	}
	return dsn, cluster.Close, nil
}

// nodes are the processes of one contender.
type nodes []*process

// startNodes starts as many as the contender has, one after the other: the first makes the tables.
func startNodes(ctx context.Context, c contender, at *place) (running nodes, err error) {
	for range c.count() {
		node, err := start(c.command(ctx, *at))
		if err != nil {
			return nil, errors.Join(err, running.stop())
		}
		running, at.addrs, at.pids = append(running, node), append(at.addrs, node.addr), append(at.pids, node.cmd.Process.Pid)
	}
	return running, nil
}

// stop asks all of them to finish, and waits until they have.
func (ns nodes) stop() (err error) {
	for _, n := range ns {
		err = errors.Join(err, n.stop())
	}
	return err
}
