package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"resultlog/core"
)

const (
	// eraseTry is how long one try of an erasure waits for a lock. While it waits for those who read from an old snapshot it holds the write lock, and who wants to append waits: far less than
	// busyTimeout, after which they would be refused.
	eraseTry = time.Second

	// erasePause lies between two tries: whoever waits for the write lock gets it then, since SQLite has them look for it every 100 ms.
	erasePause = 300 * time.Millisecond

	// erasePatience is how long an erasure tries. Reads take moments; what takes longer, a backup say, takes longer than anybody wants to wait for here.
	erasePatience = time.Minute
)

// MayErase implements what a store promises: whoever can write the file can erase in it.
func (l *Log) MayErase(context.Context) error { return nil }

// Erase sets the personal part of a stream's events before a version to NULL, and tells of how many: the only update that the log's trigger lets through. Durable on return; but until Sweep the file
// may hold what it has held.
func (l *Log) Erase(ctx context.Context, stream core.Stream, before core.Version) (emptied int64, err error) {
	if err := l.readable(ctx); err != nil {
		return 0, err
	}
	err = patiently(ctx, erasePatience, func() error {
		return (database{path: l.path}).erasing(ctx, func(db *sql.DB) error {
			done, err := db.ExecContext(ctx, `UPDATE events SET personal = NULL WHERE tenant_id = ? AND stream_id = ? AND version < ? AND personal IS NOT NULL`,
				stream.Tenant[:], stream.ID[:], int64(before))
			if err == nil {
				emptied, err = done.RowsAffected()
			}
			return err
		})
	})
	if err != nil {
		return 0, fmt.Errorf("erase in %s: %w", l.path, err)
	}
	return emptied, nil
}

// Sweep leaves no byte in the log's file, nor in its WAL, of what was erased from it. Others may read and append meanwhile; while the file is written anew they wait.
func (l *Log) Sweep(ctx context.Context) ([]string, error) {
	return nil, (database{path: l.path}).sweep(ctx, erasePatience)
}

// SweepReadTables does the same with the file of the read tables in a data directory.
func SweepReadTables(ctx context.Context, dir string) ([]string, error) {
	return nil, (database{path: filepath.Join(dir, readFile), rebuildable: true}).sweep(ctx, erasePatience)
}

// sweep writes the file anew from what is in it, and empties the WAL.
//
// That what is overwritten is overwritten with zeros (secure_delete) is not enough. It holds for what this connection deletes, and not for what others have: a row that was replaced, or moved when its
// page was split, may have left a copy behind in the free space of a page. VACUUM copies rows and nothing else into new pages, the indexes' too. They go into the WAL first; the file is what it was
// until a checkpoint has put them there, and cut it off behind them. The WAL itself holds every page that was written since it was last begun again, the erased ones too, and a checkpoint by itself
// leaves them standing: TRUNCATE cuts it to nothing, once nobody reads from it any more.
func (d database) sweep(ctx context.Context, patience time.Duration) error {
	vacuumed := false
	err := patiently(ctx, patience, func() error {
		return d.erasing(ctx, func(db *sql.DB) error {
			if !vacuumed { // a file of gigabytes is not written anew at each try
				if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
					return err
				}
				vacuumed = true
			}
			// A crash up to here: the old pages are in the file or in the WAL, whole or in part; whoever sweeps next begins anew.
			var busy, frames, moved int
			if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved); err != nil {
				return err
			}
			if busy != 0 {
				return errRead
			}
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("%s may still hold what was erased: %w", d.path, err)
	}
	return nil
}

// errRead means that somebody reads from a snapshot of before.
var errRead = errors.New("somebody has been reading it for long, a backup say, and keeps the old pages: do the same again when that has ended")

// erasing runs f on a connection of its own, by which what is deleted is overwritten.
func (d database) erasing(ctx context.Context, f func(*sql.DB) error) error {
	d.overwrites, d.conns = true, 1
	db, err := d.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(f(db), db.Close())
}

// patiently tries until what is in the way is no longer, or for so long.
func patiently(ctx context.Context, patience time.Duration, try func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if !inTheWay(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(erasePause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// inTheWay tells whether an error is that another connection has a lock.
func inTheWay(err error) bool {
	var refusal *sqlite.Error
	return errors.Is(err, errRead) || errors.As(err, &refusal) && refusal.Code()&0xff == sqlite3.SQLITE_BUSY
}
