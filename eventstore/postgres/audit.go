package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// auditConns is how many auditors' questions of a node are answered at once; one more waits.
	auditConns = 4

	// auditTimeout bounds a statement about the trees: a page of them takes milliseconds, emptying them after a restore longer.
	auditTimeout = 20 * time.Second
)

// TryLockAuditTables asks for the write lock of the audit's tables, until the end of the transaction, and gives whether it was there to be had: one node keeps the trees at a time.
var TryLockAuditTables = fmt.Sprintf(`SELECT pg_try_advisory_xact_lock(%d, %d)`, lockSpace, auditLock)

// AuditTables are the audit's tables, in a schema of the log's database.
type AuditTables struct {
	Write *sql.DB
	Read  *sql.DB
}

// OpenAuditTables opens the audit's tables beside the log of a DSN, which must be there, and brings their shape up to the newest that schema knows.
func OpenAuditTables(ctx context.Context, dsn string, schema fs.FS) (*AuditTables, error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, config, auditSchema, schema); err != nil {
		return nil, fmt.Errorf("audit tables in %s: %w", place(config), err)
	}
	config.RuntimeParams["search_path"] = auditSchema
	t := &AuditTables{
		Write: pool(session(config, auditTimeout), 1, func(ctx context.Context, conn *pgx.Conn) error {
			if _, err := conn.Exec(ctx, emitMessage); err != nil { // see newWriter: nothing is signed that a failover would take back
				return err
			}
			_, err := conn.Exec(ctx, forAuditing)
			return err
		}),
		Read: pool(session(config, statementTimeout), auditConns, func(ctx context.Context, conn *pgx.Conn) error {
			_, err := conn.Exec(ctx, forReading)
			return err
		}),
	}
	if err := errors.Join(t.Write.PingContext(ctx), t.Read.PingContext(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("audit tables in %s: %w", place(config), err), t.Close())
	}
	return t, nil
}

// forAuditing sets up the connection that keeps the trees. After a crash they may lack its last transactions, and the same are made again.
const forAuditing = `SET synchronous_commit = off; SET enable_seqscan = off`

// Close ends both sides. Whoever uses them must have stopped.
func (t *AuditTables) Close() error { return errors.Join(t.Read.Close(), t.Write.Close()) }
