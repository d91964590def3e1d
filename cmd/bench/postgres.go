package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"resultlog/core"
	"resultlog/eventstore/postgres"
)

// errNoPostgres says what to do about a part that is left out.
var errNoPostgres = errors.New("PostgreSQL is not measured: the programs of its server are not on this machine; apt-get install postgresql")

// postgres is the version of the server's programs, which stand in a directory; "" if PostgreSQL is not to be measured, or cannot be: nobody needs it to see the rest.
func (b benchCommand) postgres(ctx context.Context, directory func() (string, error)) (version string, err error) {
	if !b.measuresOnPostgres() {
		return "", nil
	}
	programs, err := directory()
	switch {
	case err != nil && b.Only == postgresPart:
		return "", errNoPostgres
	case err != nil:
		fmt.Fprintln(os.Stderr, errNoPostgres)
		return "", nil
	}
	said, err := exec.CommandContext(ctx, filepath.Join(programs, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("postgres --version: %w", err)
	}
	return "PostgreSQL " + strings.TrimSpace(strings.TrimPrefix(firstLine(string(said)), "postgres (PostgreSQL)")), nil
}

// postgresContenders lists who is measured on PostgreSQL, each in a cluster of its own, which syncs as a real one does.
func (p product) postgresContenders() []contender {
	return []contender{crud(p.token), stockPublisher(p.token), p.knownOnPostgres(), p.twoNodes()}
}

// knownOnPostgres is known with the log and the read tables in a PostgreSQL database.
func (p product) knownOnPostgres() contender {
	c := p.known()
	c.name, c.onPostgres, c.verify = postgresName, true, verifyPostgres(true)
	return c
}

// twoNodes is the same with half of the clients on each of two nodes that share the database, and the cores.
func (p product) twoNodes() contender {
	c := p.knownOnPostgres()
	c.name, c.nodes = twoNodesName, 2
	return c
}

// verifyPostgres is verifyLog on the log in a PostgreSQL database.
func verifyPostgres(moving bool) func(ctx context.Context, at place, acknowledged []core.ID) error {
	return func(ctx context.Context, at place, acknowledged []core.ID) error {
		log, err := postgres.OpenExistingLog(ctx, at.dsn)
		if err != nil {
			return err
		}
		return errors.Join(verifyLog(log.ReadAll(ctx, 0), acknowledged, moving), log.Close())
	}
}
