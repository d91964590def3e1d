-- +goose Up

-- When what is personal in the row was erased, which is why comment, operator_external_id, raw_payload and payload are NULL (docs/decisions/0013-erasure.md); NULL: it was not, or something was
-- submitted since. No log holds an erasure yet, so that nothing is emptied.
ALTER TABLE results ADD COLUMN erased_at INTEGER;
