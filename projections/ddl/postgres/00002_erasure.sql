-- +goose Up

-- No log holds an erasure yet, so that nothing is emptied.
ALTER TABLE results ADD COLUMN erased_at bigint;

COMMENT ON COLUMN results.erased_at IS 'when what is personal in the row was erased, which is why comment, operator_external_id, raw_payload and payload are NULL; NULL: it was not, or something was submitted since';
