#!/usr/bin/env bash
# Runs the axios example of the API's own documentation by node: the snippet as it stands there, with this server's address, token and tenant. Then the server is killed (kill -9) and started
# again on the same directory, twice: the snippet is answered as before, and with an Idempotency-Key a retry gets the first answer.
# Usage: axios.sh BINARY. Needs node and the npm registry, so it has a make target of its own.
set -euo pipefail
binary=$(realpath "$1")
dir=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT

cat >"$dir/example" <<'JS'
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
cat >"$dir/check" <<'JS'
const keys = 'id activityId source resultStatus occurredAt taskDetails createdAt updatedAt';
console.log(response.status, result);
if (response.status !== 201 || Object.keys(result).join(' ') !== keys) throw new Error('not the documented answer');
(await import('node:fs')).writeFileSync(process.argv[2], `${response.headers['idempotent-replayed']} ${JSON.stringify(result)}\n`);
JS

# start serves the directory, and reads what the server prints.
start() {
	: >"$dir/out" # the last server's is not this one's
	"$binary" serve --dev --addr 127.0.0.1:0 --data "$dir/data" >"$dir/out" 2>"$dir/err" &
	pid=$!
	for _ in $(seq 200); do if grep -q '^}'"'"'$' "$dir/out"; then break; fi; sleep 0.05; done
	base=$(grep -o 'http://[^/]*' "$dir/out" | head -1)
	token=$(grep -o 'Bearer [^"]*' "$dir/out" | cut -d' ' -f2)
	tenant=$(grep -o 'x-tenant-id: [0-9a-f-]*' "$dir/out" | cut -d' ' -f2)
	offered=$(grep -o '"provider_activity_id": "[^"]*"' "$dir/out" | cut -d'"' -f4)
}

crash() {
	kill -KILL "$pid"
	wait "$pid" 2>/dev/null || true
	pid=
}

# send runs the snippet, adapted by sed expressions, and leaves the answer in a file: send FILE [EXPRESSION…]
send() {
	local answer=$1; shift
	sed -e "s|https://api.reten.ai|$base|; s|<token>|$token|; s|<tenant-id>|$tenant|" "${@/#/-e}" "$dir/example" | cat - "$dir/check" >"$dir/example.mjs"
	node "$dir/example.mjs" "$dir/$answer"
}

(cd "$dir" && npm install --silent --no-audit --no-fund axios@1 >/dev/null)
start
send first
crash

start
if send again 2>"$dir/refused"; then echo "axios: the result was lost in the crash: the same again is accepted"; exit 1; fi
grep -q stale_result "$dir/refused" || { echo "axios: the same again is not refused as stale"; cat "$dir/refused"; exit 1; }
next="s|ext-123|$offered|"
keyed="s|^'x-tenant-id'|'Idempotency-Key': 'axios-1', &|"
send keyed "$next" "$keyed"
crash

start
send retried "$next" "$keyed"
if [ "$(sed 's/^undefined/true/' "$dir/keyed")" != "$(cat "$dir/retried")" ]; then echo "axios: the retry did not get the first answer"; cat "$dir/keyed" "$dir/retried"; exit 1; fi
echo "axios: the documented snippet is answered as documented, before a crash and after it"
