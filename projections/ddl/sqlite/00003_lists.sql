-- +goose Up

-- What the lists of contract §2.7 and §2.8 are found and ordered by; docs/decisions/0007-lists.md argues for each. One that ends in (created_at, id) gives the rows of what stands
-- before that in the lists' default order; the others give an order of their own, or few rows.

CREATE INDEX results_by_creation ON results (tenant_id, created_at, id);
CREATE INDEX results_by_update ON results (tenant_id, updated_at, id);
CREATE INDEX results_by_occurrence ON results (tenant_id, occurred_at, id);
CREATE INDEX results_by_position ON results (tenant_id, last_position);
CREATE INDEX results_by_activity ON results (tenant_id, activity_id) WHERE activity_id IS NOT NULL;
CREATE INDEX results_by_provider ON results (tenant_id, provider_activity_id) WHERE provider_activity_id IS NOT NULL;
CREATE INDEX results_by_commerce ON results (tenant_id, commerce_external_id, created_at, id);
CREATE INDEX results_by_operator ON results (tenant_id, operator_external_id, created_at, id) WHERE operator_external_id IS NOT NULL;
-- The columns of few values, together: any of them finds its rows here, and so does any combination.
CREATE INDEX results_by_words ON results (tenant_id, status, result, source, contact_type, created_at, id);

CREATE INDEX activities_by_creation ON activities (tenant_id, created_at, id);
CREATE INDEX activities_by_schedule ON activities (tenant_id, scheduled_at);
CREATE INDEX activities_by_position ON activities (tenant_id, last_position);
CREATE INDEX activities_by_commerce ON activities (tenant_id, commerce_id, created_at, id);
CREATE INDEX activities_by_commerce_external ON activities (tenant_id, commerce_external_id, created_at, id) WHERE commerce_external_id IS NOT NULL;
CREATE INDEX activities_by_provider ON activities (tenant_id, provider_activity_id) WHERE provider_activity_id IS NOT NULL;
-- As much of a reason as a search may hold: reasons can be 4,000 characters long.
CREATE INDEX activities_by_reason ON activities (tenant_id, substr(reason, 1, 255));
CREATE INDEX activities_by_words ON activities (tenant_id, status, type, channel, created_at, id);
