package sqlite

import (
	"context"
	"database/sql"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"

	"resultlog/eventstore"
)

// Version tells which SQLite this program has in it.
func (e *Examiner) Version(context.Context) eventstore.Finding {
	return eventstore.Found("SQLite %s", sqlite3.SQLITE_VERSION)
}

// fileSettings are the settings of the log that stand in its file, and what holds its history.
type fileSettings struct {
	formats    string // that readers and writers of the file must know, as hexadecimal digits
	pageSize   int
	autoVacuum int
	triggers   int // of those that let no row be changed or deleted
}

const (
	// walFormats is how a file says that it is in WAL mode: bytes 18 and 19 of its header are 2.
	walFormats = "0202"

	// appendOnlyTriggers is how many triggers hold the history: against UPDATE, and against DELETE.
	appendOnlyTriggers = 2
)

// readSettings asks the first page itself for the journal mode: a connection that takes no locks is in none of its own.
const readSettings = `SELECT (SELECT hex(substr(data, 19, 2)) FROM sqlite_dbpage WHERE pgno = 1), (SELECT page_size FROM pragma_page_size), (SELECT auto_vacuum FROM pragma_auto_vacuum),
	(SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'events' AND name IN ('events_are_not_changed', 'events_are_not_deleted'))`

// Settings tells how the log's file is set up, and how this program opens it: what else there is to set is set on each connection, and checked there.
func (e *Examiner) Settings(ctx context.Context) eventstore.Finding {
	var s fileSettings
	err := look(ctx, filepath.Join(e.dir, logFile), func(db *sql.DB) error {
		return db.QueryRowContext(ctx, readSettings).Scan(&s.formats, &s.pageSize, &s.autoVacuum, &s.triggers)
	})
	if err != nil {
		return eventstore.Found("the settings cannot be read: %v", err).Fail(adviceOn(err))
	}
	return s.finding()
}

func (s fileSettings) finding() eventstore.Finding {
	journal, held := eventstore.Found("journal_mode WAL"), eventstore.Found("append-only triggers there")
	if s.formats != walFormats {
		journal = eventstore.Found("journal_mode is not WAL").Warn("somebody has changed it: the next server to start sets it again")
	}
	if s.triggers != appendOnlyTriggers {
		held = eventstore.Found("%d of %d append-only triggers are there", s.triggers, appendOnlyTriggers).
			Fail(eventstore.AdviceOnTriggers)
	}
	return eventstore.Together(journal, eventstore.Found("synchronous FULL for the log, NORMAL for what is made of it; page_size %d; auto_vacuum %d", s.pageSize, s.autoVacuum), held)
}
