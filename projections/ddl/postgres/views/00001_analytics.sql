-- +goose Up

-- Version 1 of what analysts may rely on (docs/analytics.md). Written by go run ./cmd/docs from package projections/analytics: change it there.

CREATE OR REPLACE VIEW analytics.results AS SELECT
    r.tenant_id AS tenant_id,
    r.id AS result_id,
    r.activity_id AS activity_id,
    r.source AS source,
    r.status AS status,
    r.result AS result,
    types.classification AS classification,
    r.contact_type AS contact_type,
    a.channel AS channel,
    r.provider_activity_id AS provider_activity_id,
    r.commerce_external_id AS commerce_external_id,
    r.external_status AS external_status,
    r.operator_external_id AS operator_external_id,
    r.comment AS comment,
    r.payload AS payload,
    r.raw_payload AS raw_payload,
    to_timestamp(r.occurred_at / 1000) + r.occurred_at % 1000 * interval '1 millisecond' AS occurred_at,
    to_timestamp(r.future_scheduled_at / 1000) + r.future_scheduled_at % 1000 * interval '1 millisecond' AS future_scheduled_at,
    r.hard_override AS hard_override,
    to_timestamp(r.created_at / 1000) + r.created_at % 1000 * interval '1 millisecond' AS created_at,
    to_timestamp(r.updated_at / 1000) + r.updated_at % 1000 * interval '1 millisecond' AS updated_at,
    to_timestamp(r.erased_at / 1000) + r.erased_at % 1000 * interval '1 millisecond' AS erased_at,
    r.version AS version,
    r.last_position AS last_position
FROM resultlog_read.results AS r LEFT JOIN resultlog_read.task_result_types AS types ON types.tenant_id = r.tenant_id AND types.code = r.result LEFT JOIN resultlog_read.activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id;

COMMENT ON VIEW analytics.results IS 'One row for each result, as its last submission left it.';
COMMENT ON COLUMN analytics.results.tenant_id IS 'whose it is';
COMMENT ON COLUMN analytics.results.result_id IS 'of the result, which never changes';
COMMENT ON COLUMN analytics.results.activity_id IS 'its activity; NULL while it is STANDALONE';
COMMENT ON COLUMN analytics.results.source IS 'whether an activity is known for it; one of RETEN_ACTIVITY, STANDALONE';
COMMENT ON COLUMN analytics.results.status IS 'what the submission says; one of PENDING, COMPLETED, NOT_EXECUTED, CANCELED, TRANSFERRED';
COMMENT ON COLUMN analytics.results.result IS 'what came of it; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other';
COMMENT ON COLUMN analytics.results.classification IS 'what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE';
COMMENT ON COLUMN analytics.results.contact_type IS 'who began the contact; one of INBOUND, OUTBOUND';
COMMENT ON COLUMN analytics.results.channel IS 'by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH';
COMMENT ON COLUMN analytics.results.provider_activity_id IS 'the activity''s id at the provider, as sent with the last submission';
COMMENT ON COLUMN analytics.results.commerce_external_id IS 'the commerce''s id at the provider, as sent with the last submission';
COMMENT ON COLUMN analytics.results.external_status IS 'the provider''s own word for the status';
COMMENT ON COLUMN analytics.results.operator_external_id IS 'the operator''s id at the provider; personal';
COMMENT ON COLUMN analytics.results.comment IS 'free text; personal';
COMMENT ON COLUMN analytics.results.payload IS 'what the sender adds; personal';
COMMENT ON COLUMN analytics.results.raw_payload IS 'what the sender got from its own source; personal';
COMMENT ON COLUMN analytics.results.occurred_at IS 'when it happened, as the sender says';
COMMENT ON COLUMN analytics.results.future_scheduled_at IS 'suggested time of a follow-up';
COMMENT ON COLUMN analytics.results.hard_override IS 'whether the last submission asked to lift the state guard, and whether or not it had to be lifted';
COMMENT ON COLUMN analytics.results.created_at IS 'when the first submission was recorded';
COMMENT ON COLUMN analytics.results.updated_at IS 'when the last submission was recorded';
COMMENT ON COLUMN analytics.results.erased_at IS 'when what is personal in the row was erased; NULL: it was not, or something was submitted since';
COMMENT ON COLUMN analytics.results.version IS 'of the last event in the result''s stream';
COMMENT ON COLUMN analytics.results.last_position IS 'the tenant''s position of the last event that changed the row';

