package main

import (
	"context"
	"os/exec"
	"slices"

	"resultlog/core"
)

// contender is one thing that is measured: a server in a process of its own, over an empty place.
// What a contender has no need of is nil.
type contender struct {
	name    string
	command func(ctx context.Context, at place) *exec.Cmd

	// onPostgres asks for a database in its place.
	onPostgres bool

	// nodes is how many processes of it share its place, each with as many clients; 0: one.
	nodes int

	// request is what clients send; nil: submission.
	request func(token string) template

	// only are the numbers of clients that it is measured with; nil: all of them.
	only []int

	// ready returns when the server accepts submissions; listening, it may still be replaying.
	ready func(ctx context.Context, addr string) error

	// prepare stocks it with what that many submissions need, before the clock starts.
	prepare func(ctx context.Context, at place, submissions int64) error

	// settle ends what is measured, with the clock still running: it returns when all that was acknowledged, last the given result, can be read.
	settle func(ctx context.Context, addr string, last core.ID) error

	// verify checks, when its nodes have stopped, that its place holds what was acknowledged.
	verify func(ctx context.Context, at place, acknowledged []core.ID) error
}

// The contenders' names, as the report shows them.
const (
	ceilingName    = "ceiling"
	plainFileName  = "plain file"
	knownName      = "resultlog, known activities"
	keyedName      = "resultlog, with a key"
	batchesName    = "resultlog, batches of 100"
	standaloneName = "resultlog, standalone"
	treelessName   = "resultlog, without trees"
	crudName       = "CRUD handler"
	stockName      = "stock watermill-sql, publish"
	postgresName   = "resultlog on PostgreSQL"
	twoNodesName   = "resultlog on PostgreSQL, two nodes"
)

// template is the request that clients send.
func (c contender) template(token string) template {
	if c.request == nil {
		return submission(token)
	}
	return c.request(token)
}

// count is how many nodes it has.
func (c contender) count() int { return max(c.nodes, 1) }

// takes reports whether it is measured with that many clients.
func (c contender) takes(clients int) bool {
	return clients >= c.count() && (c.only == nil || slices.Contains(c.only, clients)) // with fewer clients than nodes there is nothing to share
}
