package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// underWayPatience is how long the switch waits, under the write lock, for transactions that began before the new tables had come as far as those that serve: those of nodes take milliseconds.
	underWayPatience = 500 * time.Millisecond

	// underWayPause is the pause between two looks at them.
	underWayPause = 5 * time.Millisecond

	// exclusivePatience is how long the switch then waits for all who read the tables that serve. Whoever comes meanwhile waits too, so that it is short; and shorter than the server's
	// deadlock_timeout (1 s), so that of a reader and the switch, each with a table that the other wants, it is the switch that gives up.
	exclusivePatience = 300 * time.Millisecond
)

// Switch puts the new tables in the place of those that serve, in one transaction. It takes their write lock first, and calls last under it, which is to bring the new tables as far as those are:
// whoever reads never sees less than before. It is not switched if somebody else uses the tables for too long, or there is an error; the tables that serve are then as they were.
//
// The new tables move into the schema of the old ones, with the rights of those, which are dropped. So the time that it takes does not depend on their size, and sessions with plans and prepared
// statements go on: the server makes those anew that name a table which is dropped. All the tables are locked against readers for that, for some milliseconds. So no transaction ever sees
// some of the old tables and some of the new: whoever has read one of the old ones holds up the switch until it ends. And who comes to the new ones has a snapshot that was taken when they
// had come as far, since the switch waits for all older transactions to end.
func (n *NextReadTables) Switch(ctx context.Context, last func(context.Context) error) (switched bool, err error) {
	if !n.analyzed { // the planner knows nothing of them yet; once is enough
		if err := n.each(ctx, `SELECT format('ANALYZE %s', oid::regclass) FROM pg_class WHERE `+isNext); err != nil {
			return false, err
		}
		n.analyzed = true
	}
	// Until the commit, a crash leaves the tables that serve as they were; so does every error.
	tx, err := n.conn.Begin(ctx)
	if err != nil {
		return false, err
	}
	err = n.replace(ctx, last)
	if err == nil {
		err = tx.Commit(ctx)
	} else {
		err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
	}
	if err != nil {
		return false, unlessHeld(err)
	}
	return true, nil
}

// errHeld means that somebody uses the tables for longer than the switch waits.
var errHeld = errors.New("the read tables are in use")

// unlessHeld is nil for an error that says that somebody else uses the tables.
func unlessHeld(err error) error {
	if errors.Is(err, errHeld) || isCode(err, lockNotAvailable) || isCode(err, queryCanceled) {
		return nil
	}
	return err
}

// isNext finds the new tables in pg_class, which take the place of those of the same names.
const isNext = `relnamespace = '` + nextSchema + `'::regnamespace AND relkind = 'r'`

// replace is the transaction.
func (n *NextReadTables) replace(ctx context.Context, last func(context.Context) error) error {
	// Before anybody has to wait: keep vacuum away from all of these tables, which disturbs no reader and no writer. One that is at work is cancelled, which takes a second.
	err := n.each(ctx, `SELECT format('LOCK TABLE %s IN SHARE UPDATE EXCLUSIVE MODE', oid::regclass) FROM pg_class
		WHERE `+isNext+` OR oid IN (`+replaced+`) ORDER BY oid`)
	if err != nil {
		return err
	}
	for _, lock := range []int{migrateLock, projectLock} { // from here on no other program changes their shape, and then no node their rows
		if _, err := n.conn.Exec(ctx, takeLock, lockSpace, lock); err != nil {
			return err
		}
	}
	if err := n.mustBeAlike(ctx); err != nil {
		return err
	}
	if err := last(ctx); err != nil {
		return err
	}
	if err := n.outwaitUnderWay(ctx); err != nil {
		return err
	}
	if err := n.lockOut(ctx); err != nil {
		return err
	}
	if err := n.each(ctx, rights); err != nil {
		return err
	}
	return n.each(ctx, moves)
}

// replaced finds the tables that serve whose places the new ones take.
const replaced = `SELECT old.oid FROM pg_class AS old JOIN pg_class AS next USING (relname)
	WHERE old.relnamespace = '` + readSchema + `'::regnamespace AND old.relkind = 'r' AND next.relnamespace = '` + nextSchema + `'::regnamespace`

