-- +goose Up

-- What proves the history (docs/audit.md). All but signed_checkpoints and verifier_keys can be made again from the log. Hashes are SHA-256; times are milliseconds since 1970 UTC.

CREATE TABLE checkpoints (
    subscription text   NOT NULL PRIMARY KEY,
    position     bigint NOT NULL,
    event_id     uuid   NOT NULL
);

COMMENT ON TABLE checkpoints IS 'How far in the log the trees have come.';
COMMENT ON COLUMN checkpoints.subscription IS 'trees';
COMMENT ON COLUMN checkpoints.position IS 'of the last event that is in its tree';
COMMENT ON COLUMN checkpoints.event_id IS 'of that event: whether the log is the one that the trees were made of';

CREATE TABLE trees (
    tenant_id   uuid   NOT NULL PRIMARY KEY,
    size        bigint NOT NULL,
    frontier    bytea  NOT NULL,
    signed_size bigint NOT NULL
);
CREATE INDEX trees_unsigned ON trees (tenant_id) WHERE size > signed_size;

COMMENT ON TABLE trees IS 'One row for each tenant''s Merkle tree (RFC 6962).';
COMMENT ON COLUMN trees.tenant_id IS 'whose it is';
COMMENT ON COLUMN trees.size IS 'how many events are in it: the tenant position of the last one';
COMMENT ON COLUMN trees.frontier IS 'the roots of the complete subtrees that it consists of, the largest first';
COMMENT ON COLUMN trees.signed_size IS 'the size at which it was signed last';

CREATE TABLE leaves (
    tenant_id uuid   NOT NULL,
    first     bigint NOT NULL,
    hashes    bytea  NOT NULL,
    PRIMARY KEY (tenant_id, first)
);
ALTER TABLE leaves ALTER COLUMN hashes SET STORAGE EXTERNAL; -- hashes do not compress

COMMENT ON TABLE leaves IS 'The leaves, some together: those from one on, in a row, and never beyond the next multiple of 256.';
COMMENT ON COLUMN leaves.first IS 'the first one''s number, counted from 0: its tenant position less one';
COMMENT ON COLUMN leaves.hashes IS 'one after the other';

CREATE TABLE nodes (
    tenant_id uuid     NOT NULL,
    level     smallint NOT NULL,
    n         bigint   NOT NULL,
    hash      bytea    NOT NULL,
    PRIMARY KEY (tenant_id, level, n)
);

COMMENT ON TABLE nodes IS 'The roots of complete subtrees of at least 256 leaves; those of smaller ones are computed from the leaves.';
COMMENT ON COLUMN nodes.level IS 'of a subtree of 2^level leaves';
COMMENT ON COLUMN nodes.n IS 'its number among those of its level, counted from 0';

CREATE TABLE signed_checkpoints (
    tenant_id uuid   NOT NULL,
    size      bigint NOT NULL,
    root      bytea  NOT NULL,
    note      text   NOT NULL,
    signed_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, size, signed_at)
);

COMMENT ON TABLE signed_checkpoints IS 'Every checkpoint that was ever signed here. Append-only.';
COMMENT ON COLUMN signed_checkpoints.size IS 'how many events it is about';
COMMENT ON COLUMN signed_checkpoints.root IS 'of the tree over them';
COMMENT ON COLUMN signed_checkpoints.note IS 'the signed text, in the form of C2SP''s tlog-checkpoint';
COMMENT ON COLUMN signed_checkpoints.signed_at IS 'when: milliseconds since 1970 UTC';

CREATE TABLE verifier_keys (
    verifier_key text   NOT NULL PRIMARY KEY,
    first_used   bigint NOT NULL
);

COMMENT ON TABLE verifier_keys IS 'The keys by which signed_checkpoints can be verified, in the form of a note''s verifier key.';
COMMENT ON COLUMN verifier_keys.first_used IS 'when: milliseconds since 1970 UTC';

-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'signed checkpoints are append-only: what was promised stays promised';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER signed_checkpoints_stay BEFORE UPDATE OR DELETE ON signed_checkpoints FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER signed_checkpoints_are_not_truncated BEFORE TRUNCATE ON signed_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
