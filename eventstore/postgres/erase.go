package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"resultlog/core"
)

const (
	// sweepTries is how often a table is written anew until nothing is left in it that somebody may still see, or until it could be locked: short reads end within the first pause. A table of
	// gigabytes is not written anew for ever.
	sweepTries = 5

	// sweepPause lies between two tries; those who wait for the table go on then.
	sweepPause = time.Second
)

// MayErase reports whether the role may do what Erase and Sweep do, which only the owner of the log may. It is to be asked before anything is recorded.
func (l *Log) MayErase(ctx context.Context) error {
	var owns bool
	err := l.readers.QueryRow(ctx, `SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'resultlog.events'::regclass`).Scan(&owns)
	if err == nil && !owns {
		err = errors.New("this role may not erase, since for it the log is append-only: do it as the role that owns the schemas (docs/deploy/roles.sql)")
	}
	return err
}

// Erase sets the personal part of a stream's events before a version to NULL, and tells of how many: the only update that the log's trigger lets through. Durable on return; but until Sweep the
// table's files hold what they have held.
func (l *Log) Erase(ctx context.Context, stream core.Stream, before core.Version) (emptied int64, err error) {
	conn, err := connect(ctx, session(l.config, 0))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	done, err := conn.Exec(ctx, `UPDATE resultlog.events SET personal = NULL WHERE tenant_id = $1 AND stream_id = $2 AND version < $3 AND personal IS NOT NULL`,
		[16]byte(stream.Tenant), [16]byte(stream.ID), int64(before))
	if err != nil {
		return 0, fmt.Errorf("erase in %s: %w", place(l.config), err)
	}
	return done.RowsAffected(), nil
}

// Sweep leaves no byte in the files of the log's table, or of its indexes, of what was erased from it; left says what it could not reach. Others wait meanwhile.
func (l *Log) Sweep(ctx context.Context) (left []string, err error) {
	return sweep(ctx, l.config, logSchema+".events")
}

// SweepReadTables does the same with those read tables that may hold what is about a person, beside the log of a DSN.
func SweepReadTables(ctx context.Context, dsn string) (left []string, err error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	return sweep(ctx, config, readSchema+".results", readSchema+".submissions", readSchema+".activity_transitions", readSchema+".dead_letters")
}

// sweeper writes tables anew, and hears what the server says to it.
type sweeper struct {
	*pgx.Conn
	warned bool  // it did not do what it was asked to
	dead   int64 // rows that it has kept, since somebody may still see them
}

// sweep writes tables anew. An UPDATE leaves the old row where it is, and a plain VACUUM only forgets it: its bytes stand in the free space of a page until something else comes there. VACUUM FULL copies
// what there is into new files, the indexes and long values too, and the old files are cut to nothing. The statistics of columns hold values too; ANALYZE makes them anew, and then the old ones stand in
// pg_statistic as rows stand in any table.
func sweep(ctx context.Context, config *pgx.ConnConfig, tables ...string) (left []string, err error) {
	s := new(sweeper)
	config = session(config, 0)
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { s.hear(n) }
	if s.Conn, err = connect(ctx, config); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	for _, table := range tables {
		if err := s.rewrite(ctx, table, "FULL, ANALYZE, VERBOSE"); err != nil {
			return nil, fmt.Errorf("%s may still hold what was erased: %w", table, err)
		}
		// A crash between two tables: the ones are clean, and the others as they were; whoever sweeps next begins anew.
	}
	if err := s.rewrite(ctx, "pg_catalog.pg_statistic", "FULL, VERBOSE"); errors.Is(err, errPassedOver) {
		left = append(left, "the statistics of columns may hold short values of before, until their place is taken: a superuser, or who owns the database, removes them by VACUUM FULL pg_catalog.pg_statistic")
	} else if err != nil {
		return nil, fmt.Errorf("the statistics of columns may still hold what was erased: %w", err)
	}
	if _, err := s.Exec(ctx, "CHECKPOINT"); err != nil && !isCode(err, insufficientPrivilege) { // who may not waits for the server's own: the old files are empty already
		return nil, err
	}
	return left, nil
}

// errPassedOver means that the server has passed a table over.
var errPassedOver = errors.New("the role may not write it anew: do it as the role that owns it (docs/deploy/roles.sql)")

// errSeen means that there are rows that somebody may still see.
var errSeen = errors.New("a transaction that began before keeps it, or a prepared one, a replication slot, or a query on a standby that feeds back: " +
	"look at backend_xmin in pg_stat_activity, at pg_prepared_xacts and at pg_replication_slots, and do the same again when that has ended")

// rewrite writes a table anew, until nothing is left in it of before.
func (s *sweeper) rewrite(ctx context.Context, table, how string) error {
	for try := 1; ; try++ {
		s.warned, s.dead = false, 0
		_, err := s.Exec(ctx, "VACUUM ("+how+") "+table, pgx.QueryExecModeSimpleProtocol)
		switch {
		case err == nil && s.warned:
			return errPassedOver
		case err == nil && s.dead > 0:
			err = errSeen
		case err == nil:
			return nil
		case !isCode(err, lockNotAvailable):
			return err
		}
		if try == sweepTries {
			return err
		}
		select {
		case <-time.After(sweepPause):
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// firstNumber is the count in what the server says of rows that it has kept, in whatever language.
var firstNumber = regexp.MustCompile(`^[^\n\d]*(\d+)`)

// hear notes what the server says of a table that is written anew: how many dead rows cannot be removed yet, which is the first line of a detail.
func (s *sweeper) hear(n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		s.warned = true
	}
	if found := firstNumber.FindStringSubmatch(n.Detail); n.SeverityUnlocalized == "INFO" && found != nil {
		kept, _ := strconv.ParseInt(found[1], 10, 64)
		s.dead += kept
	}
}
