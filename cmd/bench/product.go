package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"resultlog/core"
	httpapi "resultlog/http"
)

// credentials are what requests are authorised with, for every contender.
type credentials struct {
	secret string // that resultlog verifies tokens with
	token  string
	quiet  string // the token of the quiet tenant
}

// tokenTTL outlives any bench.
const tokenTTL = 24 * time.Hour

// newCredentials makes a token for each of the bench's tenants.
func newCredentials() (c credentials, err error) {
	c.secret = rand.Text() + rand.Text()
	if c.token, err = mint(c.secret, tenantText); err != nil {
		return c, err
	}
	c.quiet, err = mint(c.secret, quietTenantText)
	return c, err
}

// mint makes a token of the role that submits results, for one tenant.
func mint(secret, tenant string) (string, error) {
	id, err := core.ParseID(tenant)
	if err != nil {
		return "", err
	}
	return httpapi.MintToken([]byte(secret), "bench", []string{"FDE"}, []core.ID{id}, tokenTTL, time.Now())
}

// product is resultlog itself, as it is built from this checkout.
type product struct {
	credentials
	binary string
}

// buildProduct builds it into a directory.
func buildProduct(ctx context.Context, dir string, c credentials) (product, error) {
	binary, err := filepath.Abs(filepath.Join(dir, "resultlog"))
	if err != nil {
		return product{}, err
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "resultlog/cmd/resultlog")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return product{}, fmt.Errorf("build resultlog: %w", err)
	}
	return product{credentials: c, binary: binary}, nil
}

// known is the main job: each submission is for an activity that was created before, and completes it (ResultSubmitted and ActivityTransitioned).
func (p product) known() contender {
	return contender{name: knownName, command: p.serve, ready: p.awaitReady, prepare: p.createActivities, settle: p.awaitReadable, verify: verifyStored(true)}
}

// keyed is known with an Idempotency-Key in each request, so that retries would be safe.
func (p product) keyed() contender {
	c := p.known()
	c.name, c.request = keyedName, keyedSubmission
	return c
}

// batchClients is how many clients send batches: four times as many as the service answers at once of one tenant, so that some always wait; and so few that none waits for two seconds, after which
// it is refused, on a machine that is a few times slower either.
const batchClients = 16

// batches is known with a hundred submissions in each request.
func (p product) batches() contender {
	c := p.known()
	c.name, c.request, c.only = batchesName, batchOfSubmissions, []int{batchClients}
	return c
}

// standalone is a submission whose provider id nobody knows: one event each.
func (p product) standalone() contender {
	return contender{name: standaloneName, command: p.serve, ready: p.awaitReady, settle: p.awaitReadable, verify: verifyStored(false)}
}

// treelessClients is with how many clients the trees' cost is measured: where the accept rate is highest.
const treelessClients = 256

// treeless is known without the audit's trees: what those cost.
func (p product) treeless() contender {
	c := p.known()
	c.name, c.only, c.command = treelessName, []int{treelessClients}, p.serveTreeless
	return c
}

// serve is a node over a place. No balancer has to notice that it stops: nothing is drained.
func (p product) serve(ctx context.Context, at place) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.binary, append([]string{"serve", "--addr", "127.0.0.1:0", "--drain", "0s"}, at.storeFlags()...)...)
	cmd.Env = append(os.Environ(), "RESULTLOG_JWT_SECRET="+p.secret)
	return cmd
}

// serveTreeless is a node that keeps no trees.
func (p product) serveTreeless(ctx context.Context, at place) *exec.Cmd {
	cmd := p.serve(ctx, at)
	cmd.Args = append(cmd.Args, "--no-audit")
	return cmd
}

// creators is how many clients create activities before the clock starts: enough that commits are well filled.
const creators = 64

// createActivities makes activities known, one for each submission that may come.
func (p product) createActivities(ctx context.Context, at place, submissions int64) error {
	return p.createActivitiesFrom(ctx, at, 0, submissions)
}

// createActivitiesFrom does the same for the submissions after the first so many.
func (p product) createActivitiesFrom(ctx context.Context, at place, first, submissions int64) error {
	clients, err := connect(creators, at.addrs...)
	if err != nil {
		return err
	}
	defer clients.close()
	created, err := clients.closedLoop(creation(p.token), numbersAfter(first, submissions), prepareLimit)
	if err != nil {
		return err
	}
	if n := int64(len(created.acknowledged())); n != submissions {
		return fmt.Errorf("only %d of %d activities were created within %s", n, submissions, prepareLimit)
	}
	return ctx.Err()
}

const (
	// prepareLimit is how long the stock may take: it is created about as fast as it is used.
	prepareLimit = 2 * time.Minute

	// readableLimit is how long the read tables may take to catch up. The server itself gives up after 2 s and is asked again.
	readableLimit = time.Minute

	// readyPause is how long to wait before asking again whether the server has started. No clock runs.
	readyPause = 5 * time.Millisecond
)

// awaitReady asks until the server accepts submissions.
func (p product) awaitReady(ctx context.Context, addr string) error {
	return ask(ctx, addr, newTemplate("GET", "/readyz", p.token, ""), startLimit, readyPause)
}

// awaitReadable reads a result back with the default consistency: the answer waits until the read tables have reached the log's head. 503 means that they did not yet.
func (p product) awaitReadable(ctx context.Context, addr string, last core.ID) error {
	return ask(ctx, addr, readBack(p.token, last), readableLimit, 0)
}

// ask sends a request until it is answered 200 and no longer 503.
func ask(ctx context.Context, addr string, request template, limit, pause time.Duration) error {
	clients, err := connect(1, addr)
	if err != nil {
		return err
	}
	defer clients.close()
	end := time.Now().Add(limit)
	if err := clients[0].conn.SetDeadline(end.Add(answerGrace)); err != nil {
		return err
	}
	for time.Now().Before(end) && ctx.Err() == nil {
		answer, err := clients[0].send(request.text)
		switch {
		case err != nil:
			return err
		case answer.status == 200:
			return nil
		case answer.status != 503:
			return fmt.Errorf("answered %d: %s", answer.status, answer.body)
		}
		time.Sleep(pause)
	}
	return errors.Join(ctx.Err(), fmt.Errorf("still 503 after %s", limit))
}
