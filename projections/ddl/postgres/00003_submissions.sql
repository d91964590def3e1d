-- +goose Up

-- The tables are made again from the log, with what is new in them. They are locked in the order in which deliveries and reads come to them: one that has begun is waited for before it can want
-- what is locked already.
TRUNCATE checkpoints, dead_letters, task_result_types, results, activities, activity_transitions, idempotency_keys, api_keys;

-- A node of an older program may go on meanwhile. It does not feed the new table, and must not move the checkpoint past what that lacks.
ALTER TABLE checkpoints ADD COLUMN generation bigint NOT NULL;

COMMENT ON COLUMN checkpoints.generation IS 'which tables whoever moved it feeds, all of them: an older program names none, and so cannot move it past what it leaves out';

-- The key brings the submissions of a result together, in their order. Ids of results grow, and so nearly all entries come to its end.
CREATE TABLE submissions (
    tenant_id            uuid             NOT NULL,
    result_id            uuid             NOT NULL,
    version              bigint           NOT NULL,
    event_id             uuid             NOT NULL,
    activity_id          uuid,
    source               text COLLATE "C" NOT NULL,
    status               text COLLATE "C" NOT NULL,
    result               text COLLATE "C" NOT NULL,
    contact_type         text COLLATE "C",
    provider_activity_id text COLLATE "C",
    commerce_external_id text COLLATE "C" NOT NULL,
    external_status      text COLLATE "C",
    operator_external_id text COLLATE "C",
    occurred_at          bigint           NOT NULL,
    future_scheduled_at  bigint,
    hard_override        boolean          NOT NULL,
    overridden           boolean          NOT NULL,
    recorded_at          bigint           NOT NULL,
    position             bigint           NOT NULL,
    PRIMARY KEY (tenant_id, result_id, version)
);

COMMENT ON TABLE submissions IS 'One row for each submission that was accepted, as it was sent and taken then (contract §2.1, §2.2): results has the last one of each result. Only an erasure changes a row.';
COMMENT ON COLUMN submissions.tenant_id IS 'whose it is; no query crosses tenants';
COMMENT ON COLUMN submissions.result_id IS 'the result that it made or replaced';
COMMENT ON COLUMN submissions.version IS 'of the event in the result''s stream: the order in which they came; 1: it made the result';
COMMENT ON COLUMN submissions.event_id IS 'of the event';
COMMENT ON COLUMN submissions.activity_id IS 'the activity that it was matched with; NULL: none was known then, whatever the result was linked to later';
COMMENT ON COLUMN submissions.source IS 'RETEN_ACTIVITY or STANDALONE, as it was then';
COMMENT ON COLUMN submissions.status IS 'PENDING, COMPLETED, NOT_EXECUTED, CANCELED or TRANSFERRED';
COMMENT ON COLUMN submissions.result IS 'code of the catalogue, such as not_home';
COMMENT ON COLUMN submissions.contact_type IS 'INBOUND or OUTBOUND';
COMMENT ON COLUMN submissions.provider_activity_id IS 'as sent';
COMMENT ON COLUMN submissions.commerce_external_id IS 'as sent, even where the activity has another';
COMMENT ON COLUMN submissions.external_status IS 'the provider''s own word for the status';
COMMENT ON COLUMN submissions.operator_external_id IS 'the operator''s id at the provider; personal';
COMMENT ON COLUMN submissions.occurred_at IS 'when it happened, as the sender says';
COMMENT ON COLUMN submissions.future_scheduled_at IS 'suggested time of a follow-up';
COMMENT ON COLUMN submissions.hard_override IS 'true if it asked to lift the state guard, whether or not it had to be lifted';
COMMENT ON COLUMN submissions.overridden IS 'true if the state guard would have refused it, and hard_override lifted that';
COMMENT ON COLUMN submissions.recorded_at IS 'when it was recorded';
COMMENT ON COLUMN submissions.position IS 'the tenant''s position of the event';
