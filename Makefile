# Needs only make, and Python 3.11 or newer with venv (Debian: apt install make python3-venv).
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
STAMP = $(VENV)/.made
DEMO_DB ?= demo.db
DEMO_PORT ?= 8001
DEMO_SERVE ?= yes
PYTEST_ARGS ?=

.PHONY: help env demo test test-fast lint format bench rehearsal clean

help:  ## Show what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

env: $(STAMP)  ## Make the environment in .venv

# Made again only when what it is made from changes.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with make PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python lacks venv; on Debian: apt install python3-venv" >&2; rm -rf $(VENV); exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP)  ## Crawl the small site that comes with the project, and open it in Datasette
	@DEMO_DB='$(DEMO_DB)' DEMO_PORT='$(DEMO_PORT)' DEMO_SERVE='$(DEMO_SERVE)' PATH="$(abspath $(BIN)):$$PATH" bash tests/demo.sh

test: $(STAMP)  ## Run all tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

test-fast: $(STAMP)  ## Run the tests that take no more than seconds
	$(BIN)/python -m pytest -m 'not slow' $(PYTEST_ARGS)

lint: $(STAMP)  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(STAMP)  ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)  ## Measure crawl, reading and storage
	$(BIN)/python -m tests.bench

rehearsal: $(STAMP)  ## Measure a month of nights against a site that changes every day (an hour)
	$(BIN)/python -m tests.rehearsal

clean:  ## Remove the environment, the caches and the demo's archive
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis $(DEMO_DB) $(DEMO_DB)-wal $(DEMO_DB)-shm $(DEMO_DB).lock $(basename $(DEMO_DB)).files
