# Two commands are all a newcomer needs: make demo, make test. Both set up everything themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
MAKEFLAGS += --no-print-directory
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install install-test demo test test-long bench dist release simulate fuzz vulnerable lint types format lock rows trust states errors matrix conformance rails clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(VENV)/.run  ## .venv with the countertop command

install-test: $(VENV)/.test

demo: $(VENV)/.run  ## a whole simulated counter in the browser, first sale made by itself
	@$(BIN)/countertop demo

test: $(VENV)/.test  ## lint, types and the whole suite, browser included
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh tests/run.sh

test-long: $(VENV)/.test  ## what does not fit into five minutes
	@$(BIN)/python -m pytest -m slow -n 2

bench: $(VENV)/.test  ## speed as ratios to a limit or peer of the same run (N=payments, PEERS=1)
	@$(BIN)/python -m tests.bench

dist: $(VENV)/.run  ## wheel and source archive in dist/, the same bytes from the same commit
	@$(BIN)/python -m tests.dist dist

release: $(VENV)/.run  ## release/: everything that installs a shop's machine without a network (docs/install)
	@$(BIN)/python -m tests.release release

simulate: $(VENV)/.test  ## SALES=… SEED=…: more of the simulation than make test runs
	@$(BIN)/countertop simulate --sales $(or $(SALES),25000) --seed $(or $(SEED),1) $(if $(COVERAGE),--coverage)

mutants: $(VENV)/.test  ## planted mistakes, and in which seed the simulation sees each
	@$(BIN)/python -m tests.simulation.hunt

torture: $(VENV)/.test  ## KILLS=… IMAGES=… SEED=…: the installed service killed, cut, starved and slowed (hours)
	@$(BIN)/python -m tests.torture --kills $(or $(KILLS),1000) --images $(or $(IMAGES),10000) --seed $(or $(SEED),1) $(if $(ONLY),--only $(ONLY))

soak: $(VENV)/.test  ## VIRTUAL_H=… REAL_MIN=…: memory, files and tasks over a long time
	@$(BIN)/python -m tests.torture.soak --virtual-h $(or $(VIRTUAL_H),24) --real-min $(or $(REAL_MIN),0)

vulnerable: $(VENV)/.test  ## known holes in what is locked; asks the package index
	@$(BIN)/pip-audit -r requirements.lock --require-hashes --disable-pip

fuzz: $(VENV)/.test  ## INPUTS=… SEED=…: nearly sound bytes for everything that reads bytes from outside
	@$(BIN)/python -m tests.fuzz $(or $(INPUTS),100000) $(or $(SEED),1)

lint: $(VENV)/.test
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.test
	@$(BIN)/mypy

format: $(VENV)/.test
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

rows: $(VENV)/.test  ## docs/rows.md: which product row is shown by which test
	@$(BIN)/python -m tests.rows > docs/rows.md

trust: $(VENV)/.test  ## docs/trust.md: what was done to it and what held, from the last make test
	@$(BIN)/python -m tests.trust > docs/trust.md.part && mv docs/trust.md.part docs/trust.md

states: $(VENV)/.test  ## docs/payment-states.md from the transition tables
	@$(BIN)/python -m tests.states > docs/payment-states.md

roles: $(VENV)/.test  ## who may do what, into docs/security.md
	@$(BIN)/python -m tests.roles_page

errors: $(VENV)/.test  ## docs/integrate/errors.md from the error registry
	@$(BIN)/python -m tests.errors_page

matrix: $(VENV)/.test  ## which device protocol stands which test, for countertop devices matrix
	@$(BIN)/python -m tests.devices.matrix

rails: $(VENV)/.test  ## docs/rails.md: every fault with every connector, played (two minutes)
	@$(BIN)/python -m terminal.simulation.rails_table > docs/rails.md.part && mv docs/rails.md.part docs/rails.md

conformance: $(VENV)/.test  ## docs/conformance.md, and the connectors' results that the release brings along
	@$(BIN)/python -m terminal.conformance

lock:  ## requirements.lock and requirements-test.lock from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --no-annotate -q -p 3.11 pyproject.toml --group build -o requirements.lock
	uv pip compile --universal --generate-hashes --no-annotate -q -p 3.11 pyproject.toml --group build --group test -c requirements.lock -o requirements-test.lock

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Countertop needs Python 3.11 or newer; '$(PYTHON)' is older. Use: make PYTHON=python3.11 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "This Python cannot make environments yet (the venv package is missing)."; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq python3-venv; \
	  else echo "Fix: sudo apt-get install python3-venv"; exit 1; fi; }
	@echo "making $(VENV) …"; $(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(VENV)/bin/python requirements.lock pyproject.toml
	@echo "installing what Countertop needs (pinned, hash-checked) …"
	@$(BIN)/pip install -q --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements-test.lock $(wildcard tests/strangers/*.txt)
	@echo "installing what the tests need (pinned, hash-checked) …"
	@$(BIN)/pip install -q --require-hashes -r requirements-test.lock
	@$(BIN)/python -m tests.strangers.environments
	@$(BIN)/python -m compileall -q drivers firmware_stubs terminal ; env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest --co -q >/dev/null
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
