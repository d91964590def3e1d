package failovertest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// createDatabase does what docs/deploy/README.md tells an operator to: the database, roles.sql, passwords.
func (c *cluster) createDatabase(t *testing.T) {
	t.Helper()
	leader := c.leader()
	must(t, c.ask(leader.dsn("postgres"), func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "CREATE DATABASE resultlog")
		return err
	}))
	c.grant(t)
	must(t, c.ask(leader.dsn("resultlog"), func(ctx context.Context, conn *pgx.Conn) error {
		for _, role := range []string{"resultlog_owner", "resultlog_runtime", "resultlog_analyst"} {
			if _, err := conn.Exec(ctx, fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", role, password)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// grant runs roles.sql.
func (c *cluster) grant(t *testing.T) {
	t.Helper()
	psql := exec.Command("psql", "-X", "-q", "-d", c.leader().dsn("resultlog"), "-f", filepath.Join("..", "..", "..", "docs", "deploy", "roles.sql"))
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("roles.sql: %v\n%s", err, out)
	}
}

const (
	allowed = ""
	refused = "42501" // SQLSTATE of a right that is missing: the trigger's refusal has another
)

// rights are what each role may do, and what not, since nobody has told roles.sql of these tables by their names.
var rights = []struct{ role, statement, outcome string }{
	{"resultlog_runtime", "SELECT FROM resultlog.events", allowed},
	{"resultlog_runtime", "UPDATE resultlog.events SET personal = NULL", refused},
	{"resultlog_runtime", "DELETE FROM resultlog.events", refused},
	{"resultlog_runtime", "TRUNCATE resultlog.events", refused},
	{"resultlog_runtime", "ALTER TABLE resultlog.events DISABLE TRIGGER ALL", refused},
	{"resultlog_runtime", "DROP TABLE resultlog_read.results", refused},
	{"resultlog_runtime", "CREATE TABLE resultlog_read.own ()", refused},
	{"resultlog_runtime", "DELETE FROM resultlog_read.results", allowed},
	{"resultlog_analyst", "SELECT FROM results", allowed}, // the view
	{"resultlog_analyst", "SELECT FROM resultlog_read.results", refused},
	{"resultlog_analyst", "SELECT FROM resultlog.events", refused},
	{"resultlog_analyst", "SET TRANSACTION READ WRITE; DELETE FROM activities", refused},
}

// judgeRights holds the roles to what is said of them, as the owner's migration has left it, and after roles.sql was run again.
func (c *cluster) judgeRights(t *testing.T) {
	t.Helper()
	for _, when := range []string{"after the migration", "after roles.sql was run again"} {
		for _, right := range rights {
			err := c.ask(c.leader().as(right.role+":"+password, "resultlog"), func(ctx context.Context, conn *pgx.Conn) error {
				_, err := conn.Exec(ctx, right.statement)
				return err
			})
			outcome := allowed
			var refusal *pgconn.PgError
			if errors.As(err, &refusal) {
				outcome, err = refusal.Code, nil
			}
			must(t, err)
			if outcome != right.outcome {
				t.Errorf("%s, %s: %s: answered %q and not %q", when, right.role, right.statement, outcome, right.outcome)
			}
		}
		c.grant(t)
	}
}