// outwaitUnderWay waits until every transaction has ended that clients of this database have open now: its snapshot may be older than what the new tables hold, and would show less of them than
// of the old. Each holds a lock on its own id, for everybody to see. Those that wait for a lock of this transaction have yet to take the snapshot that they read by.
func (n *NextReadTables) outwaitUnderWay(ctx context.Context) error {
	const underWay = ` FROM pg_locks AS own JOIN pg_stat_activity AS session USING (pid)
		WHERE own.locktype = 'virtualxid' AND own.mode = 'ExclusiveLock' AND session.datname = current_database() AND session.usesysid IS NOT NULL AND own.pid <> pg_backend_pid()`
	var older []string
	if err := n.conn.QueryRow(ctx, `SELECT coalesce(array_agg(own.virtualtransaction), '{}')`+underWay).Scan(&older); err != nil {
		return err
	}
	for deadline := time.Now().Add(underWayPatience); ; {
		var left int
		err := n.conn.QueryRow(ctx, `SELECT count(*)`+underWay+` AND own.virtualtransaction = ANY($1) AND NOT EXISTS (
			SELECT FROM pg_locks AS waiting WHERE waiting.pid = own.pid AND NOT waiting.granted AND waiting.locktype = 'advisory' AND waiting.classid = $2)`, older, lockSpace).Scan(&left)
		switch {
		case err != nil || left == 0:
			return err
		case time.Now().After(deadline):
			return fmt.Errorf("%w: %d transactions are older than the switch", errHeld, left)
		}
		select {
		case <-time.After(underWayPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lockOut waits for all who read the tables that serve, and lets nobody read or change them from then on: the checkpoint first, and then what is parked, which most reads look at first, and so
// hold nothing else yet; then the views, which those that come by them have before their tables.
func (n *NextReadTables) lockOut(ctx context.Context) error {
	milliseconds := exclusivePatience.Milliseconds()
	if _, err := n.conn.Exec(ctx, fmt.Sprintf(`SET LOCAL lock_timeout = %d; SET LOCAL statement_timeout = %d`, milliseconds, milliseconds)); err != nil {
		return err
	}
	var tables []string
	err := n.conn.QueryRow(ctx, `SELECT array_agg(oid::regclass::text ORDER BY relname <> 'checkpoints', relname <> 'dead_letters', relkind <> 'v', relname) FROM pg_class
		WHERE oid IN (`+replaced+`) OR oid IN (SELECT ev_class`+onReplaced+`)`).Scan(&tables)
	if err != nil {
		return err
	}
	if _, err := n.conn.Exec(ctx, `LOCK TABLE `+strings.Join(tables, ", ")+` IN ACCESS EXCLUSIVE MODE`); err != nil {
		return err
	}
	_, err = n.conn.Exec(ctx, `SET LOCAL statement_timeout = 0`) // files of gigabytes are removed
	return err
}

// pairs are the new tables, and their sequences, each beside the one that it replaces.
const pairs = ` FROM pg_class AS old JOIN pg_class AS next USING (relname, relkind)
	WHERE old.relnamespace = '` + readSchema + `'::regnamespace AND next.relnamespace = '` + nextSchema + `'::regnamespace AND relkind IN ('r', 'S')`

// rights gives the statements by which the new tables have the owner of the old ones, and exactly their rights, those of single columns included.
const rights = `
	WITH pairs AS (SELECT relname, relkind, old.oid AS old, old.relowner, old.relacl, next.oid AS next, next.relowner AS maker, next.relacl AS given, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind` + pairs + `),
	granted AS (
		SELECT privilege_type AS privilege, kind, next, grantee, is_grantable FROM pairs, aclexplode(relacl)
		UNION ALL
		SELECT format('%s (%I)', privilege_type, attname), kind, next, grantee, is_grantable FROM pairs JOIN pg_attribute ON attrelid = old, aclexplode(attacl)
		WHERE NOT attisdropped)
	SELECT statement FROM (
		SELECT 1, format('ALTER TABLE %s OWNER TO %I', next::regclass, pg_get_userbyid(relowner)) FROM pairs WHERE relkind = 'r' AND maker <> relowner
		UNION ALL
		SELECT DISTINCT 2, format('REVOKE ALL ON %s %s FROM %s', kind, next::regclass, grantee) FROM (
			SELECT kind, next, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS grantee FROM pairs, aclexplode(given) WHERE grantee <> maker) AS others
		UNION ALL
		SELECT 3, format('GRANT %s ON %s %s TO %s%s', privilege, kind, next::regclass, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
			CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END) FROM granted
	) AS statements (turn, statement) ORDER BY turn`

// moves gives the statements by which the new tables come into the place of the old ones, the views on those are made to look at them, with the rights and whatever else is known by a view's own
// identity, and nothing is left where they were made. Names are written out as they are before all of this.
const moves = `
	SELECT statement FROM (
		SELECT 1, 'CREATE SCHEMA ` + replacedSchema + `'
		UNION ALL
		SELECT 2, format('ALTER TABLE %s SET SCHEMA ` + replacedSchema + `', old.oid::regclass)` + pairs + ` AND relkind = 'r'
		UNION ALL
		SELECT 3, format('ALTER TABLE %s SET SCHEMA ` + readSchema + `', oid::regclass) FROM pg_class WHERE ` + isNext + `
		UNION ALL
		SELECT DISTINCT 4, format('CREATE OR REPLACE VIEW %s AS %s', ev_class::regclass, pg_get_viewdef(ev_class))` + onReplaced + `
		UNION ALL
		SELECT 5, format('DROP TABLE ` + replacedSchema + `.%I', relname)` + pairs + ` AND relkind = 'r'
		UNION ALL
		SELECT 6, 'DROP SCHEMA ' || name FROM unnest(ARRAY['` + replacedSchema + `', '` + nextSchema + `']) AS name
	) AS statements (turn, statement) ORDER BY turn`

// onReplaced finds the views, of any schema, that name a table which is to be replaced: as ev_class.
const onReplaced = ` FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = objid
	WHERE classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass AND refobjid IN (` + replaced + `)`

// mustBeAlike refuses to replace tables with something on them that the new ones lack: what somebody has put there, or the work of a newer program.
func (n *NextReadTables) mustBeAlike(ctx context.Context) error {
	var serving, made int
	err := n.conn.QueryRow(ctx, `SELECT (SELECT max(version_id) FROM `+readSchema+`.migrations), (SELECT max(version_id) FROM `+nextSchema+`.migrations)`).Scan(&serving, &made)
	if err != nil {
		return err
	}
	if serving != made {
		return fmt.Errorf("the tables that serve are of shape %d, the new ones of %d: another version of resultlog has changed them meanwhile, rebuild with that one", serving, made)
	}
	rows, err := n.conn.Query(ctx, additions)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("the new tables would lack what somebody has made on those that serve: %s; drop it and make it again afterwards, or use resultlog rebuild without --online", strings.Join(found, ", "))
	}
	return err
}

// additions finds what people put on tables, but for views that can be made to look at others: plain ones, of a role that this one may act for.
const additions = `
	WITH old AS (SELECT oid, relrowsecurity, reloptions FROM pg_class WHERE oid IN (` + replaced + `))
	SELECT 'index ' || relname FROM pg_index JOIN old ON indrelid = oid JOIN pg_class AS index ON index.oid = indexrelid
		WHERE NOT EXISTS (SELECT FROM pg_class AS made WHERE made.relname = index.relname AND made.relnamespace = '` + nextSchema + `'::regnamespace)
	UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger JOIN old ON tgrelid = old.oid WHERE NOT tgisinternal
	UNION ALL SELECT 'policy ' || polname FROM pg_policy JOIN old ON polrelid = old.oid
	UNION ALL SELECT 'row level security of ' || oid::regclass FROM old WHERE relrowsecurity
	UNION ALL SELECT 'storage parameters of ' || oid::regclass FROM old WHERE reloptions IS NOT NULL
	UNION ALL SELECT 'publication ' || pubname FROM pg_publication_rel JOIN old ON prrelid = old.oid JOIN pg_publication ON pg_publication.oid = prpubid
	UNION ALL SELECT CASE relkind WHEN 'm' THEN 'materialized view ' WHEN 'v' THEN 'view ' ELSE 'rule on ' END || oid::regclass FROM pg_class
		WHERE oid IN (SELECT ev_class` + onReplaced + `) AND NOT (relkind = 'v' AND reloptions IS NULL AND pg_has_role(relowner, 'USAGE'))
	ORDER BY 1`
