# Shieldpod. `make` alone lists what can be made.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test setup test-go test-web test-browser test-smoke fuzz vuln build web lint generate generated bench screens clean
GO    ?= go
TOOL  := $(GO) tool -modfile=.ci/tools/go.mod
# The race detector leaves out packages that only compute and take most of the time: with it they take three times as long.
# What they share between goroutines is their own and locked. First of all SQLite, which is C translated to Go.
UNRACED := modernc.org/sqlite/lib modernc.org/libc regexp regexp/syntax math/big github.com/alecthomas/kong \
	github.com/dlclark/regexp2 github.com/dlclark/regexp2/syntax github.com/trustelem/zxcvbn/... github.com/nyaruka/phonenumbers \
	github.com/getkin/kin-openapi/openapi3 github.com/oasdiff/yaml github.com/oasdiff/yaml3 github.com/pressly/goose/v3/internal/sqlparser
RACE    := -race $(UNRACED:%=-gcflags=%=-race=false)
ARGS  ?=
export GO
GENERATE := $(GO) tool -modfile=../../.ci/tools/go.mod oapi-codegen

help: ## Print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## Set up and run everything on this machine; says what to open (ARGS="--help" lists the flags)
	bin/demo $(ARGS)

test: ## Set up and run all tests: Go (race detector, both databases), TypeScript, Chromium, Firefox and WebKit
	@.ci/stages setup build test-go test-web test-browser test-smoke

build: web ## Build bin/shieldpod with the compiled pod inside, bin/demo and bin/podload
	$(GO) build -o bin/ ./bff/cmd/...

lint: node_modules/.ready ## Check style and imports: golangci-lint, Biome, the word list, Markdown, types, generated files
	$(TOOL) golangci-lint run ./...
	npm run --silent lint
	node .ci/words.mjs
	node .ci/sentences.mjs
	npm run --silent typecheck
	$(MAKE) --no-print-directory generated

generate: node_modules/.ready ## Make server stubs, Go client and TypeScript types from sdk/api/openapi.yaml
	cd sdk/api && for part in models client server; do $(GENERATE) -config $$part.cfg.yaml openapi.yaml || exit; done
	npm run --silent generate

generated: ## Fail if the generated files are not those of the contract
	@.ci/generated

fuzz: ## Run every fuzz target for ten seconds (FUZZTIME=1m: for a minute)
	@.ci/fuzz

vuln: ## Look for known vulnerabilities in the Go code and its modules
	@.ci/vuln

bench: build .ci/.machine ## Measure: Go benchmarks, and a running server under a small load, beside a bare limit
	.ci/bench

screens: build ## Take the screenshots of docs/screens again
	npm run --silent e2e -- --grep @screens

clean: ## Remove what was built and installed here
	rm -rf bin node_modules test-results bench-results smoke-results playwright-report
	find widget/dist embed/dist -mindepth 1 ! -name .gitkeep -delete
	rm -rf embed/lib

setup: .ci/.machine

test-go: .ci/.machine
	$(GO) test $(RACE) -p 4 -vet=off -timeout 60m ./... # `make lint` vets

test-web: node_modules/.ready
	npm test --silent

test-browser: .ci/.machine build
	npm run --silent e2e

test-smoke: .ci/.machine build
	npm run --silent smoke

web: node_modules/.ready
	npm run --silent build

node_modules/.ready: package.json package-lock.json
	npm ci --no-audit --no-fund
	@touch $@

# What the tests need of the machine beside Go and Node: Chromium, PostgreSQL, Firefox and WebKit.
.ci/.machine: .ci/setup node_modules/.ready
	.ci/setup
	@touch $@
