-- +goose Up

-- The log: every event of every tenant, in the order of their commits. Rows are appended, and then never change, except that personal may be erased.
CREATE TABLE events (
    position        INTEGER PRIMARY KEY CHECK (position > 0),     -- place in the log: gapless, from 1
    tenant_id       BLOB    NOT NULL CHECK (length(tenant_id) = 16), -- UUID
    tenant_position INTEGER NOT NULL CHECK (tenant_position > 0), -- place in the tenant's part of the log: gapless, from 1; the order that auditors see
    stream_id       BLOB    NOT NULL CHECK (length(stream_id) = 16), -- UUID of the activity or the result that the event is about; UUIDv7, so that the index grows at its end
    version         INTEGER NOT NULL CHECK (version > 0),         -- place in the stream: gapless, from 1
    event_id        BLOB    NOT NULL CHECK (length(event_id) = 16), -- UUID
    type            TEXT    NOT NULL,                             -- name of the event, such as ResultSubmitted
    schema_version  INTEGER NOT NULL CHECK (schema_version > 0),  -- which shape of that event data has
    data            TEXT    NOT NULL,                             -- one JSON object; the exact bytes matter: proofs are over them
    personal        BLOB,                                         -- one JSON object, UTF-8, with what may be about a person; NULL: nothing, or erased. data holds its SHA-256
    metadata        TEXT    NOT NULL,                             -- one JSON object: who caused it, by which request
    recorded_at     INTEGER NOT NULL,                             -- when it was decided: milliseconds since 1970 UTC; never decreases along the log

    UNIQUE (tenant_id, stream_id, version),
    UNIQUE (tenant_id, tenant_position)
) STRICT;

-- REPLACE deletes the row in its way, and SQLite asks this trigger only on a connection with PRAGMA recursive_triggers, which every connection of resultlog sets and checks.
-- A trigger BEFORE INSERT that looks for that row would bind other programs too, and costs a fifth of the time of each insert; whoever writes to this file with
-- another program, and means to replace, can drop triggers as well. Replay notices the gap that a REPLACE by any key but the position leaves.
-- +goose StatementBegin
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events is append-only: no row is deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
WHEN NOT (
    NEW.personal IS NULL
    AND NEW.position IS OLD.position
    AND NEW.tenant_id IS OLD.tenant_id
    AND NEW.tenant_position IS OLD.tenant_position
    AND NEW.stream_id IS OLD.stream_id
    AND NEW.version IS OLD.version
    AND NEW.event_id IS OLD.event_id
    AND NEW.type IS OLD.type
    AND NEW.schema_version IS OLD.schema_version
    AND NEW.data IS OLD.data
    AND NEW.metadata IS OLD.metadata
    AND NEW.recorded_at IS OLD.recorded_at
)
BEGIN
    SELECT RAISE(ABORT, 'events is append-only: no row is changed, except that personal may be set to NULL');
END;
-- +goose StatementEnd
