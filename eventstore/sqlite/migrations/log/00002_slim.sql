-- +goose Up

-- What a machine reads of the event, so that replay decodes no JSON (core.EncodeSlim). NULL: the event has none, or is older than the column. It can be made again from data.
ALTER TABLE events ADD COLUMN slim BLOB;

DROP TRIGGER events_are_not_changed;

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
    AND NEW.slim IS OLD.slim
)
BEGIN
    SELECT RAISE(ABORT, 'events is append-only: no row is changed, except that personal may be set to NULL');
END;
-- +goose StatementEnd
