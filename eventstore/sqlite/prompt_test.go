package sqlite_test

import (
	"database/sql"
	"path/filepath"
	"testing"
)

// atPrompt runs a statement on the log's file as the sqlite3 shell would: with SQLite's defaults, and none of this package's settings.
func atPrompt(t *testing.T, dir, statement string) error {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement)
	return err
}
