-- +goose Up

-- Version 1 of what analysts may rely on (docs/analytics.md). Written by go run ./cmd/docs from package projections/analytics: change it there.

DROP VIEW IF EXISTS analytics_results;
-- One row for each result, as its last submission left it.
CREATE VIEW analytics_results AS SELECT
    lower(substr(hex(r.tenant_id), 1, 8) || '-' || substr(hex(r.tenant_id), 9, 4) || '-' || substr(hex(r.tenant_id), 13, 4) || '-' || substr(hex(r.tenant_id), 17, 4) || '-' || substr(hex(r.tenant_id), 21, 12)) AS tenant_id, -- whose it is
    lower(substr(hex(r.id), 1, 8) || '-' || substr(hex(r.id), 9, 4) || '-' || substr(hex(r.id), 13, 4) || '-' || substr(hex(r.id), 17, 4) || '-' || substr(hex(r.id), 21, 12)) AS result_id, -- of the result, which never changes
    CASE WHEN r.activity_id IS NOT NULL THEN lower(substr(hex(r.activity_id), 1, 8) || '-' || substr(hex(r.activity_id), 9, 4) || '-' || substr(hex(r.activity_id), 13, 4) || '-' || substr(hex(r.activity_id), 17, 4) || '-' || substr(hex(r.activity_id), 21, 12)) END AS activity_id, -- its activity; NULL while it is STANDALONE
    r.source AS source, -- whether an activity is known for it; one of RETEN_ACTIVITY, STANDALONE
    r.status AS status, -- what the submission says; one of PENDING, COMPLETED, NOT_EXECUTED, CANCELED, TRANSFERRED
    r.result AS result, -- what came of it; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other
    types.classification AS classification, -- what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE
    r.contact_type AS contact_type, -- who began the contact; one of INBOUND, OUTBOUND
    a.channel AS channel, -- by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH
    r.provider_activity_id AS provider_activity_id, -- the activity's id at the provider, as sent with the last submission
    r.commerce_external_id AS commerce_external_id, -- the commerce's id at the provider, as sent with the last submission
    r.external_status AS external_status, -- the provider's own word for the status
    r.operator_external_id AS operator_external_id, -- the operator's id at the provider; personal
    r.comment AS comment, -- free text; personal
    r.payload AS payload, -- what the sender adds; personal
    r.raw_payload AS raw_payload, -- what the sender got from its own source; personal
    strftime('%Y-%m-%dT%H:%M:%fZ', r.occurred_at / 1000.0, 'unixepoch') AS occurred_at, -- when it happened, as the sender says
    strftime('%Y-%m-%dT%H:%M:%fZ', r.future_scheduled_at / 1000.0, 'unixepoch') AS future_scheduled_at, -- suggested time of a follow-up
    r.hard_override AS hard_override, -- whether the last submission asked to lift the state guard, and whether or not it had to be lifted
    strftime('%Y-%m-%dT%H:%M:%fZ', r.created_at / 1000.0, 'unixepoch') AS created_at, -- when the first submission was recorded
    strftime('%Y-%m-%dT%H:%M:%fZ', r.updated_at / 1000.0, 'unixepoch') AS updated_at, -- when the last submission was recorded
    strftime('%Y-%m-%dT%H:%M:%fZ', r.erased_at / 1000.0, 'unixepoch') AS erased_at, -- when what is personal in the row was erased; NULL: it was not, or something was submitted since
    r.version AS version, -- of the last event in the result's stream
    r.last_position AS last_position -- the tenant's position of the last event that changed the row
FROM results AS r LEFT JOIN task_result_types AS types ON types.tenant_id = r.tenant_id AND types.code = r.result LEFT JOIN activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id;

