-- +goose Up

-- Two more tables, made of events of the tenant's own stream, which no log holds yet: there is nothing to make them of, and nothing in the other tables changes. So, other than in
-- 00002, nothing is emptied. The stream_id of a row in dead_letters may now be the tenant's own id too.

-- How a tenant has the catalogue (contract §2.8): one row for each code that it has ever configured. A code without a row is active, and neither positive nor negative.
CREATE TABLE task_result_types (
    tenant_id      BLOB    NOT NULL, -- whose it is; no query crosses tenants
    code           TEXT    NOT NULL, -- code of the catalogue, such as not_home; as in results.result
    is_active      INTEGER NOT NULL, -- 1 if submissions may use it; a result that has it already may keep it in any case
    classification TEXT,             -- POSITIVE or NEGATIVE: what results with it count as, those of before included; NULL: as neither
    updated_at     INTEGER NOT NULL, -- when the last configuration of the code was recorded
    version        INTEGER NOT NULL, -- of that event in the tenant's stream
    last_position  INTEGER NOT NULL, -- the tenant's position of that event
    PRIMARY KEY (tenant_id, code)
) STRICT, WITHOUT ROWID;

-- One row for each API key of a tenant, the expired and the revoked too (contract §2.9). Neither a key's text nor its digest stands here: nothing that helps to open a door.
CREATE TABLE api_keys (
    tenant_id     BLOB    NOT NULL, -- whose it is; no query crosses tenants
    id            BLOB    NOT NULL, -- of the key; it never changes
    name          TEXT    NOT NULL, -- what its creator calls it
    prefix        TEXT    NOT NULL, -- how its text begins, so that people recognise it
    permissions   TEXT    NOT NULL, -- what it may do: JSON array of the names of permissions, such as ["VIEW_ACTIVITIES"]
    expires_at    INTEGER,          -- when it opens nothing any more; NULL: never
    created_at    INTEGER NOT NULL, -- when its issue was recorded
    revoked_at    INTEGER,          -- when its revocation was recorded; NULL: it is not revoked
    version       INTEGER NOT NULL, -- of the last event in the tenant's stream that changed the row
    last_position INTEGER NOT NULL, -- the tenant's position of that event
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- The two orders of their list. A tenant has a thousand or a few, and seldom a new one, so that they cost nothing.
CREATE INDEX api_keys_by_creation ON api_keys (tenant_id, created_at, id);
CREATE INDEX api_keys_by_position ON api_keys (tenant_id, last_position);
