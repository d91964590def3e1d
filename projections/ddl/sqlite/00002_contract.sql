-- +goose Up

-- The tables are made again from the log, with what is new in them.
DELETE FROM results;
DELETE FROM activities;
DELETE FROM dead_letters;
DROP TABLE checkpoints;

-- How far the read tables have come in the log. It moves in the transaction that changes the tables.
CREATE TABLE checkpoints (
    subscription TEXT    PRIMARY KEY, -- name of the subscription that feeds the tables
    position     INTEGER NOT NULL,    -- position in the log of the last event that was applied, or set aside in dead_letters
    event_id     BLOB    NOT NULL     -- that event's id: if the log has another at the position, it is not the log that the tables were made of
) STRICT;

-- One row for each status that an activity came into, its first included (contract §2.7, status events).
CREATE TABLE activity_transitions (
    tenant_id     BLOB    NOT NULL, -- whose it is; no query crosses tenants
    activity_id   BLOB    NOT NULL, -- the activity that moved
    version       INTEGER NOT NULL, -- of the event in the activity's stream: the order in which it moved
    event_id      BLOB    NOT NULL, -- of the event; the id of the status event
    event_type    TEXT    NOT NULL, -- what moved it: CREATED, DISPATCH_SUCCESS, RESULT, LINKED or CANCELED
    from_status   TEXT,             -- the status that it left; NULL when it was created
    to_status     TEXT    NOT NULL, -- the status that it came into
    result_id     BLOB,             -- its result at that moment: for RESULT and LINKED, the one that moved it; NULL: it had none
    overridden    INTEGER NOT NULL, -- 1 if the lifecycle would have refused it, and hard_override lifted that
    error_code    TEXT,             -- for FAILED: the code of the result that says so
    error_message TEXT,             -- for FAILED: that result's comment; personal
    occurred_at   INTEGER NOT NULL, -- when it was recorded
    position      INTEGER NOT NULL, -- the tenant's position of the event
    PRIMARY KEY (tenant_id, activity_id, version)
) STRICT, WITHOUT ROWID;

-- Which event an Idempotency-Key belongs to (contract §2.5). Kept for as long as a retry is promised to find its first answer, and then purged.
CREATE TABLE idempotency_keys (
    tenant_id   BLOB    NOT NULL, -- whose it is
    name        BLOB    NOT NULL, -- 16 bytes: a hash of the tenant, the endpoint and the key
    position    INTEGER NOT NULL, -- position in the log of the first event that was recorded with it
    recorded_at INTEGER NOT NULL, -- when that was
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (recorded_at);
