# One target a line of help; `make` alone shows them. Nothing here needs a C compiler but `make race`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
GO ?= go

.PHONY: help build test race unraced rest check docs docs-check openapi-lint swagger-ui smoke readme axios parquet crash faults observe failover soak fuzz bench ci clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

build: ## build bin/resultlog
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/resultlog ./cmd/resultlog

# What needs PostgreSQL starts a throw-away cluster of its own; RESULTLOG_TEST_POSTGRES=postgres://… names another server, RESULTLOG_REQUIRE_POSTGRES=1 fails where there is none.
POSTGRES = (command -v initdb || ls /usr/lib/postgresql/*/bin/initdb) >/dev/null 2>&1 || [ -n "$$RESULTLOG_TEST_POSTGRES" ] || echo "skipped: what needs the programs of a PostgreSQL server; apt-get install postgresql"
# All of them; those that take longest come first, so that no core waits for the last one.
PACKAGES = $$($(GO) list ./projections ./cmd/resultlog ./http ./...)
test: ## run all tests (no C compiler, no network needed; a PostgreSQL server's programs for all of them)
	CGO_ENABLED=0 $(GO) test $(PACKAGES)
	@$(POSTGRES)

# What has nothing to race: what drives the program as it is shipped, in processes of its own, and what computes for long in one goroutine; and in other packages, the tests that say so (testing.Short).
UNRACED = '/(core|bench|crashtest|failovertest|observetest|soaktest|analytics|export|postgrestest|eventstoretest|docs)$$'

# SQLite itself, C made Go, is taken as it is: watched too, it takes half of the time. No more than this package, which instantiates no generic code: what it would compile of sync.Map, say,
# could be what the linker takes for all, and the detector would no longer see who waits for whom.
UNWATCHED = -gcflags='modernc.org/sqlite/lib=-race=false'
# GOGC: memory is there, and collecting it more often only takes time.
race: ## run the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 GOGC=400 $(GO) test -race -short $(UNWATCHED) $$(echo "$(PACKAGES)" | tr ' ' '\n' | grep -v -E $(UNRACED))
	@$(POSTGRES)

# What make test runs is what make race, unraced, rest, crash and faults run: each test once.
unraced: ## run the tests of the packages that make race leaves out, but for crashtest's: make crash and make faults run those
	CGO_ENABLED=0 $(GO) test $$(echo "$(PACKAGES)" | tr ' ' '\n' | grep -E $(UNRACED) | grep -v crashtest)

rest: ## run the tests that make race leaves out of the packages that it runs
	@names=$$(awk '/^func Test/ { sub(/\(.*/, "", $$2); name = $$2 } /testing\.Short\(\)|^\tunraced\(t\)/ { print name }' $$(find . -name '*_test.go') | sort -u | paste -sd'|'); \
	CGO_ENABLED=0 $(GO) test -run "^($$names)$$" $$(echo "$(PACKAGES)" | tr ' ' '\n' | grep -v -E $(UNRACED))

check: ## gofmt, vet, staticcheck, go mod tidy
	@bad=$$(gofmt -l .); if [ -n "$$bad" ]; then echo "not gofmt-ed:"; echo "$$bad"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) mod tidy -diff

docs: ## write the generated docs again
	$(GO) run ./cmd/docs

docs-check: ## fail if a generated doc is stale
	$(GO) run ./cmd/docs -check

REDOCLY ?= 2.77.0
SPECTRAL ?= 6.16.3
openapi-lint: ## lint docs/openapi.yaml by redocly and spectral (needs the npm registry)
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes @redocly/cli@$(REDOCLY) lint --config docs/redocly.yaml docs/openapi.yaml
	npx --yes @stoplight/spectral-cli@$(SPECTRAL) lint --ruleset docs/.spectral.yaml --fail-severity hint docs/openapi.yaml