DROP VIEW IF EXISTS analytics_submissions;
-- One row for each accepted submission of a result, which stays as it was when a later one replaces the result.
CREATE VIEW analytics_submissions AS SELECT
    lower(substr(hex(r.tenant_id), 1, 8) || '-' || substr(hex(r.tenant_id), 9, 4) || '-' || substr(hex(r.tenant_id), 13, 4) || '-' || substr(hex(r.tenant_id), 17, 4) || '-' || substr(hex(r.tenant_id), 21, 12)) AS tenant_id, -- whose it is
    lower(substr(hex(r.result_id), 1, 8) || '-' || substr(hex(r.result_id), 9, 4) || '-' || substr(hex(r.result_id), 13, 4) || '-' || substr(hex(r.result_id), 17, 4) || '-' || substr(hex(r.result_id), 21, 12)) AS result_id, -- of the result that was submitted
    r.version AS version, -- of its event in the result's stream: the order of a result's submissions
    r.position AS position, -- the tenant's position of its event
    lower(substr(hex(r.event_id), 1, 8) || '-' || substr(hex(r.event_id), 9, 4) || '-' || substr(hex(r.event_id), 13, 4) || '-' || substr(hex(r.event_id), 17, 4) || '-' || substr(hex(r.event_id), 21, 12)) AS event_id, -- of its event
    r.version = 1 AS is_first, -- whether it is the result's first submission; all others update it
    CASE WHEN r.activity_id IS NOT NULL THEN lower(substr(hex(r.activity_id), 1, 8) || '-' || substr(hex(r.activity_id), 9, 4) || '-' || substr(hex(r.activity_id), 13, 4) || '-' || substr(hex(r.activity_id), 17, 4) || '-' || substr(hex(r.activity_id), 21, 12)) END AS activity_id, -- the activity that it was matched with; NULL: none that was known then
    r.source AS source, -- whether an activity is known for it; one of RETEN_ACTIVITY, STANDALONE
    r.status AS status, -- what the submission says; one of PENDING, COMPLETED, NOT_EXECUTED, CANCELED, TRANSFERRED
    r.result AS result, -- what came of it; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other
    types.classification AS classification, -- what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE
    r.contact_type AS contact_type, -- who began the contact; one of INBOUND, OUTBOUND
    a.channel AS channel, -- by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH
    r.provider_activity_id AS provider_activity_id, -- the activity's id at the provider, as sent
    r.commerce_external_id AS commerce_external_id, -- the commerce's id at the provider, as sent
    r.external_status AS external_status, -- the provider's own word for the status
    r.operator_external_id AS operator_external_id, -- the operator's id at the provider; personal
    strftime('%Y-%m-%dT%H:%M:%fZ', r.occurred_at / 1000.0, 'unixepoch') AS occurred_at, -- when it happened, as the sender says
    strftime('%Y-%m-%dT%H:%M:%fZ', r.future_scheduled_at / 1000.0, 'unixepoch') AS future_scheduled_at, -- suggested time of a follow-up
    r.hard_override AS hard_override, -- whether it asked to lift the state guard
    r.overridden AS overridden, -- whether the state guard would have refused it, and was lifted
    strftime('%Y-%m-%dT%H:%M:%fZ', r.recorded_at / 1000.0, 'unixepoch') AS recorded_at -- when it was recorded
FROM submissions AS r LEFT JOIN task_result_types AS types ON types.tenant_id = r.tenant_id AND types.code = r.result LEFT JOIN activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id;

