package observetest

import (
	"database/sql"
	"net/http"
	"path/filepath"
	"regexp"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver
	_ "modernc.org/sqlite"             // likewise

	"resultlog/eventstore/postgres/postgrestest"
)

// engine is a kind of store, with an empty one of it.
type engine struct {
	name   string
	nodes  int                                             // as many as make sense with it
	open   func(t *testing.T) (flags []string, dsn string) // flags name the store to the program, dsn its read tables to database/sql
	driver string
	poison string // makes the read tables refuse the results of the provider id "poison"
}

var engines = []engine{
	{
		name: "SQLite", nodes: 1, driver: "sqlite",
		open: func(t *testing.T) ([]string, string) {
			dir := t.TempDir()
			return []string{"--data", dir}, "file:" + filepath.Join(dir, "read.db") + "?_pragma=busy_timeout(10000)"
		},
		poison: `CREATE TRIGGER poison BEFORE INSERT ON results WHEN NEW.provider_activity_id = 'poison' BEGIN SELECT RAISE(ABORT, 'poison of this test'); END`,
	},
	{
		name: "PostgreSQL", nodes: 2, driver: "pgx",
		open: func(t *testing.T) ([]string, string) {
			dsn := postgrestest.Database(t)
			return []string{"--store", dsn, "--signing-key", filepath.Join(t.TempDir(), "signing-key")}, dsn
		},
		poison: `ALTER TABLE resultlog_read.results ADD CONSTRAINT poison CHECK (provider_activity_id <> 'poison')`,
	},
}

// start starts the nodes of a new store, whose read tables refuse what is poison.
func (e engine) start(t *testing.T) (nodes []*node) {
	t.Helper()
	flags, dsn := e.open(t)
	for range e.nodes {
		nodes = append(nodes, startNode(t, flags))
	}
	db, err := sql.Open(e.driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), e.poison); err != nil {
		t.Fatal(err)
	}
	return nodes
}

// node is a resultlog serve, in a process of its own.
type node struct{ address string }

// listening is the line in which a node says where it listens.
var listening = regexp.MustCompile(`"msg":"listening","addr":"(.*?)"`)

// startNode starts a node, and waits until it is ready.
func startNode(t *testing.T, flags []string) *node {
	t.Helper()
	n := &node{address: launch(t, program.Command(append([]string{"serve", "--addr", "127.0.0.1:0", "--drain", "0s"}, flags...)...), listening)}
	await(t, "ready", func() bool {
		response, err := http.Get(n.url("/readyz")) //nolint:noctx // it is on this machine
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return n
}

func (n *node) url(path string) string { return "http://" + n.address + path }
