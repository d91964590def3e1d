package crashtest

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"resultlog/cmd/resultlog/programtest"
	"resultlog/eventstore/postgres/postgrestest"
)

// store is a place, and all that was ever written to it.
type store struct {
	*world
	place
}

// newDatabase makes an empty database. It is gone after the test, as is the cluster that it is in.
func newDatabase(t testing.TB) *store {
	t.Helper()
	readProgram(t)
	return &store{world: newWorld(), place: place{dsn: postgrestest.Database(t)}}
}

// newStore makes the name of a directory that is not there yet. It stays if the test fails.
func newStore(t testing.TB) *store {
	t.Helper()
	readProgram(t)
	return &store{world: newWorld(), place: place{dir: filepath.Join(programtest.KeptDir(t, "resultlog-crash-"), "data")}}
}

// readProgram looks at the folders of the program that this package does not import. The go command sees what a test reads, and gives no answer from its cache when that has changed.
func readProgram(t testing.TB) {
	t.Helper()
	for _, folder := range []string{"..", "../../../http", "../../../projections", "../../../projections/ddl/sqlite", "../../../projections/ddl/postgres"} {
		if _, err := os.ReadDir(folder); err != nil {
			t.Fatal(err)
		}
	}
}

// restart starts a server and judges before anybody has retried anything. As soon as it listens, what writes have recorded is read: at first the read tables lack what the kill has left undone.
func (s *store) restart(t testing.TB, writes []*write) *server {
	t.Helper()
	last := listen(t, s.place)
	s.look(t, []*server{last}, writes)
	await(t, "ready", last.ready)
	return last
}

// conclude repeats some of what is settled, reads what writes have recorded, and judges everything. It gives how many of the writes were acknowledged.
func (s *store) conclude(t testing.TB, r *rand.Rand, last *server, writes []*write) (acknowledged int) {
	t.Helper()
	s.repeat(t, r, last)
	return s.look(t, []*server{last}, writes)
}

// look reads what writes have recorded, from the servers by turns, and judges everything. It gives how many of the writes were acknowledged.
func (s *store) look(t testing.TB, servers []*server, writes []*write) (acknowledged int) {
	t.Helper()
	readings := readBack(servers, writes)
	h := readHistory(t, s.place)
	h.judge(t, &s.ledger)
	h.judgeReadings(t, readings)
	h.judgeSightings(t, s.seen)
	return len(readings)
}
