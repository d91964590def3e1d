package soaktest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"resultlog/cmd/resultlog/programtest"
	"resultlog/eventstore"
	"resultlog/eventstore/postgres"
	"resultlog/eventstore/postgres/postgrestest"
	"resultlog/eventstore/sqlite"
)

// engine is a kind of store, and how nodes work on it.
type engine struct {
	name  string
	nodes int // as many as make sense with it
	open  func(t *testing.T) *store
}

var engines = []engine{{"SQLite", 1, newDirectory}, {"PostgreSQL", 2, newDatabase}}

// store is where the nodes of one engine keep what they are told.
type store struct {
	flags   []string // name it to the program
	serving []string // flags that only serve has beside them
	dir     string   // of an embedded store; "" of another
	openLog func(context.Context) (eventstore.Log, error)
}

// newDirectory makes an embedded store. It stays if the test fails.
func newDirectory(t *testing.T) *store {
	dir := programtest.KeptDir(t, "resultlog-soak-")
	return &store{
		flags: []string{"--data", dir}, dir: dir,
		openLog: func(ctx context.Context) (eventstore.Log, error) { return sqlite.OpenLog(ctx, dir) },
	}
}

// newDatabase makes one. It is gone after the test, as is the cluster that it is in.
func newDatabase(t *testing.T) *store {
	dsn := postgrestest.Database(t)
	return &store{
		flags: []string{"--store", dsn}, serving: []string{"--signing-key", filepath.Join(t.TempDir(), "signing-key")},
		openLog: func(ctx context.Context) (eventstore.Log, error) { return postgres.OpenLog(ctx, dsn) },
	}
}

// tablesWAL is the size of the largest write-ahead file of an embedded store beside the log's, of which the nodes have a metric. A stat opens nothing, and so touches no lock.
func (s *store) tablesWAL() (largest int64) {
	files, _ := filepath.Glob(filepath.Join(s.dir, "*.db-wal")) // the error: a bad pattern, and it is ours
	for _, file := range files {
		if info, err := os.Stat(file); err == nil && filepath.Base(file) != "log.db-wal" {
			largest = max(largest, info.Size())
		}
	}
	return largest
}
