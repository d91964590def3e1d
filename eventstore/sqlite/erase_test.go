package sqlite

import (
	"database/sql"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"resultlog/core"
)

// within reports whether a text stands in a file of a directory. Another process looks, since SQLite's locks would end with a file that this one closes.
func within(t *testing.T, dir, text string) bool {
	t.Helper()
	err := exec.Command("grep", "-rqaF", text, dir).Run()
	var ended *exec.ExitError
	if err != nil && (!errors.As(err, &ended) || ended.ExitCode() != 1) {
		t.Fatal(err)
	}
	return err == nil
}

// personalLog is a log of one submission with a long comment.
func personalLog(t *testing.T) (log *Log, dir string, stream core.Stream) {
	t.Helper()
	dir = t.TempDir()
	log = mustOpenLog(t, dir)
	err := log.Append(t.Context(), 0, func(now time.Time, _ []core.Recorded) ([]core.Recorded, error) {
		r := event(1, now)
		e := r.Event.(core.ResultSubmitted)
		e.Personal = core.Personal{Comment: strings.Repeat("SecretQz7 ", 5000)}.Seal()
		r.Event, stream = e, r.Stream
		return []core.Recorded{r}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustAppend(t, log, 3)
	return log, dir, stream
}

// checkpoint moves the WAL into the file, and cuts it off.
func checkpoint(t *testing.T, log *Log) {
	t.Helper()
	var busy int
	if err := log.writer.conn.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, new(int), new(int)); err != nil || busy != 0 {
		t.Fatalf("busy %d, %v", busy, err)
	}
}

// What is erased is overwritten where it stands, even before the file is written anew.
func TestEraseOverwrites(t *testing.T) {
	log, dir, stream := personalLog(t)
	checkpoint(t, log)
	if !within(t, dir, "SecretQz7") {
		t.Fatal("it is not there")
	}
	if emptied, err := log.Erase(t.Context(), stream, 2); err != nil || emptied != 1 {
		t.Fatalf("emptied %d, %v", emptied, err)
	}
	checkpoint(t, log)
	if within(t, dir, "SecretQz7") {
		t.Error("it is still in the file")
	}
}

// Who reads from a snapshot of before keeps the old pages: that is told when there is no more patience, and nobody who appends is held up for long; when the read has ended, all is as if it had not been.
func TestSweepBesideALongRead(t *testing.T) {
	log, dir, stream := personalLog(t)
	reading, err := log.readers.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Rollback()
	var n int
	if err := reading.QueryRow("SELECT count(*) FROM events").Scan(&n); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Erase(t.Context(), stream, 2); err != nil {
		t.Fatal(err)
	}
	swept := make(chan error, 1)
	go func() { swept <- (database{path: log.path}).sweep(t.Context(), time.Millisecond) }()
	mustAppend(t, log, 1) // it waits for a moment at most
	if err := <-swept; !errors.Is(err, errRead) || !strings.Contains(err.Error(), "may still hold what was erased") || !strings.Contains(err.Error(), "do the same again") {
		t.Errorf("it says %v", err)
	}
	if !within(t, dir, "SecretQz7") {
		t.Error("it is gone, so that nothing was in the way")
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := log.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if within(t, dir, "SecretQz7") {
		t.Error("it is still there")
	}
	mustHave(t, log, 5)
}

// A sweep waits for who ends in time, and for who holds the write lock.
func TestSweepIsPatient(t *testing.T) {
	log, dir, stream := personalLog(t)
	if _, err := log.Erase(t.Context(), stream, 2); err != nil {
		t.Fatal(err)
	}
	for name, statement := range map[string]string{"a read": "SELECT count(*) FROM events", "a write": "UPDATE events SET personal = NULL"} {
		pool := log.readers
		if name == "a write" {
			pool = nil
		}
		held, release := make(chan struct{}), make(chan struct{})
		go hold(t, log, pool, statement, held, release)
		<-held
		swept := make(chan error, 1)
		go func() { swept <- (database{path: log.path}).sweep(t.Context(), time.Minute) }()
		select {
		case err := <-swept:
			close(release)
			t.Fatalf("%s: it did not wait: %v", name, err)
		case <-time.After(2 * eraseTry): // it has tried more than once
		}
		close(release)
		if err := <-swept; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if within(t, dir, "SecretQz7") {
		t.Error("it is still there")
	}
}

// hold keeps a transaction open, by a pool or on a connection of its own.
func hold(t *testing.T, log *Log, pool *sql.DB, statement string, held, release chan struct{}) {
	if pool == nil {
		var err error
		if pool, err = (database{path: log.path, conns: 1}).open(t.Context()); err != nil {
			t.Error(err)
		}
		defer pool.Close()
	}
	tx, err := pool.BeginTx(t.Context(), nil)
	if err == nil {
		_, err = tx.Exec(statement)
	}
	if err != nil {
		t.Error(fmt.Errorf("%s: %w", statement, err))
	}
	close(held)
	<-release
	_ = tx.Rollback()
}
