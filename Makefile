# What people type. `make run` and `make test` set up all that they need; everything lands in .venv, .cache and .state.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.complete
# Each release of the client has its requirements in tests/compat/releases; the newest one is tested by `make test`.
RELEASES := $(patsubst tests/compat/releases/%.txt,%,$(wildcard tests/compat/releases/*.txt))
CLIENT_TESTS := $(addprefix tests/compat/test_,flows.py data.py limits.py pauses.py endings.py commands.py deployed.py)

.DEFAULT_GOAL := help
.PHONY: help run test test-fast test-clients test-integrations test-schedules test-differential check format bench bench-growth soak lock clean

help:  ## Say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(SETUP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
	VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --constraint constraints.txt --editable . --group dev
	touch $@

run: $(SETUP)  ## Start orchd on http://127.0.0.1:4200 with embedded SQLite; its data lies in .state
	mkdir -p .state
	STATE_DIRECTORY=$(CURDIR)/.state RUNTIME_DIRECTORY=$(CURDIR)/.state $(BIN)/orchd

test: check  ## Run every test, against real databases, clients and a real systemd
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --ignore tests/integrations

test-fast: $(SETUP)  ## Run the tests that need neither the client nor systemd
	$(BIN)/pytest --numprocesses 2 --dist loadgroup --ignore tests/compat --ignore tests/packaging --ignore tests/integrations

test-clients: $(SETUP)  ## Run flows, commands and a worker of older releases of the client, one release after the other, on SQLite
	@set -e; for release in $(RELEASES); do \
		echo "Prefect $$release"; \
		ORCHD_TEST_RELEASE=$$release $(BIN)/pytest --numprocesses 2 --dist loadgroup -k "not postgres" $(CLIENT_TESTS); \
	done

test-integrations: $(SETUP)  ## Run what integrations of the client need of a server: blocks, Dask, a worker for Docker
	$(BIN)/pytest tests/integrations

test-schedules: $(SETUP)  ## Ask every kind of schedule about every change of every clock since 1970
	ORCHD_TEST_SCHEDULES=all $(BIN)/pytest --numprocesses 0 --timeout 3600 tests/schedules

test-differential: $(SETUP)  ## Send every request to the peer's server and to orchd, and compare; SEED=N combines others
	$(BIN)/python -m tests.compat.differential --seed $(or $(SEED),1)

check: $(SETUP)  ## Lint, format, types, import directions
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: $(SETUP)  ## Put the code into its form
	$(BIN)/ruff check --fix --quiet
	$(BIN)/ruff format --quiet

bench: $(SETUP)  ## Measure orchd and the peer's server side by side (SQLite, then PostgreSQL)
	$(BIN)/python bench/run.py --engine sqlite
	$(BIN)/python bench/run.py --engine postgres

bench-growth: $(SETUP)  ## Time lists and counts with a million flow runs and ten million task runs (an hour, 40 GB)
	$(BIN)/python -m bench.growth --engine sqlite
	$(BIN)/python -m bench.growth --engine postgres

soak: $(SETUP)  ## Load orchd for 20 minutes and watch its memory
	$(BIN)/python -m bench.soak

lock: $(SETUP)  ## Write constraints.txt anew, with the newest versions that fit
	$(BIN)/uv pip compile --quiet --upgrade --universal --no-annotate --no-header --no-emit-index-url \
		--python-version 3.11 --group dev --output-file constraints.txt pyproject.toml

clean:  ## Remove what was set up and built; the data of `make run` stays
	rm -rf $(VENV) .cache dist build
