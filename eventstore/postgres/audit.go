package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"
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
	t := &AuditTables{}
	t.Write, t.Read, err = sides{what: "audit tables", schema: auditSchema, writeConns: 1, writeTimeout: auditTimeout, writing: forAuditing, readConns: auditConns}.open(ctx, config, schema)
	if err != nil {
		return nil, err
	}
	return t, nil
}

// forAuditing sets up the connection that keeps the trees. After a crash they may lack its last transactions, and the same are made again.
const forAuditing = `SET synchronous_commit = off; SET enable_seqscan = off`

// Close ends both sides. Whoever uses them must have stopped.
func (t *AuditTables) Close() error { return errors.Join(t.Read.Close(), t.Write.Close()) }
