-- Who may do what in the database of resultlog. As a superuser, in that database, before the first migration or after it; again at any time, without harm:
--
--   createdb -h LEADER -U postgres resultlog
--   psql -h LEADER -U postgres -d resultlog -f docs/deploy/roles.sql
--   psql … -c '\password resultlog_owner' and so on: a role without a password cannot log in over the network
--
-- resultlog_owner    owns the tables and migrates them; used when a new version is installed, and at no other time
-- resultlog_runtime  what the nodes log in as: reads and extends the log, and works on the read tables
-- resultlog_analyst  reads the views of the schema analytics (docs/analytics.md), and nothing else

\set ON_ERROR_STOP on
BEGIN;
SET LOCAL client_min_messages = warning;

SELECT format('CREATE ROLE %I LOGIN', role) FROM unnest(ARRAY['resultlog_owner', 'resultlog_runtime', 'resultlog_analyst']) AS role
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec

-- Whatever an earlier run, or somebody since, has made of them: none of them is more than it must be.
ALTER ROLE resultlog_owner NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE resultlog_runtime NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE resultlog_analyst NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- A node that hangs within a transaction holds the log's write lock, and all others wait: it is cut off. Its transactions take milliseconds.
ALTER ROLE resultlog_runtime SET idle_in_transaction_session_timeout = '30s';
-- A commit that returns is on the standby, too, whatever the cluster's default becomes.
ALTER ROLE resultlog_owner SET synchronous_commit = 'on';
ALTER ROLE resultlog_runtime SET synchronous_commit = 'on';
-- A question that runs for hours keeps what is deleted from being cleaned away. Who needs longer asks a standby.
ALTER ROLE resultlog_analyst SET statement_timeout = '5min';
ALTER ROLE resultlog_analyst SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE resultlog_analyst SET default_transaction_read_only = 'on';
ALTER ROLE resultlog_analyst SET search_path = 'analytics';

-- The database is for these three. The owner may create schemas: a later version may want one more.
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"DBNAME" TO resultlog_owner, resultlog_runtime, resultlog_analyst;
GRANT CREATE ON DATABASE :"DBNAME" TO resultlog_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE SCHEMA IF NOT EXISTS resultlog;
CREATE SCHEMA IF NOT EXISTS resultlog_read;
CREATE SCHEMA IF NOT EXISTS resultlog_audit;
CREATE SCHEMA IF NOT EXISTS analytics;
ALTER SCHEMA resultlog OWNER TO resultlog_owner;
ALTER SCHEMA resultlog_read OWNER TO resultlog_owner;
ALTER SCHEMA resultlog_audit OWNER TO resultlog_owner;
ALTER SCHEMA analytics OWNER TO resultlog_owner;

-- What was migrated before by somebody else becomes the owner's: only an owner can migrate further, and who owns a table can do everything with it.
SELECT format('ALTER TABLE %s OWNER TO resultlog_owner', oid::regclass) FROM pg_class
WHERE relnamespace IN ('resultlog'::regnamespace, 'resultlog_read'::regnamespace, 'resultlog_audit'::regnamespace, 'analytics'::regnamespace) AND relkind IN ('r', 'p', 'v', 'm') AND relowner <> 'resultlog_owner'::regrole \gexec
SELECT format('ALTER ROUTINE %s OWNER TO resultlog_owner', oid::regprocedure) FROM pg_proc
WHERE pronamespace IN ('resultlog'::regnamespace, 'resultlog_read'::regnamespace, 'resultlog_audit'::regnamespace) AND proowner <> 'resultlog_owner'::regrole \gexec

-- From nothing, so that a right which is not named below is not there.
REVOKE ALL ON SCHEMA resultlog, resultlog_read, resultlog_audit, analytics FROM PUBLIC, resultlog_runtime, resultlog_analyst;
REVOKE ALL ON ALL TABLES IN SCHEMA resultlog, resultlog_read, resultlog_audit, analytics FROM PUBLIC, resultlog_runtime, resultlog_analyst;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA resultlog, resultlog_read, resultlog_audit, analytics FROM PUBLIC, resultlog_runtime, resultlog_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE resultlog_owner IN SCHEMA resultlog_read REVOKE SELECT ON TABLES FROM resultlog_analyst; -- which versions before the views gave

-- The log: append-only by rights as well as by its trigger. UPDATE, DELETE and TRUNCATE are refused before any trigger is asked.
GRANT USAGE ON SCHEMA resultlog TO resultlog_runtime;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA resultlog TO resultlog_runtime;
ALTER DEFAULT PRIVILEGES FOR ROLE resultlog_owner IN SCHEMA resultlog GRANT SELECT, INSERT ON TABLES TO resultlog_runtime;

-- The read tables: made of the log, and so theirs to be emptied and made again.
GRANT USAGE ON SCHEMA resultlog_read TO resultlog_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA resultlog_read TO resultlog_runtime;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA resultlog_read TO resultlog_runtime;

-- The views on them, which look at the tables with their owner's rights: who reads a view needs none beneath it. A node looks which version they have.
GRANT USAGE ON SCHEMA analytics TO resultlog_runtime, resultlog_analyst;
GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO resultlog_runtime, resultlog_analyst;

-- What proves the log: made of it as well, and emptied only if the log turns out to be another one; what was signed is there for ever, by rights as well as by its trigger.
GRANT USAGE ON SCHEMA resultlog_audit TO resultlog_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA resultlog_audit TO resultlog_runtime;
SELECT format('REVOKE UPDATE, DELETE ON %s FROM resultlog_runtime', oid::regclass) FROM pg_class
WHERE relnamespace = 'resultlog_audit'::regnamespace AND relname IN ('signed_checkpoints', 'verifier_keys') \gexec

-- The same for the tables that the owner makes later: nobody has to run this after a migration.
ALTER DEFAULT PRIVILEGES FOR ROLE resultlog_owner IN SCHEMA resultlog_read GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON TABLES TO resultlog_runtime;
ALTER DEFAULT PRIVILEGES FOR ROLE resultlog_owner IN SCHEMA resultlog_read GRANT USAGE, SELECT ON SEQUENCES TO resultlog_runtime;
ALTER DEFAULT PRIVILEGES FOR ROLE resultlog_owner IN SCHEMA analytics GRANT SELECT ON TABLES TO resultlog_runtime, resultlog_analyst;
ALTER DEFAULT PRIVILEGES FOR ROLE resultlog_owner IN SCHEMA resultlog_audit GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO resultlog_runtime; -- the triggers keep what was signed

COMMIT;