DROP VIEW IF EXISTS analytics_activities;
-- One row for each activity: a task or a message that is to be executed.
CREATE VIEW analytics_activities AS SELECT
    lower(substr(hex(a.tenant_id), 1, 8) || '-' || substr(hex(a.tenant_id), 9, 4) || '-' || substr(hex(a.tenant_id), 13, 4) || '-' || substr(hex(a.tenant_id), 17, 4) || '-' || substr(hex(a.tenant_id), 21, 12)) AS tenant_id, -- whose it is
    lower(substr(hex(a.id), 1, 8) || '-' || substr(hex(a.id), 9, 4) || '-' || substr(hex(a.id), 13, 4) || '-' || substr(hex(a.id), 17, 4) || '-' || substr(hex(a.id), 21, 12)) AS activity_id, -- of the activity, which never changes
    a.type AS type, -- what kind of activity it is; one of TASK, MESSAGE
    a.status AS status, -- where it stands; one of READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED, FAILED
    a.reason AS reason, -- why it exists, as its creator says
    a.channel AS channel, -- by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH
    lower(substr(hex(a.commerce_id), 1, 8) || '-' || substr(hex(a.commerce_id), 9, 4) || '-' || substr(hex(a.commerce_id), 13, 4) || '-' || substr(hex(a.commerce_id), 17, 4) || '-' || substr(hex(a.commerce_id), 21, 12)) AS commerce_id, -- the commerce that it is for
    a.commerce_external_id AS commerce_external_id, -- that commerce's id at the provider
    a.provider_activity_id AS provider_activity_id, -- the activity's id at the provider
    a.idempotency_key AS idempotency_key, -- the creator's key: one activity for each, in a tenant
    strftime('%Y-%m-%dT%H:%M:%fZ', a.scheduled_at / 1000.0, 'unixepoch') AS scheduled_at, -- when it is due
    a.suggested_execution_time AS suggested_execution_time, -- as sent
    a.user_status AS user_status, -- as sent
    a.score AS score, -- as sent
    a.assignment_reason AS assignment_reason, -- as sent
    CASE WHEN a.assigned_route_id IS NOT NULL THEN lower(substr(hex(a.assigned_route_id), 1, 8) || '-' || substr(hex(a.assigned_route_id), 9, 4) || '-' || substr(hex(a.assigned_route_id), 13, 4) || '-' || substr(hex(a.assigned_route_id), 17, 4) || '-' || substr(hex(a.assigned_route_id), 21, 12)) END AS assigned_route_id, -- the route it is assigned to
    CASE WHEN a.assigned_operator_id IS NOT NULL THEN lower(substr(hex(a.assigned_operator_id), 1, 8) || '-' || substr(hex(a.assigned_operator_id), 9, 4) || '-' || substr(hex(a.assigned_operator_id), 13, 4) || '-' || substr(hex(a.assigned_operator_id), 17, 4) || '-' || substr(hex(a.assigned_operator_id), 21, 12)) END AS assigned_operator_id, -- the operator it is assigned to
    CASE WHEN a.result_id IS NOT NULL THEN lower(substr(hex(a.result_id), 1, 8) || '-' || substr(hex(a.result_id), 9, 4) || '-' || substr(hex(a.result_id), 13, 4) || '-' || substr(hex(a.result_id), 17, 4) || '-' || substr(hex(a.result_id), 21, 12)) END AS result_id, -- its one current result; NULL: none yet
    strftime('%Y-%m-%dT%H:%M:%fZ', a.created_at / 1000.0, 'unixepoch') AS created_at, -- when its creation was recorded
    strftime('%Y-%m-%dT%H:%M:%fZ', a.updated_at / 1000.0, 'unixepoch') AS updated_at, -- when the last event that changed the row was recorded
    a.version AS version, -- of the last event in the activity's stream
    a.last_position AS last_position -- the tenant's position of the last event that changed the row
FROM activities AS a;

DROP VIEW IF EXISTS analytics_activity_transitions;
-- One row for each status that an activity came into, its first included.
CREATE VIEW analytics_activity_transitions AS SELECT
    lower(substr(hex(r.tenant_id), 1, 8) || '-' || substr(hex(r.tenant_id), 9, 4) || '-' || substr(hex(r.tenant_id), 13, 4) || '-' || substr(hex(r.tenant_id), 17, 4) || '-' || substr(hex(r.tenant_id), 21, 12)) AS tenant_id, -- whose it is
    lower(substr(hex(r.activity_id), 1, 8) || '-' || substr(hex(r.activity_id), 9, 4) || '-' || substr(hex(r.activity_id), 13, 4) || '-' || substr(hex(r.activity_id), 17, 4) || '-' || substr(hex(r.activity_id), 21, 12)) AS activity_id, -- the activity that moved
    r.version AS version, -- of its event in the activity's stream: the order in which it moved
    r.position AS position, -- the tenant's position of its event
    lower(substr(hex(r.event_id), 1, 8) || '-' || substr(hex(r.event_id), 9, 4) || '-' || substr(hex(r.event_id), 13, 4) || '-' || substr(hex(r.event_id), 17, 4) || '-' || substr(hex(r.event_id), 21, 12)) AS event_id, -- of its event
    r.event_type AS event_type, -- what moved it; one of CREATED, DISPATCH_SUCCESS, RESULT, LINKED, CANCELED
    r.from_status AS from_status, -- the status that it left; NULL when it was created; one of READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED, FAILED
    r.to_status AS to_status, -- the status that it came into; one of READY, UNRESOLVED, DISPATCHED, COMPLETED, CANCELED, FAILED
    a.channel AS channel, -- by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH
    CAST((r.occurred_at - lag(r.occurred_at) OVER (PARTITION BY r.tenant_id, r.activity_id ORDER BY r.version)) / 1000.0 AS double precision) AS seconds_in_former_status, -- how long it had been in the status that it left; NULL when it was created
    CASE WHEN r.result_id IS NOT NULL THEN lower(substr(hex(r.result_id), 1, 8) || '-' || substr(hex(r.result_id), 9, 4) || '-' || substr(hex(r.result_id), 13, 4) || '-' || substr(hex(r.result_id), 17, 4) || '-' || substr(hex(r.result_id), 21, 12)) END AS result_id, -- its result at that moment: for RESULT and LINKED, the one that moved it; NULL: it had none
    r.overridden AS overridden, -- whether the lifecycle would have refused it, and hard_override lifted that
    r.error_code AS error_code, -- for FAILED: the code of the result that says so; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other
    r.error_message AS error_message, -- for FAILED: that result's comment; personal
    strftime('%Y-%m-%dT%H:%M:%fZ', r.occurred_at / 1000.0, 'unixepoch') AS occurred_at -- when it was recorded