CREATE OR REPLACE VIEW analytics.submissions AS SELECT
    r.tenant_id AS tenant_id,
    r.result_id AS result_id,
    r.version AS version,
    r.position AS position,
    r.event_id AS event_id,
    r.version = 1 AS is_first,
    r.activity_id AS activity_id,
    r.source AS source,
    r.status AS status,
    r.result AS result,
    types.classification AS classification,
    r.contact_type AS contact_type,
    a.channel AS channel,
    r.provider_activity_id AS provider_activity_id,
    r.commerce_external_id AS commerce_external_id,
    r.external_status AS external_status,
    r.operator_external_id AS operator_external_id,
    to_timestamp(r.occurred_at / 1000) + r.occurred_at % 1000 * interval '1 millisecond' AS occurred_at,
    to_timestamp(r.future_scheduled_at / 1000) + r.future_scheduled_at % 1000 * interval '1 millisecond' AS future_scheduled_at,
    r.hard_override AS hard_override,
    r.overridden AS overridden,
    to_timestamp(r.recorded_at / 1000) + r.recorded_at % 1000 * interval '1 millisecond' AS recorded_at
FROM resultlog_read.submissions AS r LEFT JOIN resultlog_read.task_result_types AS types ON types.tenant_id = r.tenant_id AND types.code = r.result LEFT JOIN resultlog_read.activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id;

COMMENT ON VIEW analytics.submissions IS 'One row for each accepted submission of a result, which stays as it was when a later one replaces the result.';
COMMENT ON COLUMN analytics.submissions.tenant_id IS 'whose it is';
COMMENT ON COLUMN analytics.submissions.result_id IS 'of the result that was submitted';
COMMENT ON COLUMN analytics.submissions.version IS 'of its event in the result''s stream: the order of a result''s submissions';
COMMENT ON COLUMN analytics.submissions.position IS 'the tenant''s position of its event';
COMMENT ON COLUMN analytics.submissions.event_id IS 'of its event';
COMMENT ON COLUMN analytics.submissions.is_first IS 'whether it is the result''s first submission; all others update it';
COMMENT ON COLUMN analytics.submissions.activity_id IS 'the activity that it was matched with; NULL: none that was known then';
COMMENT ON COLUMN analytics.submissions.source IS 'whether an activity is known for it; one of RETEN_ACTIVITY, STANDALONE';
COMMENT ON COLUMN analytics.submissions.status IS 'what the submission says; one of PENDING, COMPLETED, NOT_EXECUTED, CANCELED, TRANSFERRED';
COMMENT ON COLUMN analytics.submissions.result IS 'what came of it; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other';
COMMENT ON COLUMN analytics.submissions.classification IS 'what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE';
COMMENT ON COLUMN analytics.submissions.contact_type IS 'who began the contact; one of INBOUND, OUTBOUND';
COMMENT ON COLUMN analytics.submissions.channel IS 'by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH';
COMMENT ON COLUMN analytics.submissions.provider_activity_id IS 'the activity''s id at the provider, as sent';
COMMENT ON COLUMN analytics.submissions.commerce_external_id IS 'the commerce''s id at the provider, as sent';
COMMENT ON COLUMN analytics.submissions.external_status IS 'the provider''s own word for the status';
COMMENT ON COLUMN analytics.submissions.operator_external_id IS 'the operator''s id at the provider; personal';
COMMENT ON COLUMN analytics.submissions.occurred_at IS 'when it happened, as the sender says';
COMMENT ON COLUMN analytics.submissions.future_scheduled_at IS 'suggested time of a follow-up';
COMMENT ON COLUMN analytics.submissions.hard_override IS 'whether it asked to lift the state guard';
COMMENT ON COLUMN analytics.submissions.overridden IS 'whether the state guard would have refused it, and was lifted';
COMMENT ON COLUMN analytics.submissions.recorded_at IS 'when it was recorded';

CREATE OR REPLACE VIEW analytics.activities AS SELECT
    a.tenant_id AS tenant_id,
    a.id AS activity_id,
    a.type AS type,
    a.status AS status,
    a.reason AS reason,
    a.channel AS channel,
    a.commerce_id AS commerce_id,
    a.commerce_external_id AS commerce_external_id,
    a.provider_activity_id AS provider_activity_id,
    a.idempotency_key AS idempotency_key,
    to_timestamp(a.scheduled_at / 1000) + a.scheduled_at % 1000 * interval '1 millisecond' AS scheduled_at,
    a.suggested_execution_time AS suggested_execution_time,
    a.user_status AS user_status,
    a.score AS score,
    a.assignment_reason AS assignment_reason,
    a.assigned_route_id AS assigned_route_id,
    a.assigned_operator_id AS assigned_operator_id,
    a.result_id AS result_id,
    to_timestamp(a.created_at / 1000) + a.created_at % 1000 * interval '1 millisecond' AS created_at,
    to_timestamp(a.updated_at / 1000) + a.updated_at % 1000 * interval '1 millisecond' AS updated_at,
    a.version AS version,
    a.last_position AS last_position
