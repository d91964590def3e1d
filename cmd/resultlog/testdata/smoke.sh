#!/usr/bin/env bash
# Runs the built binary as the README tells a new user to: serve --dev, paste the curl that it prints, paste it again, read the activity, rebuild, ask the doctor, stop it.
# Usage: smoke.sh BINARY
set -euo pipefail
binary=$(realpath "$1")
dir=$(mktemp -d)
pid=
trap 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi; rm -rf "$dir"' EXIT

fail() { echo "smoke: $1"; shift; for f in "$@"; do echo "--- $f"; cat "$f"; done; exit 1; }
await() { for _ in $(seq 200); do if "$@"; then return; fi; sleep 0.05; done; fail "waited in vain: $*" "$dir/out" "$dir/err"; }

"$binary" version
if "$binary" serve --data "$dir/none" --addr 127.0.0.1:0 2>"$dir/refused"; then fail "serve started without a secret"; fi
grep -q RESULTLOG_JWT_SECRET "$dir/refused" || fail "the refusal does not say what to do" "$dir/refused"

"$binary" serve --dev --addr 127.0.0.1:0 --data "$dir/data" >"$dir/out" 2>"$dir/err" &
pid=$!
await grep -q '^}'"'"'$' "$dir/out"
sed -n '/^curl/,$p' "$dir/out" >"$dir/curl.sh"
base=$(grep -o 'http://[^/]*' "$dir/curl.sh" | head -1)
tenant=$(grep -o 'x-tenant-id: [0-9a-f-]*' "$dir/curl.sh" | cut -d' ' -f2)
curl -fsS "$base/readyz" >/dev/null

bash "$dir/curl.sh" >"$dir/first" 2>/dev/null
grep -q '"resultStatus":"COMPLETED"' "$dir/first" || fail "the pasted curl was not accepted" "$dir/first"
bash "$dir/curl.sh" >"$dir/second" 2>/dev/null
grep -q '"code":"stale_result"' "$dir/second" || fail "the same again was not refused as stale" "$dir/second"

activity=$(grep -o '"activityId":"[^"]*"' "$dir/first" | cut -d'"' -f4)
token=$("$binary" token --role VIEWER --tenant "$tenant" --data "$dir/data")
curl -fsS "$base/api/activities/$activity" -H "Authorization: Bearer $token" -H "x-tenant-id: $tenant" >"$dir/activity"
grep -q '"status":"COMPLETED"' "$dir/activity" || fail "the activity did not follow its result" "$dir/activity"
curl -fsS "$base/metrics" >"$dir/metrics"
grep -q '^resultlog_events_appended_total 3$' "$dir/metrics" || fail "not 3 events" "$dir/metrics"
"$binary" rebuild --data "$dir/data"
"$binary" doctor --data "$dir/data" >"$dir/doctor" || fail "the doctor is not content" "$dir/doctor"

kill -TERM "$pid"
wait "$pid" || fail "SIGTERM: exit $?" "$dir/err"
pid=
echo "smoke: the main job runs"
