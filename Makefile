# make run     build and serve on 127.0.0.1:5432 (DATA=dir keeps the data)
# make demo    the tour in one run, no client needed
# make test    all tests that need nothing but Go; those that need more find it or skip
# make help    the rest

GO ?= go
DATA ?=
PKGS = ./...

.PHONY: django rails manual redis-tcl redis-random bench-redis help build run demo test lint bench tpch fuzz sqllogictest regress isolation isolation-random crash race cover clean

help:
	@sed -n 's/^# make/make/p' Makefile
	@echo "make lint    gofmt, go vet, staticcheck"
	@echo "make race    the tests under the race detector, one package after another"
	@echo "make bench   side by side with PostgreSQL 15 where it is installed"
	@echo "make tpch    the 22 queries of TPC-H beside PostgreSQL 15"
	@echo "make fuzz    every fuzz target for FUZZTIME (10s)"
	@echo "make sqllogictest   the corpus in ../shared/sqllogictest"
	@echo "make crash   databases killed under load CRASHES (3000) times, and looked at"
	@echo "make redis-tcl   Redis' own tests of commands, fetched from Debian's source package"
	@echo "make redis-random   60,000 random commands compared with redis-server (SEED=n repeats)"
	@echo "make bench-redis redis-benchmark beside redis-server"
	@echo "make regress PostgreSQL 15's own regression scripts, fetched from Debian's source package"
	@echo "make manual  the examples of PostgreSQL 15's manual beside PostgreSQL, fetched likewise"
	@echo "make django  Django's tests beside PostgreSQL, fetched likewise; make rails  Active Record's"
	@echo "make isolation  PostgreSQL 15's own isolation tests, fetched likewise"
	@echo "make isolation-random  SCHEDULES (500) random schedules compared with the PostgreSQL of ROWKEY_PG (SEED=n repeats)"

build:
	$(GO) build -o bin/rowkey ./cmd/rowkey

run: build
	./bin/rowkey serve $(if $(DATA),--data $(DATA))

demo: build
	./bin/rowkey demo

test:
	$(GO) test $(PKGS)

# One package after another: each has the machine to itself, and an hour.
race:
	$(GO) test -race -p 1 -timeout 60m $(PKGS)

lint:
	@out=$$(gofmt -l .); if [ -n "$$out" ]; then echo "gofmt:"; echo "$$out"; exit 1; fi
	$(GO) vet $(PKGS)
	$(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2 $(PKGS)

bench:
	$(GO) run ./tests/bench

tpch:
	$(GO) run ./tests/tpch -scale 0.1

FUZZTIME ?= 10s
fuzz:
	@for pkg in $$($(GO) list $(PKGS)); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg 2>/dev/null | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; done

sqllogictest:
	$(GO) run ./tests/sqllogictest -all

regress:
	$(GO) run ./tests/regress

manual:
	$(GO) run ./tests/manual

isolation:
	$(GO) run ./tests/isolation

SCHEDULES ?= 500
isolation-random:
	$(GO) test ./tests/isolation -count=1 -v -timeout 24h -run TestRandomSchedules -schedules $(SCHEDULES) -seed $(or $(SEED),0)

CRASHES ?= 3000
crash:
	$(GO) test ./tests/crash -v -timeout 24h -crashes $(CRASHES)

django:
	$(GO) run ./tests/suites django

rails:
	$(GO) run ./tests/suites rails

redis-tcl:
	$(GO) run ./tests/resp/tcl

redis-random:
	$(GO) test ./tests/resp -count=1 -v -run TestRandomCommands -commands 60000 $(if $(SEED),-seed $(SEED))

bench-redis:
	$(GO) run ./tests/resp/bench

clean:
	rm -rf bin