FROM resultlog_read.activities AS a;

COMMENT ON VIEW analytics.activities IS 'One row for each activity: a task or a message that is to be executed.';
COMMENT ON COLUMN analytics.activities.tenant_id IS 'whose it is';
COMMENT ON COLUMN analytics.activities.activity_id IS 'of the activity, which never changes';
COMMENT ON COLUMN analytics.activities.type IS 'what kind of activity it is; one of TASK, MESSAGE';
COMMENT ON COLUMN analytics.activities.status IS 'where it stands; one of READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED, FAILED';
COMMENT ON COLUMN analytics.activities.reason IS 'why it exists, as its creator says';
COMMENT ON COLUMN analytics.activities.channel IS 'by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH';
COMMENT ON COLUMN analytics.activities.commerce_id IS 'the commerce that it is for';
COMMENT ON COLUMN analytics.activities.commerce_external_id IS 'that commerce''s id at the provider';
COMMENT ON COLUMN analytics.activities.provider_activity_id IS 'the activity''s id at the provider';
COMMENT ON COLUMN analytics.activities.idempotency_key IS 'the creator''s key: one activity for each, in a tenant';
COMMENT ON COLUMN analytics.activities.scheduled_at IS 'when it is due';
COMMENT ON COLUMN analytics.activities.suggested_execution_time IS 'as sent';
COMMENT ON COLUMN analytics.activities.user_status IS 'as sent';
COMMENT ON COLUMN analytics.activities.score IS 'as sent';
COMMENT ON COLUMN analytics.activities.assignment_reason IS 'as sent';
COMMENT ON COLUMN analytics.activities.assigned_route_id IS 'the route it is assigned to';
COMMENT ON COLUMN analytics.activities.assigned_operator_id IS 'the operator it is assigned to';
COMMENT ON COLUMN analytics.activities.result_id IS 'its one current result; NULL: none yet';
COMMENT ON COLUMN analytics.activities.created_at IS 'when its creation was recorded';
COMMENT ON COLUMN analytics.activities.updated_at IS 'when the last event that changed the row was recorded';
COMMENT ON COLUMN analytics.activities.version IS 'of the last event in the activity''s stream';
COMMENT ON COLUMN analytics.activities.last_position IS 'the tenant''s position of the last event that changed the row';

CREATE OR REPLACE VIEW analytics.activity_transitions AS SELECT
    r.tenant_id AS tenant_id,
    r.activity_id AS activity_id,
    r.version AS version,
    r.position AS position,
    r.event_id AS event_id,
    r.event_type AS event_type,
    r.from_status AS from_status,
    r.to_status AS to_status,
    a.channel AS channel,
    CAST((r.occurred_at - lag(r.occurred_at) OVER (PARTITION BY r.tenant_id, r.activity_id ORDER BY r.version)) / 1000.0 AS double precision) AS seconds_in_former_status,
    r.result_id AS result_id,
    r.overridden AS overridden,
    r.error_code AS error_code,
    r.error_message AS error_message,
    to_timestamp(r.occurred_at / 1000) + r.occurred_at % 1000 * interval '1 millisecond' AS occurred_at
FROM resultlog_read.activity_transitions AS r LEFT JOIN resultlog_read.activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id;

