package postgres

import (
	"testing"

	"resultlog/eventstore/eventstoretest"
	"resultlog/eventstore/postgres/postgrestest"
)

func BenchmarkReplay(b *testing.B) {
	log, err := OpenLog(b.Context(), postgrestest.Database(b))
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	eventstoretest.BenchmarkReplay(b, log)
}
