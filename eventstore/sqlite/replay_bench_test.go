package sqlite

import (
	"testing"

	"resultlog/eventstore/eventstoretest"
)

func BenchmarkReplay(b *testing.B) {
	log, err := OpenLog(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	eventstoretest.BenchmarkReplay(b, log)
}
