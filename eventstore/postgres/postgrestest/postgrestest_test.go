package postgrestest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(Stopping{M: m}) }

func TestDatabaseIsEmptyUsableAndGoneAfterwards(t *testing.T) {
	var dsn string
	t.Run("during", func(t *testing.T) {
		dsn = Database(t)
		if other := Database(t); other == dsn {
			t.Fatalf("two databases are one: %s", dsn)
		}
		if tables := ask[int](t, dsn, "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"); tables != 0 {
			t.Errorf("a fresh database has %d tables and indexes", tables)
		}
		do(t, dsn, "CREATE TABLE events (position bigint PRIMARY KEY)")
		do(t, dsn, "INSERT INTO events SELECT generate_series(1, 3)")
		if events := ask[int](t, dsn, "SELECT count(*) FROM events"); events != 3 {
			t.Errorf("%d events of 3", events)
		}
		connect(t, dsn) // a session that is still open does not keep it
	})
	if conn, err := pgx.Connect(t.Context(), dsn); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("%v, %v: a connection to a dropped database", conn, err)
	}
}

func TestDatabaseIsInTheClusterThatTheEnvironmentNames(t *testing.T) {
	c := Own(t)
	t.Setenv("RESULTLOG_TEST_POSTGRES", c.DSN("postgres"))
	if port := ask[string](t, Database(t), "SHOW port"); port != strconv.Itoa(c.Port()) {
		t.Errorf("port %s, want %d", port, c.Port())
	}
}

