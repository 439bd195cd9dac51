# Two commands do it: `make up` runs the platform, `make test` proves it. Both set up what they need
# in this folder (.tools, .venv) from a bare Python; `make help` lists the rest.

SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# Hundreds of short programs import the same modules: each is compiled once, not once for each.
unexport PYTHONDONTWRITEBYTECODE

# The first Python that is new enough; say `make PYTHON=/path/to/python …` for another.
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c '$(IS_NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
endif

BIN := .venv/bin
SERVICES := auth attempts proctoring realtime
MEMBERS := $(SERVICES:%=services/%) libs/chassis deploy/local web/server
SOURCES := $(MEMBERS:%=%/src) deploy/local/bootstrap.py deploy/local/isolation.py web/build.py \
	$(wildcard docs/make/*.py deploy/release/oep_release/*.py deploy/gateway/*.py deploy/gateway/gateway_config/*.py deploy/kubernetes/*.py deploy/observability/*.py) $(filter-out %/test_harness.py %/miniatures.py,$(wildcard tests/load/*.py)) \
	$(wildcard tests/load/twins/*.py) $(wildcard tests/load/day/*.py) \
	$(filter-out tests/chaos/test_%.py,$(wildcard tests/chaos/*.py)) \
	$(filter-out tests/abuse/test_% tests/abuse/fuzz_%,$(wildcard tests/abuse/*.py))

.PHONY: help
help: ## List the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) \
		| awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

.PHONY: setup
setup: ## Bring .tools and .venv up to date (every other command does it first)
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed and none is in PATH." \
		"Install one, or say: make PYTHON=/path/to/python3.x" >&2; exit 1; }
	@$(PYTHON) deploy/local/bootstrap.py

# Running

.PHONY: up
up: setup ## Run the platform until Ctrl-C (ARGS="--realtime 2 --attempts 2")
	@exec $(BIN)/oep up $(ARGS)

.PHONY: web
web: setup ## Build the pages into web/dist (`make up` does it by itself)
	@$(PYTHON) web/build.py

.PHONY: provider
provider: setup ## Run an OpenID provider to try sign-in with, until Ctrl-C (ARGS="--port 9400")
	@exec $(PYTHON) web/build.py provider $(ARGS)

.PHONY: down
down: setup ## Stop it from another terminal; the data are kept
	@$(BIN)/oep down

.PHONY: reset
reset: setup ## Stop it and forget all data
	@$(BIN)/oep reset --yes

.PHONY: demo
demo: setup ## Play one exam through the running platform (ARGS="--from-legacy AP20250001")
	@$(BIN)/oep demo $(ARGS)

# Proving

# Processes that run tests beside each other, each with servers of its own (conftest.py). A third one
# saves two minutes on two cores, and starves some tests of the time that they may take.
WORKERS = 2

.PHONY: test
test: setup ## Run every check and every test (WORKERS=1: one test at a time)
	@$(MAKE) --jobs 2 --output-sync test-web web browser
	@$(MAKE) --jobs 2 --keep-going suite beside
	@$(MAKE) isolation

# Generated examples are the same in each run, so that what fails here fails there; `make explore`
# looks for new ones.
.PHONY: suite
suite:
	MAKEFLAGS= $(BIN)/pytest -n $(WORKERS) --no-loadscope-reorder --hypothesis-seed=0

# In the moments in which the suite waits, and only then: nothing in it is timed.
.PHONY: beside
beside:
	@said=$$(nice -n 19 $(MAKE) lint 2>&1); found=$$?; echo "$$said"; exit $$found

# Our packages install modules of other names.
OUR_NAMES := --package-module-name-map oep-chassis=chassis,oep-contracts=oep

.PHONY: explore
explore: setup ## Try the rules on examples that nobody has tried yet (`make test` repeats its own)
	$(BIN)/pytest -n $(WORKERS) -m hypothesis --hypothesis-seed=random

.PHONY: nightly
nightly: setup ## Run what is too long for every day: long commands of the docs, load, abuse, faults
	$(BIN)/pytest -rs tests/docs/nightly.py
	@$(MAKE) explore
	@$(MAKE) browser-long
	@$(MAKE) load
	@$(MAKE) abuse
	@$(MAKE) chaos
	@$(MAKE) soak

.PHONY: lint
lint: setup ## Read the code without running it: style, types, layers, dependencies, treaty
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy $(SOURCES)
	$(BIN)/lint-imports --no-cache --config imports.ini
	@for member in $(MEMBERS); do \
		(cd $$member && $(CURDIR)/$(BIN)/deptry $(OUR_NAMES) src) || exit 1; done
	$(BIN)/buf lint protos
	$(BIN)/buf format --diff --exit-code protos
	$(BIN)/buf breaking protos --against protos/released.binpb
	$(PYTHON) web/build.py check

.PHONY: test-web
test-web: setup ## Run the pages' tests that need no browser
	$(PYTHON) web/build.py test

.PHONY: browser
browser: setup ## Find Chromium, or install it, for tests/browser
	PYTHONPATH=tests $(BIN)/python -m browser.chromium

.PHONY: browser-long
browser-long: setup web browser ## Cut a student's line for ten real minutes and read back what was typed
	$(BIN)/pytest tests/browser/long_cut.py

.PHONY: screens
screens: setup browser ## Take the pictures of all pages in docs/screens anew
	OEP_SCREENS=1 $(BIN)/pytest tests/browser

.PHONY: isolation
isolation: setup ## Show that each service installs and works alone
	$(BIN)/python deploy/local/isolation.py

.PHONY: test-compose
test-compose: setup ## Build and prove docker-compose.yml on a container engine, then remove it
	@PYTHONPATH=tests $(BIN)/python deploy/compose/prove.py

# Telling

.PHONY: docs
docs: setup ## Build the documentation as a site into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build
	@echo "site/index.html"

# Releasing (docs/releases.md says how)

RELEASE = PYTHONPATH=deploy/release $(BIN)/python -m oep_release

.PHONY: release
release: setup ## Release one service (SERVICE=auth VERSION=1.2.0): changelog, tag, wheels, parts
	@$(RELEASE) release $(SERVICE) $(VERSION)

.PHONY: sbom
sbom: setup ## Write what a service's last release is made of into dist/ (SERVICE=auth, or all)
	@$(RELEASE) sbom $(SERVICE)

.PHONY: audit
audit: setup ## Ask what is known against a service's dependencies (SERVICE=auth); needs the network
	@$(RELEASE) audit $(SERVICE) $(ARGS)

.PHONY: compatibility
compatibility: setup ## Play an exam with each service's previous release between today's others
	@$(RELEASE) compatibility $(SERVICE) $(ARGS)

# Measuring (tests/load/README.md says how to read the numbers; a quiet machine says most)

LOAD = PYTHONPATH=tests $(BIN)/python -m load

.PHONY: load
load: setup ## Play an exam day with 5,000 students, 20 min (ARGS="a d --students 500")
	@$(LOAD) day $(ARGS)

.PHONY: bench
bench: bench-save bench-events bench-begin bench-login bench-list ## Measure all of it

.PHONY: bench-small
bench-small: setup browser ## Try every benchmark in miniature, without reading a time
	$(BIN)/pytest tests/load/miniatures.py

.PHONY: bench-save
bench-save: setup ## Measure saves of answers against a FastAPI echo, and in batches over gRPC
	@$(LOAD) save $(ARGS)

.PHONY: bench-events
bench-events: setup ## Measure the taking in of events against a FastAPI echo, and in batches
	@$(LOAD) events $(ARGS)

.PHONY: bench-begin
bench-begin: setup ## Measure begins against a FastAPI echo
	@$(LOAD) begin $(ARGS)

.PHONY: bench-login
bench-login: setup ## Measure a mass login beside a running exam (ARGS="--imported": bcrypt hashes)
	@$(LOAD) login $(ARGS)

.PHONY: bench-list
bench-list: setup ## Measure the list of an exam with 5,000 attempts
	@$(LOAD) list $(ARGS)

.PHONY: bench-boards
bench-boards: setup ## Measure from the commit of an event to 50 boards, with 5,000 students online
	@$(LOAD) boards $(ARGS)

.PHONY: bench-screen
bench-screen: setup browser ## Count the frames of a board of 5,000 students in Chromium, with 500 events/s
	@$(LOAD) screen $(ARGS)

.PHONY: bench-render
bench-render: setup browser ## Open sign-in, exam room and board in Chromium until they are there
	@$(LOAD) render $(ARGS)

.PHONY: bench-units
bench-units: setup ## Count what one of each request takes of every part (ARGS=--keep: for oep capacity)
	@$(LOAD) units $(ARGS)

.PHONY: bench-nodes
bench-nodes: setup ## Measure what two realtime nodes use for their own sockets and for others'
	@$(LOAD) nodes $(ARGS)

# Breaking (tests/chaos/README.md says what must hold)

.PHONY: chaos
chaos: setup ## Break the platform under load at full length, 15 min (ARGS="12 13 --students 500")
	@PYTHONPATH=tests:deploy/release $(BIN)/python -m chaos $(ARGS)

.PHONY: soak
soak: setup ## Half an hour of load with a fault of chance every 3 min (ARGS="--minutes 120")
	@PYTHONPATH=tests:deploy/release $(BIN)/python -m chaos.soak $(ARGS)

# Abusing (tests/abuse/README.md says what must be refused)

FUZZ = .tools/fuzz

.PHONY: abuse
abuse: setup $(FUZZ)/.done ## Try what nobody may, at full length (ARGS="sockets bombs --examples 50")
	@PYTHONPATH=tests:deploy/release $(BIN)/python -m abuse $(ARGS)

# atheris, for its one part: no service and no other test gets it.
$(FUZZ)/.done: tests/abuse/requirements.lock
	@rm -rf $(FUZZ)
	@.tools/bin/uv pip install --quiet --python $(BIN)/python --target $(FUZZ) --require-hashes \
		-r $< && touch $@

.PHONY: bench-fanout
bench-fanout: setup ## Measure fan-out to 1,000 sockets against nats-server's own, and 18,000 that only stay
	@$(LOAD) fanout $(ARGS)

.PHONY: bench-connects
bench-connects: setup ## Measure what a student's handshake costs a node, and his silent socket, 10,000 at once
	@$(LOAD) connects $(ARGS)

.PHONY: bench-report
bench-report: setup ## Measure reports on an exam of 5,000 attempts
	@$(LOAD) report $(ARGS)

# Writing

.PHONY: format
format: setup ## Lay the code out and repair what can be repaired
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/buf format -w protos

.PHONY: protos
protos: setup ## Write the Python stubs of the proto files anew
	$(BIN)/python protos/generate.py

OVERLAYS := deploy/kubernetes/overlays

.PHONY: gateway
gateway: setup ## Write the gateway's configurations again, for compose and Kubernetes
	$(BIN)/python deploy/gateway/generate.py --live deploy/gateway/live --live-seen-as /etc/envoy/live \
		> deploy/gateway/envoy.yaml
	@for one in small large; do $(BIN)/python deploy/gateway/generate.py --kubernetes --origin \
		"$$(sed -n 's/^ALLOWED_ORIGINS=//p' $(OVERLAYS)/$$one/settings/settings.env)" \
		--live $(OVERLAYS)/$$one/services/live > $(OVERLAYS)/$$one/services/envoy.yaml || exit 1; done

.PHONY: openapi
openapi: setup ## Collect what the services say of their endpoints, and type the pages' client by it
	$(BIN)/python deploy/gateway/collect.py
	$(PYTHON) web/build.py api

UPGRADE = --upgrade

.PHONY: lock
lock: setup ## Resolve all dependencies anew into requirements.lock (UPGRADE= adds only what is new)
	.tools/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		$(UPGRADE) --all-extras --no-emit-package oep-chassis --no-emit-package oep-contracts \
		-o requirements.lock pyproject.toml --group pyproject.toml:dev \
		$(SERVICES:%=services/%/pyproject.toml) libs/chassis/pyproject.toml \
		protos/pyproject.toml deploy/local/pyproject.toml web/server/pyproject.toml
	.tools/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
		$(UPGRADE) -o tests/abuse/requirements.lock --group pyproject.toml:fuzz