SWAGGER_UI ?= 5.35.0
swagger-ui: ## fetch the files in docs/swagger-ui that are not ours again (needs the npm registry)
	@tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	npm pack --silent --pack-destination "$$tmp" swagger-ui-dist@$(SWAGGER_UI) >/dev/null; \
	tar -xzf "$$tmp"/swagger-ui-dist-$(SWAGGER_UI).tgz -C "$$tmp"; \
	cd "$$tmp/package"; cp swagger-ui-bundle.js swagger-ui-bundle.js.LICENSE.txt swagger-ui.css LICENSE NOTICE "$(CURDIR)/docs/swagger-ui/"

smoke: build ## run the built binary by the README's own commands
	bash cmd/resultlog/testdata/smoke.sh bin/resultlog

readme: ## the README's two commands as written, in a fresh clone with an empty module cache
	bash cmd/resultlog/testdata/readme.sh

axios: build ## the documentation's axios snippet, run by node (needs the npm registry)
	bash cmd/resultlog/testdata/axios.sh bin/resultlog

parquet: ## read what resultlog export writes as Parquet by a reader that is not ours (needs node and the npm registry)
	RESULTLOG_PARQUET=1 $(GO) test ./cmd/resultlog -count=1 -run TestParquetIsReadByAForeignReader

ROUNDS ?= 20
crash: ## kill the real binary ROUNDS times under load, nodes on PostgreSQL too, that itself, and their connections, and look whether all is true that anybody was told
	RESULTLOG_CRASH_ROUNDS=$(ROUNDS) $(GO) test ./cmd/resultlog/crashtest -count=1 -v -timeout 0 -run 'TestKilled|TestForgottenKeys|TestDatabaseStopped|TestAnswersOfCommitsAreLost'

faults: ## the same while the disk fails under it: syncs, writes, no space left (needs strace)
	RESULTLOG_FAULTS=1 $(GO) test ./cmd/resultlog/crashtest -count=1 -parallel 12 -run TestFaults

observe: ## scrape the real binary with a real Prometheus: every expression of docs/observability returns data (needs Debian's prometheus, postgresql)
	RESULTLOG_OBSERVE=1 RESULTLOG_REQUIRE_POSTGRES=1 $(GO) test ./cmd/resultlog/observetest -count=1

failover: ## kill the leader of a PostgreSQL cluster twice under load, and look the same way (needs Debian's patroni, python3-etcd, etcd-server, haproxy, postgresql)
	RESULTLOG_FAILOVER=1 $(GO) test ./cmd/resultlog/failovertest -count=1 -v -timeout 20m -run TestFailover

MINUTES ?= 10
soak: ## load the real binary for MINUTES (or SECONDS) with RATE requests a second, restart it meanwhile, and look whether memory, goroutines, descriptors, WAL or lag grow (needs postgresql)
	RESULTLOG_SOAK=$(if $(SECONDS),$(SECONDS)s,$(MINUTES)m) RESULTLOG_SOAK_RATE=$(RATE) RESULTLOG_REQUIRE_POSTGRES=1 $(GO) test ./cmd/resultlog/soaktest -count=1 -v -timeout 0 -run TestSoak

FUZZTIME ?= 30s
fuzz: ## fuzz the decoders and the parsing of keys, FUZZTIME each
	$(GO) test ./core -run '^$$' -fuzz FuzzDecode -fuzztime $(FUZZTIME)
	$(GO) test ./http -run '^$$' -fuzz FuzzDecodeSubmission -fuzztime $(FUZZTIME)
	$(GO) test ./http -run '^$$' -fuzz FuzzDecodeActivity -fuzztime $(FUZZTIME)
	$(GO) test ./http -run '^$$' -fuzz FuzzParseKeys -fuzztime $(FUZZTIME)
	$(GO) test ./http -run '^$$' -fuzz FuzzIsAPIKey -fuzztime $(FUZZTIME)
	$(GO) test ./http -run '^$$' -fuzz FuzzSplitBatch -fuzztime $(FUZZTIME)

BENCHFLAGS ?=
bench: ## measure beside the limits of what it does, some 45 minutes (BENCHFLAGS=--quick for less than one)
	$(GO) run ./cmd/bench $(BENCHFLAGS)

ci: ## everything that must be green before a change lands
	bash .ci/run

clean: ## remove what was built
	rm -rf bin
