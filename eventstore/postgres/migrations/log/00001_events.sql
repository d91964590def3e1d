-- +goose Up

-- The log: every event of every tenant, in the order of their commits. Rows are appended, and then never change, except that personal may be erased.
CREATE TABLE resultlog.events (
    position        bigint  PRIMARY KEY CHECK (position > 0),
    tenant_id       uuid    NOT NULL,
    tenant_position bigint  NOT NULL CHECK (tenant_position > 0),
    stream_id       uuid    NOT NULL,
    version         integer NOT NULL CHECK (version > 0),
    event_id        uuid    NOT NULL,
    type            text    NOT NULL,
    schema_version  integer NOT NULL CHECK (schema_version > 0),
    data            text    NOT NULL,
    personal        bytea,
    metadata        text    NOT NULL,
    recorded_at     bigint  NOT NULL,
    slim            bytea,

    UNIQUE (tenant_id, stream_id, version),
    UNIQUE (tenant_id, tenant_position)
);

COMMENT ON TABLE resultlog.events IS 'The log: every event of every tenant, in the order of their commits. Append-only, except that personal may be set to NULL.';
COMMENT ON COLUMN resultlog.events.position IS 'place in the log: gapless, from 1';
COMMENT ON COLUMN resultlog.events.tenant_position IS 'place in the tenant''s part of the log: gapless, from 1; the order that auditors see';
COMMENT ON COLUMN resultlog.events.stream_id IS 'the activity or the result that the event is about, or the tenant; UUIDv7, so that the index grows at its end';
COMMENT ON COLUMN resultlog.events.version IS 'place in the stream: gapless, from 1';
COMMENT ON COLUMN resultlog.events.type IS 'name of the event, such as ResultSubmitted';
COMMENT ON COLUMN resultlog.events.schema_version IS 'which shape of that event data has';
COMMENT ON COLUMN resultlog.events.data IS 'one JSON object; text, not jsonb: the exact bytes matter, proofs are over them';
COMMENT ON COLUMN resultlog.events.personal IS 'one JSON object, UTF-8, with what may be about a person; NULL: nothing, or erased. data holds its SHA-256';
COMMENT ON COLUMN resultlog.events.metadata IS 'one JSON object: who caused it, by which request';
COMMENT ON COLUMN resultlog.events.recorded_at IS 'when it was decided: milliseconds since 1970 UTC, by this database''s clock; never decreases along the log';
COMMENT ON COLUMN resultlog.events.slim IS 'what a machine reads of the event, so that replay decodes no JSON; NULL: decode data. It can be made again from data';

-- +goose StatementBegin
CREATE FUNCTION resultlog.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.personal IS NULL
            AND (NEW.position, NEW.tenant_id, NEW.tenant_position, NEW.stream_id, NEW.version, NEW.event_id, NEW.type, NEW.schema_version, NEW.data, NEW.metadata, NEW.recorded_at, NEW.slim)
            IS NOT DISTINCT FROM
            (OLD.position, OLD.tenant_id, OLD.tenant_position, OLD.stream_id, OLD.version, OLD.event_id, OLD.type, OLD.schema_version, OLD.data, OLD.metadata, OLD.recorded_at, OLD.slim)
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'events is append-only: no row is changed, except that personal may be set to NULL';
    END IF;
    RAISE EXCEPTION 'events is append-only: no row is deleted';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER events_are_not_changed BEFORE UPDATE OR DELETE ON resultlog.events FOR EACH ROW EXECUTE FUNCTION resultlog.refuse_change();
CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON resultlog.events FOR EACH STATEMENT EXECUTE FUNCTION resultlog.refuse_change();

-- Not even a session that plays a replica passes them by.
ALTER TABLE resultlog.events ENABLE ALWAYS TRIGGER events_are_not_changed;
ALTER TABLE resultlog.events ENABLE ALWAYS TRIGGER events_are_not_truncated;
