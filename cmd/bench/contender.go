package main

import (
	"context"
	"os/exec"

	"resultlog/core"
)

// contender is one thing that is measured: a server in a process of its own, over an empty directory.
// What a contender has no need of is nil.
type contender struct {
	name    string
	command func(ctx context.Context, dir string) *exec.Cmd

	// request is what clients send; nil: submission.
	request func(token string) template

	// only is the one number of clients that it is measured with; 0: all of them.
	only int

	// ready returns when the server accepts submissions; listening, it may still be replaying.
	ready func(ctx context.Context, addr string) error

	// prepare stocks the server with what that many submissions need, before the clock starts.
	prepare func(ctx context.Context, addr string, submissions int64) error

	// settle ends what is measured, with the clock still running: it returns when all that was acknowledged, last the given result, can be read.
	settle func(ctx context.Context, addr string, last core.ID) error

	// verify checks, when the server has stopped, that its directory holds what was acknowledged.
	verify func(ctx context.Context, dir string, acknowledged []core.ID) error
}

// The contenders' names, as the report shows them.
const (
	ceilingName    = "ceiling"
	plainFileName  = "plain file"
	knownName      = "resultlog, known activities"
	keyedName      = "resultlog, with a key"
	batchesName    = "resultlog, batches of 100"
	standaloneName = "resultlog, standalone"
)

// template is the request that clients send.
func (c contender) template(token string) template {
	if c.request == nil {
		return submission(token)
	}
	return c.request(token)
}
