# make up: everything set up and stack dev running. make down: all of it gone again. make test, make check.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
UV := $(shell command -v uv || echo .golive/uv/bin/uv)
RUN := .venv/bin/python
SOURCES := __main__.py components lab toolchain transport tests

.PHONY: help up down purge test check format bench-release ready

help: ## what there is to do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1  \t\2/'

up: ready ## set everything up and run stack dev on this machine
	@$(RUN) -m toolchain
	@$(RUN) -m lab up

down: ## take away all that make up has made
	@if [ -x $(RUN) ]; then $(RUN) -m lab down; else echo "Nothing is up."; fi

purge: down ## take away what was built and downloaded, too
	rm -rf .venv "$${XDG_CACHE_HOME:-$$HOME/.cache}/golive"

test: ready ## run all tests, on the same real parts
	@$(RUN) -m toolchain docker engine images actionlint pebble
	@$(RUN) -m pytest

check: ready ## format, lint, types, workflows, schemas
	@$(RUN) -m toolchain actionlint
	.venv/bin/ruff format --check $(SOURCES)
	.venv/bin/ruff check $(SOURCES)
	.venv/bin/mypy
	.venv/bin/mypy __main__.py
	@$(RUN) -m pytest -q tests/unit/test_workflows.py tests/unit/test_stack_files.py

bench-release: up ## what releases and crashes cost the users, under load
	@$(RUN) -m toolchain vegeta
	@$(RUN) -m lab.bench_release

format: ready ## put the code into its format
	.venv/bin/ruff format $(SOURCES)
	.venv/bin/ruff check --fix $(SOURCES)

ready: $(UV)
	@$(UV) sync --quiet --frozen

# Without a uv on PATH, one of this clone's own, by the hash in toolchain/uv.txt.
.golive/uv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: Python 3.11 or newer is needed. Install it, or name it: make up PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .golive/uv 2>/dev/null || { rm -rf .golive/uv; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing python3-venv from the distribution" >&2; \
	    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y python3-venv; } >/dev/null && \
	    $(PYTHON) -m venv .golive/uv; \
	  else echo "error: Python's venv is missing. Run: sudo apt-get install python3-venv" >&2; exit 1; fi; }
	@.golive/uv/bin/pip install --quiet --require-hashes -r toolchain/uv.txt
