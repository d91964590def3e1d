package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"resultlog/eventstore"
)

const (
	// testedVersion is the oldest version of PostgreSQL that this program is tested on, as server_version_num tells it.
	testedVersion = 15_00_00

	// nodeConns is how many connections a node has at most: the one that appends, those that read the log, both sides of the read tables, and both of the audit's.
	nodeConns = 1 + logReaders + writeConns + readConns + 1 + auditConns
)

// Version tells which version the server is of.
func (e *Examiner) Version(ctx context.Context) eventstore.Finding {
	var version string
	var number int
	if err := e.db.QueryRowContext(ctx, `SELECT current_setting('server_version'), current_setting('server_version_num')::int`).Scan(&version, &number); err != nil {
		return eventstore.Found("the server's version cannot be told: %v", err).Fail(adviceOn(err))
	}
	return versionFinding(version, number)
}

func versionFinding(version string, number int) eventstore.Finding {
	found := eventstore.Found("PostgreSQL %s", version)
	if number < testedVersion {
		return found.Warn(fmt.Sprintf("this program is not tested on it: upgrade the server to %d", testedVersion/1_00_00))
	}
	return found
}

// wish is a setting of the server, as it should be.
type wish struct {
	name   string
	good   []string          // what it may be; nil: anything
	health eventstore.Health // otherwise
	advice string
}

// wishes are the settings that an acknowledged event, or the order of events, rests on, and those that an operator asks for first.
var wishes = []wish{
	{"fsync", []string{"on"}, eventstore.HealthFail, "set fsync = on: what this server says is committed may be lost, and resultlog refuses to append"},
	{"full_page_writes", []string{"on"}, eventstore.HealthWarn, "set full_page_writes = on, unless the file system writes pages whole: a power loss may spoil them"},
	{"synchronous_commit", []string{"on", "remote_apply"}, eventstore.HealthWarn,
		"off and local are raised to on by the connection that appends, remote_write is not, and means the standby's memory only: set synchronous_commit = on for this role, as docs/deploy/roles.sql does"},
	{"synchronous_standby_names", nil, eventstore.HealthOK, ""},
	{"wal_level", []string{"replica", "logical"}, eventstore.HealthWarn, "set wal_level = replica: no standby and no base backup can be made of this server"},
	{"default_transaction_isolation", []string{"read committed"}, eventstore.HealthFail,
		"set default_transaction_isolation = 'read committed' for this role: with another, who has waited for a lock does not see what was written meanwhile"},
	{"server_encoding", []string{"UTF8"}, eventstore.HealthFail, "make a database with ENCODING UTF8, and resultlog copy the log there: this one cannot hold what may be submitted"},
	{"TimeZone", nil, eventstore.HealthOK, ""},
}

// finding judges what a setting is.
func (w wish) finding(value string) eventstore.Finding {
	shown := value
	if value == "" {
		shown = "empty"
	}
	found := eventstore.Found("%s %s", w.name, shown)
	if w.good == nil || slices.Contains(w.good, value) {
		return found
	}
	return eventstore.Finding{Health: w.health, Found: found.Found, Advice: w.advice}
}

// Settings tells how the server and the role are set up. What the program sets on each of its connections itself is not asked for.
func (e *Examiner) Settings(ctx context.Context) eventstore.Finding {
	var findings []eventstore.Finding
	for _, w := range wishes {
		var value string
		if err := e.db.QueryRowContext(ctx, `SELECT current_setting($1)`, w.name).Scan(&value); err != nil {
			return eventstore.Found("the settings cannot be read: %v", err).Fail(adviceOn(err))
		}
		findings = append(findings, w.finding(value))
	}
	for _, more := range []func(context.Context) (eventstore.Finding, error){e.connections, e.ofRole, e.triggers} {
		finding, err := more(ctx)
		if err != nil {
			return eventstore.Found("the settings cannot be read: %v", err).Fail(adviceOn(err))
		}
		findings = append(findings, finding)
	}
	return eventstore.Together(findings...)
}

// connections tells how many connections are left.
func (e *Examiner) connections(ctx context.Context) (eventstore.Finding, error) {
	var most, used int
	err := e.db.QueryRowContext(ctx, `SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, (SELECT sum(numbackends) FROM pg_stat_database)`).
		Scan(&most, &used)
	return connectionsFinding(used, most), err
}

func connectionsFinding(used, most int) eventstore.Finding {
	found := eventstore.Found("connections %d of %d", used, most)
	if most-used < nodeConns {
		return found.Warn(fmt.Sprintf("a node takes up to %d: raise max_connections, or see who has so many (docs/operations.md#sizing)", nodeConns))
	}
	return found
}

// roleSettings are what docs/deploy/roles.sql sets for the roles that write.
var roleSettings = map[string][]string{
	"resultlog_owner":   {"synchronous_commit"},
	"resultlog_runtime": {"synchronous_commit", "idle_in_transaction_session_timeout"},
}

// ofRole tells whether the role has what roles.sql has set for it. A role of another name is somebody's own affair.
func (e *Examiner) ofRole(ctx context.Context) (eventstore.Finding, error) {
	var role, has string
	err := e.db.QueryRowContext(ctx, `SELECT current_user, coalesce(string_agg(split_part(setting, '=', 1), ','), '')
		FROM pg_roles AS r JOIN pg_db_role_setting AS s ON s.setrole = r.oid CROSS JOIN unnest(s.setconfig) AS setting WHERE r.rolname = current_user`).Scan(&role, &has)
	return roleFinding(role, strings.Split(has, ",")), err
}

func roleFinding(role string, has []string) eventstore.Finding {
	wanted, known := roleSettings[role]
	if !known {
		return eventstore.Found("role %s is none of docs/deploy/roles.sql", role)
	}
	var lacks []string
	for _, name := range wanted {
		if !slices.Contains(has, name) {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) > 0 {
		return eventstore.Found("role %s lacks %s", role, strings.Join(lacks, ", ")).Warn("run docs/deploy/roles.sql again: it does no harm")
	}
	return eventstore.Found("role %s as in docs/deploy/roles.sql", role)
}

// appendOnlyTriggers is how many triggers hold the history: against UPDATE and DELETE, and against TRUNCATE. They are enabled for sessions that play a replica, too.
const appendOnlyTriggers = 2

// triggers tells whether the log's triggers are there and at work.
func (e *Examiner) triggers(ctx context.Context) (eventstore.Finding, error) {
	var there int
	err := e.db.QueryRowContext(ctx, `SELECT count(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relname = 'events' AND t.tgname IN ('events_are_not_changed', 'events_are_not_truncated') AND t.tgenabled = 'A'`, logSchema).Scan(&there)
	if there != appendOnlyTriggers {
		return eventstore.Found("%d of %d append-only triggers are at work", there, appendOnlyTriggers).
			Fail(eventstore.AdviceOnTriggers), err
	}
	return eventstore.Found("append-only triggers at work"), err
}
