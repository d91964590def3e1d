-- +goose Up

-- What proves the history (docs/audit.md). All but signed_checkpoints and verifier_keys can be made again from the log. Ids are UUIDs as 16 bytes, hashes SHA-256 as 32; times are
-- milliseconds since 1970 UTC.

-- How far in the log the trees have come.
CREATE TABLE checkpoints (
    subscription TEXT    NOT NULL PRIMARY KEY, -- trees
    position     INTEGER NOT NULL,             -- of the last event that is in its tree
    event_id     BLOB    NOT NULL              -- of that event: whether the log is the one that the trees were made of
) STRICT;

-- One row for each tenant's Merkle tree (RFC 6962).
CREATE TABLE trees (
    tenant_id   BLOB    NOT NULL PRIMARY KEY, -- whose it is
    size        INTEGER NOT NULL,             -- how many events are in it: the tenant position of the last one
    frontier    BLOB    NOT NULL,             -- the roots of the complete subtrees that it consists of, the largest first
    signed_size INTEGER NOT NULL              -- the size at which it was signed last
) STRICT, WITHOUT ROWID;
CREATE INDEX trees_unsigned ON trees (tenant_id) WHERE size > signed_size;

-- The leaves, some together: those from one on, in a row, and never beyond the next multiple of 256.
CREATE TABLE leaves (
    tenant_id BLOB    NOT NULL,
    first     INTEGER NOT NULL, -- the first one's number, counted from 0: its tenant position less one
    hashes    BLOB    NOT NULL, -- one after the other
    PRIMARY KEY (tenant_id, first)
) STRICT, WITHOUT ROWID;

-- The roots of complete subtrees of at least 256 leaves; those of smaller ones are computed from the leaves.
CREATE TABLE nodes (
    tenant_id BLOB    NOT NULL,
    level     INTEGER NOT NULL, -- of a subtree of 2^level leaves
    n         INTEGER NOT NULL, -- its number among those of its level, counted from 0
    hash      BLOB    NOT NULL,
    PRIMARY KEY (tenant_id, level, n)
) STRICT, WITHOUT ROWID;

-- Every checkpoint that was ever signed here.
CREATE TABLE signed_checkpoints (
    tenant_id BLOB    NOT NULL,
    size      INTEGER NOT NULL, -- how many events it is about
    root      BLOB    NOT NULL, -- of the tree over them
    note      TEXT    NOT NULL, -- the signed text, in the form of C2SP's tlog-checkpoint
    signed_at INTEGER NOT NULL, -- when
    PRIMARY KEY (tenant_id, size, signed_at)
) STRICT, WITHOUT ROWID;

-- The keys by which they can be verified, in the form of a note's verifier key.
CREATE TABLE verifier_keys (
    verifier_key TEXT    NOT NULL PRIMARY KEY,
    first_used   INTEGER NOT NULL -- when
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER signed_checkpoints_keep BEFORE UPDATE ON signed_checkpoints BEGIN
    SELECT raise(ABORT, 'signed checkpoints are append-only: what was promised stays promised');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER signed_checkpoints_stay BEFORE DELETE ON signed_checkpoints BEGIN
    SELECT raise(ABORT, 'signed checkpoints are append-only: what was promised stays promised');
END;
-- +goose StatementEnd
