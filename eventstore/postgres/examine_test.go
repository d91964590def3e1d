package postgres

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"resultlog/eventstore"
	"resultlog/eventstore/postgres/postgrestest"
)

// TestFindings: what a server can be, and what is to be done about it.
func TestFindings(t *testing.T) {
	setting := func(name, value string) eventstore.Finding {
		for _, w := range wishes {
			if w.name == name {
				return w.finding(value)
			}
		}
		return eventstore.Found("no wish for %s", name)
	}
	const ok, warn, fail = eventstore.HealthOK, eventstore.HealthWarn, eventstore.HealthFail
	for _, c := range []struct {
		got    eventstore.Finding
		want   eventstore.Health
		found  string
		advice string
	}{
		{versionFinding("15.4", 150004), ok, "PostgreSQL 15.4", ""},
		{versionFinding("17.1", 170001), ok, "PostgreSQL 17.1", ""},
		{versionFinding("14.9", 140009), warn, "PostgreSQL 14.9", "to 15"},
		{reached{"db", "me", "h:1", false, true, true}.finding(false), ok, "db on h:1 as me, the primary", ""},
		{reached{"db", "me", "h:1", true, true, true}.finding(true), fail, "a standby", "all hosts"},
		{reached{"db", "me", "h:1", false, true, true}.finding(true), fail, "read only", "failover"},
		{reached{"db", "me", "h:1", false, false, false}.finding(false), fail, "no log", "resultlog migrate"},
		{reached{"db", "me", "h:1", false, true, false}.finding(true), fail, "may not read the log", "resultlog_runtime"},
		{setting("fsync", "on"), ok, "fsync on", ""},
		{setting("fsync", "off"), fail, "fsync off", "set fsync = on"},
		{setting("full_page_writes", "off"), warn, "full_page_writes off", "power loss"},
		{setting("synchronous_commit", "remote_apply"), ok, "remote_apply", ""},
		{setting("synchronous_commit", "remote_write"), warn, "remote_write", "memory only"},
		{setting("synchronous_commit", "local"), warn, "local", "roles.sql"},
		{setting("synchronous_standby_names", ""), ok, "synchronous_standby_names empty", ""},
		{setting("wal_level", "minimal"), warn, "minimal", "replica"},
		{setting("default_transaction_isolation", "repeatable read"), fail, "repeatable read", "read committed"},
		{setting("server_encoding", "LATIN1"), fail, "LATIN1", "UTF8"},
		{setting("TimeZone", "Mars"), ok, "TimeZone Mars", ""},
		{connectionsFinding(72, 100), ok, "72 of 100", ""},
		{connectionsFinding(73, 100), warn, "73 of 100", "up to 28"},
		{roleFinding("me", nil), ok, "none of docs/deploy/roles.sql", ""},
		{roleFinding("resultlog_owner", []string{"synchronous_commit"}), ok, "as in docs", ""},
		{roleFinding("resultlog_runtime", []string{"synchronous_commit"}), warn, "lacks idle_in_transaction_session_timeout", "again"},
	} {
		if c.got.Health != c.want || !strings.Contains(c.got.Found, c.found) || !strings.Contains(c.got.Advice, c.advice) || (c.got.Advice == "") != (c.want == ok) {
			t.Errorf("%+v, want %s, %s", c.got, c.want, c.found)
		}
	}
}

// TestAdviceOnRefusals: a server that says why it lets nobody in is taken at its word.
func TestAdviceOnRefusals(t *testing.T) {
	for code, want := range map[string]string{
		"28P01": "password", "28000": "pg_hba.conf", "3D000": "setting-up", "53300": "max_connections", "42501": "roles.sql", "57P03": "starts or stops", "XX000": "pg_isready",
	} {
		if got := adviceOn(fmt.Errorf("connect: %w", &pgconn.PgError{Code: code})); !strings.Contains(got, want) {
			t.Errorf("%s: %s", code, got)
		}
	}
	if got := adviceOn(errors.New("connection refused")); !strings.Contains(got, "pg_isready") {
		t.Error(got)
	}
}

// TestAnExaminerWritesNothing, whatever the role may do; and a clock is told as it is, as far as the way there allows.
func TestAnExaminerWritesNothing(t *testing.T) {
	dsn := postgrestest.Database(t)
	mustAppend(t, mustOpen(t, dsn), 0, 2)
	e, err := NewExaminer(dsn, fstest.MapFS{}, fstest.MapFS{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if f := e.Reach(t.Context()); f.Health != eventstore.HealthOK {
		t.Errorf("%+v", f)
	}
	if _, err := e.db.ExecContext(t.Context(), `CREATE TABLE written (x int)`); err == nil || !strings.Contains(err.Error(), "read-only transaction") {
		t.Errorf("it writes: %v", err)
	}
	if at, recorded, err := e.Newest(t.Context()); at != 2 || recorded == 0 || err != nil {
		t.Errorf("%d, %s, %v", at, recorded, err)
	}
	if err := e.ReadTables(t.Context(), nil); !errors.Is(err, eventstore.ErrNotThere) {
		t.Errorf("read tables that nobody has made: %v", err)
	}
	offset, give, err := e.Offset(t.Context(), func() time.Time { return time.Now().Add(-time.Hour) })
	if err != nil || (offset-time.Hour).Abs() > give+time.Second || give <= 0 || give > time.Minute {
		t.Errorf("the clock is %s ahead, give or take %s, %v", offset, give, err)
	}
}
