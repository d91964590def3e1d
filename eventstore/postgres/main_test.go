package postgres

import (
	"testing"

	"go.uber.org/goleak"

	"resultlog/eventstore/postgres/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(stopping{m}) }

// stopping ends the shared cluster when the tests are done.
type stopping struct{ *testing.M }

func (m stopping) Run() int {
	defer postgrestest.Stop()
	return m.M.Run()
}
