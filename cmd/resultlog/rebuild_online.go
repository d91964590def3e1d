package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"resultlog/projections"
)

// rebuildOnline makes new tables beside those that serve.
func (c *rebuildCommand) rebuildOnline(ctx context.Context, con console, s *store) (err error) {
	next, err := c.openNext(ctx)
	if err != nil {
		return err
	}
	begin := time.Now()
	done, err := makeNext(ctx, con, s, next)
	if err = errors.Join(err, next.closed()); err != nil {
		return err
	}
	done.Seconds = time.Since(begin).Seconds()
	return c.tell(ctx, con, s, done)
}

// makeNext fills the new tables, and has them take over.
func makeNext(ctx context.Context, con console, s *store, next *nextTables) (rebuilt, error) {
	head, err := s.log.Head(ctx)
	if err != nil {
		return rebuilt{}, err
	}
	feed := s.feedConfig(projections.NewCheckpoint(next.read), newLogger(con.err))
	feed.Tables = next.tables
	from, through, err := projections.RebuildOnline(ctx, projections.Online{
		Next: feed, Serving: projections.NewCheckpoint(s.read), Head: s.log.Head, EventID: eventID(s.log), Switch: next.change,
	}, rebuilding(con, head))
	if err != nil {
		return rebuilt{}, fmt.Errorf("the old tables serve on, and the same command goes on from position %d: %w", through, err)
	}
	return rebuilt{Events: through, Resumed: from}, nil
}

// makerOf stands for what the rows of read tables depend on beside the log: this program, and the shape of the tables.
func makerOf(schema fs.FS) string {
	hash := sha256.New()
	files, err := fs.Glob(schema, "*.sql")
	for _, name := range files {
		var text []byte
		if text, err = fs.ReadFile(schema, name); err != nil {
			break
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
	}
	if err != nil {
		panic("the files are embedded: " + err.Error())
	}
	return fmt.Sprintf("%s, tables %x", thisBuild(), hash.Sum(nil)[:8])
}