COMMENT ON VIEW analytics.activity_transitions IS 'One row for each status that an activity came into, its first included.';
COMMENT ON COLUMN analytics.activity_transitions.tenant_id IS 'whose it is';
COMMENT ON COLUMN analytics.activity_transitions.activity_id IS 'the activity that moved';
COMMENT ON COLUMN analytics.activity_transitions.version IS 'of its event in the activity''s stream: the order in which it moved';
COMMENT ON COLUMN analytics.activity_transitions.position IS 'the tenant''s position of its event';
COMMENT ON COLUMN analytics.activity_transitions.event_id IS 'of its event';
COMMENT ON COLUMN analytics.activity_transitions.event_type IS 'what moved it; one of CREATED, DISPATCH_SUCCESS, RESULT, LINKED, CANCELED';
COMMENT ON COLUMN analytics.activity_transitions.from_status IS 'the status that it left; NULL when it was created; one of READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED, FAILED';
COMMENT ON COLUMN analytics.activity_transitions.to_status IS 'the status that it came into; one of READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED, FAILED';
COMMENT ON COLUMN analytics.activity_transitions.channel IS 'by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH';
COMMENT ON COLUMN analytics.activity_transitions.seconds_in_former_status IS 'how long it had been in the status that it left; NULL when it was created';
COMMENT ON COLUMN analytics.activity_transitions.result_id IS 'its result at that moment: for RESULT and LINKED, the one that moved it; NULL: it had none';
COMMENT ON COLUMN analytics.activity_transitions.overridden IS 'whether the lifecycle would have refused it, and hard_override lifted that';
COMMENT ON COLUMN analytics.activity_transitions.error_code IS 'for FAILED: the code of the result that says so; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other';
COMMENT ON COLUMN analytics.activity_transitions.error_message IS 'for FAILED: that result''s comment; personal';
COMMENT ON COLUMN analytics.activity_transitions.occurred_at IS 'when it was recorded';

CREATE OR REPLACE VIEW analytics.task_result_types AS SELECT
    types.tenant_id AS tenant_id,
    types.code AS code,
    types.is_active AS is_active,
    types.classification AS classification,
    to_timestamp(types.updated_at / 1000) + types.updated_at % 1000 * interval '1 millisecond' AS updated_at,
    types.version AS version,
    types.last_position AS last_position
FROM resultlog_read.task_result_types AS types;

COMMENT ON VIEW analytics.task_result_types IS 'One row for each code of the catalogue that a tenant has configured. A code without a row is active, and neither positive nor negative.';
COMMENT ON COLUMN analytics.task_result_types.tenant_id IS 'whose it is';
COMMENT ON COLUMN analytics.task_result_types.code IS 'as in result of the other views; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other';
COMMENT ON COLUMN analytics.task_result_types.is_active IS 'whether submissions may use it';
COMMENT ON COLUMN analytics.task_result_types.classification IS 'what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE';
COMMENT ON COLUMN analytics.task_result_types.updated_at IS 'when it was last configured';
COMMENT ON COLUMN analytics.task_result_types.version IS 'of that event in the tenant''s stream';
COMMENT ON COLUMN analytics.task_result_types.last_position IS 'the tenant''s position of that event';

CREATE OR REPLACE VIEW analytics.result_daily AS SELECT
    r.tenant_id AS tenant_id,
    date '1970-01-01' + ((r.occurred_at - (r.occurred_at % 86400000 + 86400000) % 86400000) / 86400000)::integer AS day,
    r.status AS status,
    r.source AS source,
    r.result AS result,
    types.classification AS classification,
    r.contact_type AS contact_type,
    a.channel AS channel,
    count(*) AS results,
    count(CASE WHEN r.hard_override THEN 1 END) AS hard_overrides
FROM resultlog_read.results AS r LEFT JOIN resultlog_read.task_result_types AS types ON types.tenant_id = r.tenant_id AND types.code = r.result LEFT JOIN resultlog_read.activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id
GROUP BY r.tenant_id, (r.occurred_at - (r.occurred_at % 86400000 + 86400000) % 86400000) / 86400000, r.status, r.source, r.result, types.classification, r.contact_type, a.channel;

COMMENT ON VIEW analytics.result_daily IS 'How many results there are of each day and kind. One row for each combination that there is.';
COMMENT ON COLUMN analytics.result_daily.tenant_id IS 'whose it is';
COMMENT ON COLUMN analytics.result_daily.day IS 'of occurred_at, in UTC';
COMMENT ON COLUMN analytics.result_daily.status IS 'what the submission says; one of PENDING, COMPLETED, NOT_EXECUTED, CANCELED, TRANSFERRED';
COMMENT ON COLUMN analytics.result_daily.source IS 'whether an activity is known for it; one of RETEN_ACTIVITY, STANDALONE';
COMMENT ON COLUMN analytics.result_daily.result IS 'what came of it; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other';
COMMENT ON COLUMN analytics.result_daily.classification IS 'what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE';
COMMENT ON COLUMN analytics.result_daily.contact_type IS 'who began the contact; one of INBOUND, OUTBOUND';
COMMENT ON COLUMN analytics.result_daily.channel IS 'by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH';
COMMENT ON COLUMN analytics.result_daily.results IS 'how many results';
COMMENT ON COLUMN analytics.result_daily.hard_overrides IS 'how many of them have a last submission that asked to lift the state guard';