func TestEverythingIsAsDurableAsInProduction(t *testing.T) {
	c := Own(t, "max_connections=21")
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "server_encoding": "UTF8", "max_connections": "21",
	} {
		if got := ask[string](t, c.DSN("postgres"), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
}

func TestWhatWasCommittedSurvives(t *testing.T) {
	c := Own(t)
	dsn, drop, err := c.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	do(t, dsn, "CREATE TABLE events (position bigint PRIMARY KEY)")
	for i, stop := range []func() error{c.StopImmediately, c.StopFast, func() error { return nil }} {
		do(t, dsn, "INSERT INTO events SELECT count(*) FROM events")
		open := connect(t, dsn)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if err := c.Restart(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := open.Ping(t.Context()); err == nil {
			t.Error("a session survived a restart")
		}
		if events := ask[int](t, dsn, "SELECT count(*) FROM events"); events != i+1 {
			t.Errorf("%d events of %d after a restart", events, i+1)
		}
	}
	if said := c.Log(); strings.Count(said, "automatic recovery in progress") != 1 {
		t.Errorf("of three stops one is like a crash; the server said:\n%s", said)
	}
	if err := drop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNothingIsLeftAfterClose(t *testing.T) {
	c := Own(t)
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(c.dir); !os.IsNotExist(err) {
		t.Errorf("the directory of a closed cluster: %v", err)
	}
	if err := c.Restart(t.Context()); err == nil {
		t.Error("a closed cluster starts again")
	}
}

func TestClusterIsInTheDirectoryThatWasAskedFor(t *testing.T) {
	needPrograms(t)
	parent := t.TempDir()
	if os.Geteuid() == 0 {
		if c, err := StartIn(t.Context(), parent); err == nil || !strings.Contains(err.Error(), "chmod o+x") { // a test's directory is closed
			t.Fatalf("%v, %v: another user cannot go through %s", c, err, parent)
		}
	}
	if err := os.Chmod(filepath.Dir(parent), 0o711); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(parent))
	c, err := StartIn(t.Context(), filepath.Base(parent))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if data := ask[string](t, c.DSN("postgres"), "SHOW data_directory"); filepath.Dir(filepath.Dir(data)) != parent {
		t.Errorf("the data is in %s, not in %s", data, parent)
	}
}

func TestBadSettingIsToldInTheServersWords(t *testing.T) {
	needPrograms(t)
	_, err := Start(t.Context(), "fsinc=on")
	if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "fsinc"`) {
		t.Error(err)
	}
}

func TestTakenPortIsKnown(t *testing.T) {
	c, other := Own(t), Own(t)
	if err := c.StopFast(); err != nil {
		t.Fatal(err)
	}
	c.port = other.port
	if err := c.Restart(t.Context()); !errors.Is(err, errPortTaken) {
		t.Errorf("%v, want %v", err, errPortTaken)
	}
}

func TestBinariesAreTheNewest(t *testing.T) {
	t.Setenv("PATH", "")
	root := t.TempDir()
	if dir, err := binaries(filepath.Join(root, "*", "bin")); err != errNoPrograms {
		t.Fatalf("%q, %v: nothing is installed", dir, err)
	}
	for _, file := range []string{"9/bin/initdb", "9/bin/postgres", "15/bin/initdb", "15/bin/postgres", "16/bin/initdb"} { // of 16 the server is missing
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(file)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if dir, err := binaries(filepath.Join(root, "*", "bin")); dir != filepath.Join(root, "15", "bin") {
		t.Errorf("%q, %v", dir, err)
	}
	t.Setenv("PATH", filepath.Join(root, "9", "bin"))
	if dir, err := binaries(filepath.Join(root, "*", "bin")); dir != filepath.Join(root, "9", "bin") {
		t.Errorf("%q, %v: the PATH comes first", dir, err)
	}
}

func TestMissingProgramsSkipUnlessRequired(t *testing.T) {
	for _, row := range []struct {
		err            error
		required, want string
	}{{errNoPrograms, "", "skipped"}, {errNoPrograms, "1", "failed"}, {errPortTaken, "", "failed"}} {
		t.Setenv("RESULTLOG_REQUIRE_POSTGRES", row.required)
		v := &verdict{TB: t}
		giveUp(v, row.err)
		if !strings.HasPrefix(v.said, row.want) {
			t.Errorf("%q for %v, required %q; want %s", v.said, row.err, row.required, row.want)
		}
	}
}

func TestOtherDatabaseOfADSN(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://me:secret@[::1]:5432/postgres?sslmode=disable": "postgres://me:secret@[::1]:5432/x?sslmode=disable",
		"host=::1 user=me dbname=postgres":                         "host=::1 user=me dbname=postgres dbname=x",
	} {
		got, err := within(dsn, "x")
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", dsn, got, err, want)
		}
		config, err := pgx.ParseConfig(got)
		if err != nil || config.Database != "x" || config.Host != "::1" || config.User != "me" {
			t.Errorf("%s: %+v, %v", got, config, err)
		}
	}
}

func BenchmarkCluster(b *testing.B) {
	for b.Loop() {
		c, err := Start(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDatabase(b *testing.B) {
	c := Own(b)
	var dropping time.Duration
	for b.Loop() {
		_, drop, err := c.CreateDatabase(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		begun := time.Now()
		if err := drop(b.Context()); err != nil {
			b.Fatal(err)
		}
		dropping += time.Since(begun)
	}
	b.ReportMetric(float64(dropping.Nanoseconds())/float64(b.N), "ns/drop")
}

// verdict is a test that tells what became of it, and goes on.
type verdict struct {
	testing.TB
	said string
}

func (v *verdict) Skip(...any)  { v.said += "skipped " }
func (v *verdict) Fatal(...any) { v.said += "failed " }

func needPrograms(t *testing.T) {
	t.Helper()
	if _, err := Binaries(); err != nil {
		giveUp(t, err)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // the server may be gone
	return conn
}

func do(t *testing.T, dsn, statement string) {
	t.Helper()
	if err := execute(t.Context(), dsn, statement); err != nil {
		t.Fatal(err)
	}
}

func ask[T any](t *testing.T, dsn, query string) (answer T) {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(t.Context())
	if err := conn.QueryRow(t.Context(), query).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}
