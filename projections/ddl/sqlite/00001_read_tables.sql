-- +goose Up

-- The read tables: what the log says, as of the checkpoint. Nothing here is a source of truth: `resultlog rebuild` drops it all and makes it again from the log.
-- Ids are UUIDs as 16 bytes: hex(id) shows one. Times are milliseconds since 1970 UTC: datetime(created_at / 1000, 'unixepoch') shows one. NULL means "not sent".

-- One row for each result: the outcome of an activity, or of a task that no activity is known for (contract §2.2, §2.4).
CREATE TABLE results (
    tenant_id            BLOB    NOT NULL, -- whose it is; no query crosses tenants
    id                   BLOB    NOT NULL, -- of the result; it never changes
    activity_id          BLOB,             -- its activity; NULL while it is STANDALONE
    source               TEXT    NOT NULL, -- RETEN_ACTIVITY or STANDALONE
    status               TEXT    NOT NULL, -- PENDING, COMPLETED, NOT_EXECUTED, CANCELED or TRANSFERRED
    provider_activity_id TEXT,             -- as sent with the last submission
    commerce_external_id TEXT    NOT NULL, -- as sent with the last submission, even where the activity has another
    external_status      TEXT,             -- the provider's own word for the status
    occurred_at          INTEGER NOT NULL, -- when it happened, as the sender says
    hard_override        INTEGER NOT NULL, -- 1 if the last submission asked to lift the state guard, whether or not it had to be lifted
    result               TEXT    NOT NULL, -- code of the catalogue, such as not_home
    contact_type         TEXT,             -- INBOUND or OUTBOUND
    future_scheduled_at  INTEGER,          -- suggested time of a follow-up
    comment              TEXT,             -- free text; personal
    operator_external_id TEXT,             -- the operator's id at the provider; personal
    raw_payload          TEXT,             -- JSON object, byte for byte as sent; personal
    payload              TEXT,             -- JSON object, byte for byte as sent; personal
    created_at           INTEGER NOT NULL, -- when the first submission was recorded
    updated_at           INTEGER NOT NULL, -- when the last submission was recorded; late linking leaves it alone
    version              INTEGER NOT NULL, -- of the last event in the result's stream
    last_position        INTEGER NOT NULL, -- the tenant's position of the last event that changed the row
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- One row for each activity: a task or a message that is to be executed (contract §2.7).
CREATE TABLE activities (
    tenant_id                BLOB    NOT NULL, -- whose it is; no query crosses tenants
    id                       BLOB    NOT NULL, -- of the activity; it never changes
    type                     TEXT    NOT NULL, -- TASK or MESSAGE
    status                   TEXT    NOT NULL, -- READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED or FAILED
    reason                   TEXT    NOT NULL, -- why it exists, as its creator says
    channel                  TEXT    NOT NULL, -- SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS or PUSH
    commerce_id              BLOB    NOT NULL, -- the commerce that it is for
    commerce_external_id     TEXT,             -- that commerce's id at the provider
    provider_activity_id     TEXT,             -- the activity's id at the provider; set once
    idempotency_key          TEXT    NOT NULL, -- the creator's key: one activity for each, in a tenant
    scheduled_at             INTEGER NOT NULL, -- when it is due
    suggested_execution_time TEXT,             -- as sent
    user_status              TEXT,             -- as sent
    score                    REAL,             -- as sent
    assignment_reason        TEXT,             -- as sent
    assigned_route_id        BLOB,             -- the route it is assigned to
    assigned_operator_id     BLOB,             -- the operator it is assigned to
    result_id                BLOB,             -- its one current result; NULL: none yet
    created_at               INTEGER NOT NULL, -- when its creation was recorded
    updated_at               INTEGER NOT NULL, -- when the last event that changed the row was recorded
    version                  INTEGER NOT NULL, -- of the last event in the activity's stream
    last_position            INTEGER NOT NULL, -- the tenant's position of the last event that changed the row
    PRIMARY KEY (tenant_id, id)
) STRICT;

-- How far the read tables have come in the log. It moves in the transaction that changes the tables.
CREATE TABLE checkpoints (
    subscription TEXT    PRIMARY KEY, -- name of the subscription that feeds the tables
    position     INTEGER NOT NULL     -- position in the log of the last event that was applied, or set aside in dead_letters
) STRICT;

-- Events that could not be applied, and those that followed them on the same stream: set aside so that the rest flows. They still stand in the log.
CREATE TABLE dead_letters (
    tenant_id       BLOB    NOT NULL, -- whose event it is
    stream_id       BLOB    NOT NULL, -- its stream: the activity or the result
    version         INTEGER NOT NULL, -- its place in the stream
    position        INTEGER NOT NULL, -- its place in the log: select * from events where position = …
    tenant_position INTEGER NOT NULL, -- its place in the tenant's part of the log
    event_id        BLOB    NOT NULL, -- of the event
    recorded_at     INTEGER NOT NULL, -- when the event was recorded
    parked_at       INTEGER NOT NULL, -- when it was set aside
    error           TEXT    NOT NULL, -- why
    PRIMARY KEY (tenant_id, stream_id, version)
) STRICT;
