package postgres

import (
	"fmt"
	"strings"
	"testing"

	"resultlog/eventstore/postgres/postgrestest"
)

// TestOfSeveralHostsTheOneThatCanBeWrittenToIsUsed: one is down, one is a standby, whether or not the DSN says what is wanted.
func TestOfSeveralHostsTheOneThatCanBeWrittenToIsUsed(t *testing.T) {
	dead, standby, primary := postgrestest.Own(t), postgrestest.Own(t, "default_transaction_read_only=on"), postgrestest.Own(t)
	if err := dead.StopImmediately(); err != nil {
		t.Fatal(err)
	}
	for _, attributes := range []string{"", "&target_session_attrs=read-write"} {
		dsn := fmt.Sprintf("postgres://resultlog@127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable%s", dead.Port(), standby.Port(), primary.Port(), attributes)
		log := mustOpen(t, dsn)
		head, err := log.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, log, head, 1)
		if port := log.writer.conn.Config().Port; port != 0 && log.writer.conn.PgConn().Conn().RemoteAddr().String() != fmt.Sprintf("127.0.0.1:%d", primary.Port()) {
			t.Errorf("it writes to %s", log.writer.conn.PgConn().Conn().RemoteAddr())
		}
	}
	if _, err := OpenLog(t.Context(), standby.DSN("postgres")); err == nil || !strings.Contains(err.Error(), "read only") {
		t.Errorf("a standby alone: %v", err)
	}
}

// TestADSNThatIsNone is told so, and no password is shown.
func TestADSNThatIsNone(t *testing.T) {
	_, err := OpenLog(t.Context(), "postgres://user:hidden@host:port/db")
	if err == nil || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), "--store") {
		t.Errorf("%v", err)
	}
	_, err = OpenLog(t.Context(), "postgres://user:hidden@127.0.0.1:1/db?sslmode=disable")
	if err == nil || strings.Contains(err.Error(), "hidden") || !strings.Contains(err.Error(), "db on 127.0.0.1") {
		t.Errorf("%v", err)
	}
}
