-- +goose Up

-- The read tables: what the log says, as of the checkpoint. Nothing here is a source of truth: `resultlog rebuild` empties it all and makes it again from the log.
-- Times are milliseconds since 1970 UTC: to_timestamp(created_at / 1000.0) shows one. NULL means "not sent". Texts compare byte by byte (COLLATE "C"), as they do in every list.

CREATE TABLE results (
    tenant_id            uuid             NOT NULL,
    id                   uuid             NOT NULL,
    activity_id          uuid,
    source               text COLLATE "C" NOT NULL,
    status               text COLLATE "C" NOT NULL,
    provider_activity_id text COLLATE "C",
    commerce_external_id text COLLATE "C" NOT NULL,
    external_status      text COLLATE "C",
    occurred_at          bigint           NOT NULL,
    hard_override        boolean          NOT NULL,
    result               text COLLATE "C" NOT NULL,
    contact_type         text COLLATE "C",
    future_scheduled_at  bigint,
    comment              text COLLATE "C",
    operator_external_id text COLLATE "C",
    raw_payload          text COLLATE "C",
    payload              text COLLATE "C",
    created_at           bigint           NOT NULL,
    updated_at           bigint           NOT NULL,
    version              bigint           NOT NULL,
    last_position        bigint           NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

COMMENT ON TABLE results IS 'One row for each result: the outcome of an activity, or of a task that no activity is known for (contract §2.2, §2.4).';
COMMENT ON COLUMN results.tenant_id IS 'whose it is; no query crosses tenants';
COMMENT ON COLUMN results.id IS 'of the result; it never changes';
COMMENT ON COLUMN results.activity_id IS 'its activity; NULL while it is STANDALONE';
COMMENT ON COLUMN results.source IS 'RETEN_ACTIVITY or STANDALONE';
COMMENT ON COLUMN results.status IS 'PENDING, COMPLETED, NOT_EXECUTED, CANCELED or TRANSFERRED';
COMMENT ON COLUMN results.provider_activity_id IS 'as sent with the last submission';
COMMENT ON COLUMN results.commerce_external_id IS 'as sent with the last submission, even where the activity has another';
COMMENT ON COLUMN results.external_status IS 'the provider''s own word for the status';
COMMENT ON COLUMN results.occurred_at IS 'when it happened, as the sender says';
COMMENT ON COLUMN results.hard_override IS 'true if the last submission asked to lift the state guard, whether or not it had to be lifted';
COMMENT ON COLUMN results.result IS 'code of the catalogue, such as not_home';
COMMENT ON COLUMN results.contact_type IS 'INBOUND or OUTBOUND';
COMMENT ON COLUMN results.future_scheduled_at IS 'suggested time of a follow-up';
COMMENT ON COLUMN results.comment IS 'free text; personal';
COMMENT ON COLUMN results.operator_external_id IS 'the operator''s id at the provider; personal';
COMMENT ON COLUMN results.raw_payload IS 'JSON object, byte for byte as sent; personal';
COMMENT ON COLUMN results.payload IS 'JSON object, byte for byte as sent; personal';
COMMENT ON COLUMN results.created_at IS 'when the first submission was recorded';
COMMENT ON COLUMN results.updated_at IS 'when the last submission was recorded; late linking leaves it alone';
COMMENT ON COLUMN results.version IS 'of the last event in the result''s stream';
COMMENT ON COLUMN results.last_position IS 'the tenant''s position of the last event that changed the row';

CREATE TABLE activities (
    tenant_id                uuid             NOT NULL,
    id                       uuid             NOT NULL,
    type                     text COLLATE "C" NOT NULL,
    status                   text COLLATE "C" NOT NULL,
    reason                   text COLLATE "C" NOT NULL,
    channel                  text COLLATE "C" NOT NULL,
    commerce_id              uuid             NOT NULL,
    commerce_external_id     text COLLATE "C",
    provider_activity_id     text COLLATE "C",
    idempotency_key          text COLLATE "C" NOT NULL,
    scheduled_at             bigint           NOT NULL,
    suggested_execution_time text COLLATE "C",
    user_status              text COLLATE "C",
    score                    double precision,
    assignment_reason        text COLLATE "C",
    assigned_route_id        uuid,
    assigned_operator_id     uuid,
    result_id                uuid,
    created_at               bigint           NOT NULL,
    updated_at               bigint           NOT NULL,
    version                  bigint           NOT NULL,
    last_position            bigint           NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

COMMENT ON TABLE activities IS 'One row for each activity: a task or a message that is to be executed (contract §2.7).';
COMMENT ON COLUMN activities.tenant_id IS 'whose it is; no query crosses tenants';
COMMENT ON COLUMN activities.id IS 'of the activity; it never changes';
COMMENT ON COLUMN activities.type IS 'TASK or MESSAGE';
COMMENT ON COLUMN activities.status IS 'READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED or FAILED';
COMMENT ON COLUMN activities.reason IS 'why it exists, as its creator says';
COMMENT ON COLUMN activities.channel IS 'SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS or PUSH';
COMMENT ON COLUMN activities.commerce_id IS 'the commerce that it is for';
COMMENT ON COLUMN activities.commerce_external_id IS 'that commerce''s id at the provider';
COMMENT ON COLUMN activities.provider_activity_id IS 'the activity''s id at the provider; set once';
COMMENT ON COLUMN activities.idempotency_key IS 'the creator''s key: one activity for each, in a tenant';
COMMENT ON COLUMN activities.scheduled_at IS 'when it is due';
COMMENT ON COLUMN activities.suggested_execution_time IS 'as sent';
COMMENT ON COLUMN activities.user_status IS 'as sent';
COMMENT ON COLUMN activities.score IS 'as sent';
COMMENT ON COLUMN activities.assignment_reason IS 'as sent';
COMMENT ON COLUMN activities.assigned_route_id IS 'the route it is assigned to';
COMMENT ON COLUMN activities.assigned_operator_id IS 'the operator it is assigned to';
COMMENT ON COLUMN activities.result_id IS 'its one current result; NULL: none yet';
COMMENT ON COLUMN activities.created_at IS 'when its creation was recorded';
COMMENT ON COLUMN activities.updated_at IS 'when the last event that changed the row was recorded';
COMMENT ON COLUMN activities.version IS 'of the last event in the activity''s stream';
COMMENT ON COLUMN activities.last_position IS 'the tenant''s position of the last event that changed the row';

CREATE TABLE checkpoints (
    subscription text COLLATE "C" PRIMARY KEY,
    position     bigint           NOT NULL,
    event_id     uuid             NOT NULL
);

COMMENT ON TABLE checkpoints IS 'How far the read tables have come in the log. It moves in the transaction that changes the tables.';
COMMENT ON COLUMN checkpoints.subscription IS 'name of the subscription that feeds the tables';
COMMENT ON COLUMN checkpoints.position IS 'position in the log of the last event that was applied, or set aside in dead_letters';
COMMENT ON COLUMN checkpoints.event_id IS 'that event''s id: if the log has another at the position, it is not the log that the tables were made of';

CREATE TABLE dead_letters (
    tenant_id       uuid             NOT NULL,
    stream_id       uuid             NOT NULL,
    version         bigint           NOT NULL,
    position        bigint           NOT NULL,
    tenant_position bigint           NOT NULL,
    event_id        uuid             NOT NULL,
    recorded_at     bigint           NOT NULL,
    parked_at       bigint           NOT NULL,
    error           text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, stream_id, version)
);

COMMENT ON TABLE dead_letters IS 'Events that could not be applied, and those that followed them on the same stream: set aside so that the rest flows. They still stand in the log.';
COMMENT ON COLUMN dead_letters.tenant_id IS 'whose event it is';
COMMENT ON COLUMN dead_letters.stream_id IS 'its stream: the activity or the result';
COMMENT ON COLUMN dead_letters.version IS 'its place in the stream';
COMMENT ON COLUMN dead_letters.position IS 'its place in the log: select * from resultlog.events where position = …';
COMMENT ON COLUMN dead_letters.tenant_position IS 'its place in the tenant''s part of the log';
COMMENT ON COLUMN dead_letters.event_id IS 'of the event';
COMMENT ON COLUMN dead_letters.recorded_at IS 'when the event was recorded';
COMMENT ON COLUMN dead_letters.parked_at IS 'when it was set aside';
COMMENT ON COLUMN dead_letters.error IS 'why';

CREATE TABLE activity_transitions (
    tenant_id     uuid             NOT NULL,
    activity_id   uuid             NOT NULL,
    version       bigint           NOT NULL,
    event_id      uuid             NOT NULL,
    event_type    text COLLATE "C" NOT NULL,
    from_status   text COLLATE "C",
    to_status     text COLLATE "C" NOT NULL,
    result_id     uuid,
    overridden    boolean          NOT NULL,
    error_code    text COLLATE "C",
    error_message text COLLATE "C",
    occurred_at   bigint           NOT NULL,
    position      bigint           NOT NULL,
    PRIMARY KEY (tenant_id, activity_id, version)
);

COMMENT ON TABLE activity_transitions IS 'One row for each status that an activity came into, its first included (contract §2.7, status events).';
COMMENT ON COLUMN activity_transitions.tenant_id IS 'whose it is; no query crosses tenants';
COMMENT ON COLUMN activity_transitions.activity_id IS 'the activity that moved';
COMMENT ON COLUMN activity_transitions.version IS 'of the event in the activity''s stream: the order in which it moved';
COMMENT ON COLUMN activity_transitions.event_id IS 'of the event; the id of the status event';
COMMENT ON COLUMN activity_transitions.event_type IS 'what moved it: CREATED, DISPATCH_SUCCESS, RESULT, LINKED or CANCELED';
COMMENT ON COLUMN activity_transitions.from_status IS 'the status that it left; NULL when it was created';
COMMENT ON COLUMN activity_transitions.to_status IS 'the status that it came into';
COMMENT ON COLUMN activity_transitions.result_id IS 'its result at that moment: for RESULT and LINKED, the one that moved it; NULL: it had none';
COMMENT ON COLUMN activity_transitions.overridden IS 'true if the lifecycle would have refused it, and hard_override lifted that';
COMMENT ON COLUMN activity_transitions.error_code IS 'for FAILED: the code of the result that says so';
COMMENT ON COLUMN activity_transitions.error_message IS 'for FAILED: that result''s comment; personal';
COMMENT ON COLUMN activity_transitions.occurred_at IS 'when it was recorded';
COMMENT ON COLUMN activity_transitions.position IS 'the tenant''s position of the event';

CREATE TABLE idempotency_keys (
    tenant_id   uuid   NOT NULL,
    name        bytea  NOT NULL,
    position    bigint NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

COMMENT ON TABLE idempotency_keys IS 'Which event an Idempotency-Key belongs to (contract §2.5). Kept for as long as a retry is promised to find its first answer, and then purged.';
COMMENT ON COLUMN idempotency_keys.tenant_id IS 'whose it is';
COMMENT ON COLUMN idempotency_keys.name IS '16 bytes: a hash of the tenant, the endpoint and the key';
COMMENT ON COLUMN idempotency_keys.position IS 'position in the log of the first event that was recorded with it';
COMMENT ON COLUMN idempotency_keys.recorded_at IS 'when that was';

CREATE TABLE task_result_types (
    tenant_id      uuid             NOT NULL,
    code           text COLLATE "C" NOT NULL,
    is_active      boolean          NOT NULL,
    classification text COLLATE "C",
    updated_at     bigint           NOT NULL,
    version        bigint           NOT NULL,
    last_position  bigint           NOT NULL,
    PRIMARY KEY (tenant_id, code)
);

COMMENT ON TABLE task_result_types IS 'How a tenant has the catalogue (contract §2.8): one row for each code that it has ever configured. A code without a row is active, and neither positive nor negative.';
COMMENT ON COLUMN task_result_types.tenant_id IS 'whose it is; no query crosses tenants';
COMMENT ON COLUMN task_result_types.code IS 'code of the catalogue, such as not_home; as in results.result';
COMMENT ON COLUMN task_result_types.is_active IS 'true if submissions may use it; a result that has it already may keep it in any case';
COMMENT ON COLUMN task_result_types.classification IS 'POSITIVE or NEGATIVE: what results with it count as, those of before included; NULL: as neither';
COMMENT ON COLUMN task_result_types.updated_at IS 'when the last configuration of the code was recorded';
COMMENT ON COLUMN task_result_types.version IS 'of that event in the tenant''s stream';
COMMENT ON COLUMN task_result_types.last_position IS 'the tenant''s position of that event';

CREATE TABLE api_keys (
    tenant_id     uuid             NOT NULL,
    id            uuid             NOT NULL,
    name          text COLLATE "C" NOT NULL,
    prefix        text COLLATE "C" NOT NULL,
    permissions   text COLLATE "C" NOT NULL,
    expires_at    bigint,
    created_at    bigint           NOT NULL,
    revoked_at    bigint,
    version       bigint           NOT NULL,
    last_position bigint           NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

COMMENT ON TABLE api_keys IS 'One row for each API key of a tenant, the expired and the revoked too (contract §2.9). Neither a key''s text nor its digest stands here: nothing that helps to open a door.';
COMMENT ON COLUMN api_keys.tenant_id IS 'whose it is; no query crosses tenants';
COMMENT ON COLUMN api_keys.id IS 'of the key; it never changes';
COMMENT ON COLUMN api_keys.name IS 'what its creator calls it';
COMMENT ON COLUMN api_keys.prefix IS 'how its text begins, so that people recognise it';
COMMENT ON COLUMN api_keys.permissions IS 'what it may do: JSON array of the names of permissions, such as ["VIEW_ACTIVITIES"]';
COMMENT ON COLUMN api_keys.expires_at IS 'when it opens nothing any more; NULL: never';
COMMENT ON COLUMN api_keys.created_at IS 'when its issue was recorded';
COMMENT ON COLUMN api_keys.revoked_at IS 'when its revocation was recorded; NULL: it is not revoked';
COMMENT ON COLUMN api_keys.version IS 'of the last event in the tenant''s stream that changed the row';
COMMENT ON COLUMN api_keys.last_position IS 'the tenant''s position of that event';

-- What the lists of contract §2.7 and §2.8 are found and ordered by; docs/decisions/0007-lists.md argues for each.
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (recorded_at);
CREATE INDEX results_by_creation ON results (tenant_id, created_at, id);
CREATE INDEX results_by_update ON results (tenant_id, updated_at, id);
CREATE INDEX results_by_occurrence ON results (tenant_id, occurred_at, id);
CREATE INDEX results_by_position ON results (tenant_id, last_position);
CREATE INDEX results_by_activity ON results (tenant_id, activity_id) WHERE activity_id IS NOT NULL;
CREATE INDEX results_by_provider ON results (tenant_id, provider_activity_id) WHERE provider_activity_id IS NOT NULL;
CREATE INDEX results_by_commerce ON results (tenant_id, commerce_external_id, created_at, id);
CREATE INDEX results_by_operator ON results (tenant_id, operator_external_id, created_at, id) WHERE operator_external_id IS NOT NULL;
CREATE INDEX results_by_words ON results (tenant_id, status, result, source, contact_type, created_at, id);
CREATE INDEX activities_by_creation ON activities (tenant_id, created_at, id);
CREATE INDEX activities_by_schedule ON activities (tenant_id, scheduled_at);
CREATE INDEX activities_by_position ON activities (tenant_id, last_position);
CREATE INDEX activities_by_commerce ON activities (tenant_id, commerce_id, created_at, id);
CREATE INDEX activities_by_commerce_external ON activities (tenant_id, commerce_external_id, created_at, id) WHERE commerce_external_id IS NOT NULL;
CREATE INDEX activities_by_provider ON activities (tenant_id, provider_activity_id) WHERE provider_activity_id IS NOT NULL;
CREATE INDEX activities_by_reason ON activities (tenant_id, substr(reason, 1, 255));
CREATE INDEX activities_by_words ON activities (tenant_id, status, type, channel, created_at, id);
CREATE INDEX api_keys_by_creation ON api_keys (tenant_id, created_at, id);
CREATE INDEX api_keys_by_position ON api_keys (tenant_id, last_position);
