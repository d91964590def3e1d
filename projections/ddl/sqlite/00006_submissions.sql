-- +goose Up

-- The tables are made again from the log, with what is new in them.
DELETE FROM results;
DELETE FROM activities;
DELETE FROM activity_transitions;
DELETE FROM idempotency_keys;
DELETE FROM task_result_types;
DELETE FROM api_keys;
DELETE FROM dead_letters;
DROP TABLE checkpoints;

-- How far the read tables have come in the log. It moves in the transaction that changes the tables.
CREATE TABLE checkpoints (
    subscription TEXT    PRIMARY KEY, -- name of the subscription that feeds the tables
    position     INTEGER NOT NULL,    -- position in the log of the last event that was applied, or set aside in dead_letters
    event_id     BLOB    NOT NULL,    -- that event's id: if the log has another at the position, it is not the log that the tables were made of
    generation   INTEGER NOT NULL     -- which tables whoever moved it feeds, all of them: an older program names none, and so cannot move it past what it leaves out
) STRICT;

-- One row for each submission that was accepted, as it was sent and taken then (contract §2.1, §2.2): results has the last one of each result. Only an erasure changes a row.
-- The key brings the submissions of a result together, in their order. Ids of results grow, and so nearly all rows come to its end; only those that update an older result go elsewhere.
CREATE TABLE submissions (
    tenant_id            BLOB    NOT NULL, -- whose it is; no query crosses tenants
    result_id            BLOB    NOT NULL, -- the result that it made or replaced
    version              INTEGER NOT NULL, -- of the event in the result's stream: the order in which they came; 1: it made the result
    event_id             BLOB    NOT NULL, -- of the event
    activity_id          BLOB,             -- the activity that it was matched with; NULL: none was known then, whatever the result was linked to later
    source               TEXT    NOT NULL, -- RETEN_ACTIVITY or STANDALONE, as it was then
    status               TEXT    NOT NULL, -- PENDING, COMPLETED, NOT_EXECUTED, CANCELED or TRANSFERRED
    result               TEXT    NOT NULL, -- code of the catalogue, such as not_home
    contact_type         TEXT,             -- INBOUND or OUTBOUND
    provider_activity_id TEXT,             -- as sent
    commerce_external_id TEXT    NOT NULL, -- as sent, even where the activity has another
    external_status      TEXT,             -- the provider's own word for the status
    operator_external_id TEXT,             -- the operator's id at the provider; personal
    occurred_at          INTEGER NOT NULL, -- when it happened, as the sender says
    future_scheduled_at  INTEGER,          -- suggested time of a follow-up
    hard_override        INTEGER NOT NULL, -- 1 if it asked to lift the state guard, whether or not it had to be lifted
    overridden           INTEGER NOT NULL, -- 1 if the state guard would have refused it, and hard_override lifted that
    recorded_at          INTEGER NOT NULL, -- when it was recorded
    position             INTEGER NOT NULL, -- the tenant's position of the event
    PRIMARY KEY (tenant_id, result_id, version)
) STRICT, WITHOUT ROWID;