FROM activity_transitions AS r LEFT JOIN activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id;

DROP VIEW IF EXISTS analytics_task_result_types;
-- One row for each code of the catalogue that a tenant has configured. A code without a row is active, and neither positive nor negative.
CREATE VIEW analytics_task_result_types AS SELECT
    lower(substr(hex(types.tenant_id), 1, 8) || '-' || substr(hex(types.tenant_id), 9, 4) || '-' || substr(hex(types.tenant_id), 13, 4) || '-' || substr(hex(types.tenant_id), 17, 4) || '-' || substr(hex(types.tenant_id), 21, 12)) AS tenant_id, -- whose it is
    types.code AS code, -- as in result of the other views; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other
    types.is_active AS is_active, -- whether submissions may use it
    types.classification AS classification, -- what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE
    strftime('%Y-%m-%dT%H:%M:%fZ', types.updated_at / 1000.0, 'unixepoch') AS updated_at, -- when it was last configured
    types.version AS version, -- of that event in the tenant's stream
    types.last_position AS last_position -- the tenant's position of that event
FROM task_result_types AS types;

DROP VIEW IF EXISTS analytics_result_daily;
-- How many results there are of each day and kind. One row for each combination that there is.
CREATE VIEW analytics_result_daily AS SELECT
    lower(substr(hex(r.tenant_id), 1, 8) || '-' || substr(hex(r.tenant_id), 9, 4) || '-' || substr(hex(r.tenant_id), 13, 4) || '-' || substr(hex(r.tenant_id), 17, 4) || '-' || substr(hex(r.tenant_id), 21, 12)) AS tenant_id, -- whose it is
    date(((r.occurred_at - (r.occurred_at % 86400000 + 86400000) % 86400000) / 86400000) * 86400, 'unixepoch') AS day, -- of occurred_at, in UTC
    r.status AS status, -- what the submission says; one of PENDING, COMPLETED, NOT_EXECUTED, CANCELED, TRANSFERRED
    r.source AS source, -- whether an activity is known for it; one of RETEN_ACTIVITY, STANDALONE
    r.result AS result, -- what came of it; one of success, not_home, is_closed, no_interest, rescheduled, wrong_address, b2b_purchase, no_answer, callback_requested, other
    types.classification AS classification, -- what the tenant holds that code to be now; NULL: neither; one of POSITIVE, NEGATIVE
    r.contact_type AS contact_type, -- who began the contact; one of INBOUND, OUTBOUND
    a.channel AS channel, -- by which its activity is executed; one of SALESMAN, CALLCENTER, WHATSAPP, EMAIL, SMS, PUSH
    count(*) AS results, -- how many results
    count(CASE WHEN r.hard_override THEN 1 END) AS hard_overrides -- how many of them have a last submission that asked to lift the state guard
FROM results AS r LEFT JOIN task_result_types AS types ON types.tenant_id = r.tenant_id AND types.code = r.result LEFT JOIN activities AS a ON a.tenant_id = r.tenant_id AND a.id = r.activity_id
GROUP BY r.tenant_id, (r.occurred_at - (r.occurred_at % 86400000 + 86400000) % 86400000) / 86400000, r.status, r.source, r.result, types.classification, r.contact_type, a.channel;
