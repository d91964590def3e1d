#!/usr/bin/env bash
# Runs the axios example of the API's own documentation by node against a fresh server: the snippet as it stands there, with this server's address, token and tenant.
# Usage: axios.sh BINARY. Needs node and the npm registry, so it has a make target of its own.
set -euo pipefail
binary=$(realpath "$1")
dir=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT

"$binary" serve --dev --addr 127.0.0.1:0 --data "$dir/data" >"$dir/out" 2>"$dir/err" &
pid=$!
for _ in $(seq 200); do if grep -q '^}'"'"'$' "$dir/out"; then break; fi; sleep 0.05; done
base=$(grep -o 'http://[^/]*' "$dir/out" | head -1)
token=$(grep -o 'Bearer [^"]*' "$dir/out" | cut -d' ' -f2)
tenant=$(grep -o 'x-tenant-id: [0-9a-f-]*' "$dir/out" | cut -d' ' -f2)

cat >"$dir/example.mjs" <<'JS'
import axios from 'axios';
const response = await axios.post(
'https://api.reten.ai/api/activity-results/tasks',
{
provider_activity_id: 'ext-123',
commerce_external_id: 'store-001',
status: 'COMPLETED',
occurred_at: '2025-01-16T14:30:00.000Z',
task_result: {
result: 'success',
comment: 'Order placed successfully',
contact_type: 'OUTBOUND',
},
},
{
headers: {
Authorization: 'Bearer <token>',
'x-tenant-id': '<tenant-id>',
},
}
);
const result = response.data;
JS
sed -i "s|https://api.reten.ai|$base|; s|<token>|$token|; s|<tenant-id>|$tenant|" "$dir/example.mjs"
cat >>"$dir/example.mjs" <<'JS'
const keys = 'id activityId source resultStatus occurredAt taskDetails createdAt updatedAt';
console.log(response.status, result);
if (response.status !== 201 || Object.keys(result).join(' ') !== keys) throw new Error('not the documented answer');
JS
cd "$dir"
npm install --silent --no-audit --no-fund axios@1 >/dev/null
node example.mjs
echo "axios: the documented snippet is answered as documented"
