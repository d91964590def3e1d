package sqlite

import (
	"context"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTwoProcessesMayMeetInAFreshDirectory(t *testing.T) {
	const rounds, handles = 20, 3
	for range rounds {
		dir := filepath.Join(t.TempDir(), "data")
		var group sync.WaitGroup
		for range handles {
			group.Go(func() {
				log, err := OpenLog(t.Context(), dir)
				if err != nil {
					t.Errorf("open: %v", err)
					return
				}
				if err := appendEvents(t, log, 1); err != nil {
					t.Errorf("append: %v", err)
				}
				if err := log.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
		}
		group.Wait()
		mustHave(t, mustOpenLog(t, dir), handles)
	}
}

func TestOpeningAgainChangesNothing(t *testing.T) {
	dir := t.TempDir()
	schema := func() (text string) {
		log := mustOpenLog(t, dir)
		defer log.Close()
		err := log.readers.QueryRowContext(t.Context(), `SELECT (SELECT group_concat(sql, ';') FROM sqlite_schema) || (SELECT group_concat(version_id) FROM goose_db_version)`).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if first, second := schema(), schema(); first != second {
		t.Errorf("was:\n%s\nis:\n%s", first, second)
	}
}

func TestOpenRefusesWhatANewerProgramShaped(t *testing.T) {
	dir := t.TempDir()
	log := mustOpenLog(t, dir)
	if _, err := log.writer.conn.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLog(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "upgrade this node") {
		t.Errorf("got error %v, want one that says what to do", err)
	}
}

func TestAloneGivesUpWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	err := alone(t.Context(), path, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		return alone(ctx, path, func() error { panic("not alone") })
	})
	if err == nil {
		t.Error("two are alone")
	}
	if err := alone(t.Context(), path, func() error { return nil }); err != nil {
		t.Errorf("the lock was left behind: %v", err)
	}
}
