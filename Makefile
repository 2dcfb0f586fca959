# `make serve` and `make test` need nothing but Python 3.11 or newer, make and (for test) git.
PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/runtime.stamp
DEV := .venv/dev.stamp
BENCH := .venv/bench.stamp
COMPILE = $(BIN)/pip-compile -q --upgrade --generate-hashes --strip-extras --allow-unsafe --find-links dist \
  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header

TESTS = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

# Prints a Python's version, and fails if it is too old. In words that an old one understands, too.
PYTHON_CHECK := import sys; print("%d.%d.%d" % tuple(sys.version_info[:3])); sys.exit(tuple(sys.version_info[:2]) < (3, 11))

# What a module of tests names that has a short form in `make test`: a mark, a fixture, or a variable.
SHORT = AT_LENGTH|FEW_BACKENDS|one_database|TICKBOX_TEST_(SOAK|KILLS)

.PHONY: help serve test coverage check gate try soak fuzz sdks bench figures models support docs release wheels lock clean python

serve: $(RUNTIME)  ## make the environment, migrate, and serve on http://127.0.0.1:8080
	$(BIN)/tickbox migrate
	exec $(BIN)/tickbox serve

test: $(DEV)  ## every test, on SQLite and PostgreSQL
	$(TESTS)

coverage: $(DEV)  ## the same, and count the branches that they take, at least 95 percent: two to three times the work
	$(TESTS) --cov --cov-report=term

check: $(DEV)  ## the contract with its models, lint, imports, types
	$(BIN)/tickbox gate
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

gate: $(DEV)  ## every stage of the gate, and a running server made for it: make gate URL=http://127.0.0.1:8080
	$(BIN)/python -m tests.gate $(URL)

try: $(DEV)  ## all that the contract promises of one operation, on SQLite: make try OP=complete_task
	$(BIN)/python -m tests.try_operation $(OP)

soak: $(DEV)  ## at length, and on both databases, each module of tests of which `make test` does a part
	TICKBOX_TEST_SOAK=1 TICKBOX_TEST_KILLS=200 $(BIN)/pytest -n 2 $$(grep -rlE --include='test_*.py' '$(SHORT)' tests)

fuzz: $(DEV)  ## Schemathesis at length, from a random seed
	$(BIN)/python -m tests.fuzz

sdks: $(DEV)  ## the gate's stage clients: from five generators, compiled and driven, where their tools are installed
	TICKBOX_TEST_SDKS=1 $(BIN)/pytest tests/sdk -rs

bench: $(DEV) $(BENCH)  ## Tickbox and its engine beside their alternatives, and what guarantees cost; see bench/README.md
	$(BIN)/python -m bench.engine
	$(BIN)/python -m bench.operations
	$(BIN)/python -m bench.startup
	$(BIN)/python -m bench.guarantees
	$(BIN)/python -m bench.stack --rounds 3

figures: $(DEV) $(BENCH)  ## measure the whole at length, and write bench/results; needs a quiet machine for an hour
	$(BIN)/python -m bench.stack --json bench/results/stack.json
	$(BIN)/python -m bench.stack --growth --json bench/results/stack-growth.json
	$(BIN)/python -m bench.stack --fairness --json bench/results/stack-fairness.json
	$(BIN)/python -m bench.large --json bench/results/large.json
	$(BIN)/python -m bench.streams --json bench/results/streams.json
	$(BIN)/python -m bench.reminders --json bench/results/reminders.json
	$(BIN)/python -m bench.stack.plots

models: $(DEV)  ## generate spec/models.py and spec/responses.py from the contract
	$(BIN)/python -m spec.generate

support: $(DEV)  ## write contract/SUPPORT.md from the rows of tests/contract/foreign
	$(BIN)/python -m tests.contract.foreign.support

docs: $(DEV)  ## write docs/settings.md from the settings
	$(BIN)/python -m tests.support.settings_page

release: check  ## freeze the contract as a release, with its changelog: make release VERSION=0.2.0 [REASON='why it breaks clients']
	$(BIN)/python -m spec.release '$(VERSION)' '$(REASON)'

wheels: $(DEV)  ## build both distributions, tickbox-contract and tickbox, into dist/
	$(BIN)/pip wheel -q --disable-pip-version-check --no-deps -w dist ./contract .

# The locks are of what others publish: tickbox-contract is found in dist/ while they are compiled, and left out of them.
lock: wheels  ## compile the three requirements*.txt anew from the two pyproject.toml
	$(COMPILE) -o requirements.txt pyproject.toml
	$(COMPILE) --extra dev -c requirements.txt -o requirements-dev.txt pyproject.toml
	$(COMPILE) --extra bench -c requirements-dev.txt -o requirements-bench.txt pyproject.toml
	sed -i '/^tickbox-contract==/,/^[^ ]/{/^tickbox-contract==/d;/^ /d}' requirements.txt requirements-dev.txt requirements-bench.txt

help:  ## what make can do here
	@sed -n 's/^\([a-z]*\):.*  ## /\1\t/p' Makefile | expand -t 10

clean:  ## delete the environment and what was built
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .schemathesis .coverage*

python:  # asked each time: a .venv may have been made with an older Python, which may even be gone
	@if [ -e $(BIN)/python ] || [ -h $(BIN)/python ]; then \
	  found=$$($(BIN)/python -c '$(PYTHON_CHECK)' 2>/dev/null) || { \
	    echo "Tickbox needs Python 3.11 or newer, and .venv has $${found:-one that cannot be run}: run 'make clean', then 'make PYTHON=python3.11 ...'" >&2; exit 1; }; \
	else \
	  found=$$($(PYTHON) -c '$(PYTHON_CHECK)' 2>/dev/null) || { \
	    case "$$found" in [0-9]*) found="is $$found";; *) found="cannot be run";; esac; \
	    echo "Tickbox needs Python 3.11 or newer, and $(PYTHON) $$found: name another one, as in 'make PYTHON=python3.11 ...'" >&2; exit 1; }; \
	fi

.venv/bin/python: | python
	$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

$(RUNTIME): requirements.txt pyproject.toml contract/pyproject.toml | python .venv/bin/python
	@echo "Installing what Tickbox needs into .venv. This can take a few minutes."
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e contract -e .
	touch $@

$(DEV): requirements-dev.txt $(RUNTIME)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.txt
	touch $@

$(BENCH): requirements-bench.txt $(RUNTIME)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements-bench.txt
	touch $@
