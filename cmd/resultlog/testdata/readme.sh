#!/usr/bin/env bash
# The README's two commands as written, in a fresh clone with an empty module cache and an empty build cache.
# It needs the module proxy and some minutes, so it has a make target of its own.
set -euo pipefail
cd "$(dirname "$0")/../../.."
dir=$(mktemp -d)
pid=
finish() {
	if [ -n "$pid" ]; then kill -TERM -- "-$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; fi
	chmod -R u+w "$dir" 2>/dev/null || true # the module cache is read-only
	rm -rf "$dir"
}
trap finish EXIT

git clone -q . "$dir/resultlog"
cd "$dir/resultlog"
export GOMODCACHE="$dir/modules" GOCACHE="$dir/build"
for command in 'go run ./cmd/resultlog serve --dev' 'make test'; do
	grep -qF "$command" README.md || { echo "readme: README.md does not say: $command"; exit 1; }
done

set -m # the server gets a process group of its own: go run does not hand signals on
go run ./cmd/resultlog serve --dev >"$dir/out" 2>"$dir/err" &
pid=$!
set +m
for _ in $(seq 3000); do
	if grep -q '^}'"'"'$' "$dir/out"; then break; fi
	kill -0 "$pid" 2>/dev/null || { echo "readme: serve --dev ended:"; cat "$dir/err"; exit 1; }
	sleep 0.1
done
sed -n '/^curl/,$p' "$dir/out" >"$dir/curl.sh"
bash "$dir/curl.sh" 2>/dev/null | grep -q '"resultStatus":"COMPLETED"' || { echo "readme: the pasted curl was not accepted"; cat "$dir/out" "$dir/err"; exit 1; }
echo "readme: go run ./cmd/resultlog serve --dev runs the main job"
make test
echo "readme: make test passes"
