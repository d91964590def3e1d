package postgres

import (
	"testing"

	"go.uber.org/goleak"

	"resultlog/eventstore/postgres/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Stopping{M: m}) }
