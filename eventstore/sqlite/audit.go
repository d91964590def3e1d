package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// auditFile is the name, in the data directory, of the file with what proves the history. All but the checkpoints that were signed can be made again from the log.
const auditFile = "audit.db"

// auditConns is how many auditors' questions are answered at once; one more waits.
const auditConns = 4

// AuditTables are the audit's tables, in a file of their own, so that neither appending nor projecting waits for the trees. It is synchronous=NORMAL: after a power loss it may lack its last
// commits, and the same trees are made, and signed, again.
type AuditTables struct {
	Write *sql.DB // one connection, every transaction BEGIN IMMEDIATE
	Read  *sql.DB
}

// OpenAuditTables opens the audit's tables in the data directory of a log, which must be there, and brings their shape up to the newest that schema knows.
func OpenAuditTables(ctx context.Context, dir string, schema fs.FS) (*AuditTables, error) {
	path := filepath.Join(dir, auditFile)
	if _, err := os.Stat(filepath.Join(dir, logFile)); err != nil {
		return nil, fmt.Errorf("there is no log in %s: %w", dir, err)
	}
	t := &AuditTables{}
	err := alone(ctx, path, func() (err error) {
		if err = migrateFile(ctx, path, schema); err != nil {
			return fmt.Errorf("audit tables in %s: %w", path, err)
		}
		if t.Write, err = (database{path: path, rebuildable: true, conns: 1}).open(ctx); err != nil {
			return err
		}
		t.Read, err = (database{path: path, rebuildable: true, readOnly: true, conns: auditConns}).open(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Close ends both sides. Whoever uses them must have stopped.
func (t *AuditTables) Close() error { return errors.Join(closeDB(t.Read), closeDB(t.Write)) }
