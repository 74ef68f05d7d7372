# Everything a newcomer needs. `make help` lists it.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install

.DEFAULT_GOAL := help
.PHONY: help run test check bench storm canary conformance clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: .venv/run ## web, worker and stand-in gateway on this machine; prints where
	@mkdir -p -m 700 var
	@REFERRAL_SIMULATOR=$${REFERRAL_SIMULATOR:-1} $(BIN)/referral run

test: .venv/dev ## the whole test suite, on SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n auto

check: .venv/dev ## format, lint, types, import contracts, what must not be in the tree
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/check_tree.py

bench: .venv/dev ## the benchmarks, beside bare Flask or a bare statement of the same run; a quarter of an hour
	@$(BIN)/python -m bench.load
	@$(BIN)/python -m bench.nearest
	@$(BIN)/python -m bench.importing

storm: .venv/dev ## a thousand processes killed under load while the gateway misbehaves, on each database; about two hours
	@$(BIN)/python -m scripts.storm

canary: .venv/dev ## four hundred numbers looked for in everything the service leaves behind, on each database; half an hour
	@$(BIN)/python -m scripts.canary

conformance: .venv/dev ## the open directory against the official HSDS 3.1 schemas: make conformance HSDS=where-they-are
	@$(BIN)/python -m scripts.conformance $(HSDS)

clean: ## remove the environment (what was reported, in var/, stays)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	@echo "preparing the environment, once; this takes a minute"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev: requirements-dev.lock .venv/run
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@
