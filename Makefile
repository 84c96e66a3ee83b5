# make demo: install what is missing, build, and refuse a virus before your eyes.
# make test: everything that CI runs.

GO      ?= go
FUZZN   ?= 100x
MODULES := . adapters examples bench
BIN     := bin

.PHONY: all demo build test test-integration deps lint fuzz-short fuzz bench clean

all: build

# libyara and a C compiler are all that is needed beside Go; see scripts/deps.
deps:
	@sh scripts/deps

build: deps
	@mkdir -p $(BIN)
	cd examples && $(GO) build -o ../$(BIN)/ ./scan ./relay ./milter ./clamd ./demo

demo: build
	$(BIN)/demo --relay $(BIN)/relay

# With the race detector run all but the long tests, and those of archive and its rooms,
# whose Readers are for one goroutine each: the scanner's tests run them side by
# side. Without it run all.
test: deps lint
	@for m in $(MODULES); do echo "== $$m, race"; \
		(cd $$m && $(GO) test -race -short $$($(GO) list ./... | grep -v '/fivefifty/archive')) || exit 1; done
	@for m in $(MODULES); do echo "== $$m"; (cd $$m && $(GO) test ./...) || exit 1; done
	@echo "== without cgo"
	CGO_ENABLED=0 $(GO) build ./...
	for p in scan relay milter clamd; do (cd examples && CGO_ENABLED=0 $(GO) build -o /dev/null ./$$p) || exit 1; done
	@$(MAKE) --no-print-directory fuzz-short

# The programs with the mail servers that they are for; installs those from Debian.
# What was skipped, and why, is told at the end. INTEGRATION narrows it to some tests.
INTEGRATION ?= .
test-integration: build
	@sh scripts/deps-servers || echo 'not all servers could be installed: their tests are skipped'
	cd examples && $(GO) test -tags integration -count=1 -parallel 8 -timeout 8m -v -run '$(INTEGRATION)' ./integration

lint:
	@test -z "$$(gofmt -l $(MODULES))" || { gofmt -l $(MODULES); echo 'gofmt: run gofmt -w'; exit 1; }
	@for m in $(MODULES); do (cd $$m && $(GO) vet ./...) || exit 1; done
	@sh scripts/lint

# Every fuzz target, by count, so that it takes the same path on any machine.
fuzz-short:
	@sh scripts/fuzz $(FUZZN)

# Every fuzz target for FUZZTIME: make fuzz FUZZTIME=10m
FUZZTIME ?= 60s
fuzz:
	@sh scripts/fuzz $(FUZZTIME)

bench:
	cd bench && $(GO) test -run '^$$' -bench . -benchtime 2s ./...

clean:
	rm -rf $(BIN)
