# What a person runs. Every target says what it is doing; nothing else is needed on a fresh Debian machine.
VENV ?= .venv
# The system's Python, which its distribution keeps patched and builds for speed; another where that one is too old.
PYTHON ?= $$(/usr/bin/python3 -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null | grep . || echo python3)
PY := $(VENV)/bin/python
GSP := $(VENV)/bin/gsp
SHELL := /bin/bash
FUZZ_SECONDS ?= 600
PROCESSES ?= 3

.PHONY: demo test check corpus bench fuzz properties docs pictures clean

demo: $(VENV)/.installed ## a whole focal point on this machine: two Parties, one request, the answer
	@$(GSP) demo

test: $(VENV)/.installed-dev ## the whole test suite, against real mail servers and real GnuPG
	@echo "Testing. Real Postfix, Dovecot, PostgreSQL, GnuPG and neomutt are started on loopback; this takes about a quarter of an hour."
	@$(PY) -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder $(PYTEST)

corpus: $(VENV)/.installed-dev ## the real mails of ../shared/corpus
	@$(PY) -m pytest -m corpus $(PYTEST)

check: $(VENV)/.installed-dev ## formatter, linter, types, import floors, spelling
	@echo "Checking format, lint, types, import floors and spelling."
	@$(VENV)/bin/ruff format --check
	@$(VENV)/bin/ruff check
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/codespell

bench: $(VENV)/.installed-dev ## the figures of docs/benchmarks.md, measured here
	@$(PY) -m benchmarks $(BENCH)

fuzz: $(VENV)/.installed-dev ## random testing of everything that reads what people send; FUZZ_SECONDS=60 for each
	@echo "Fuzzing: each entry point for $(FUZZ_SECONDS) seconds. Inputs that fail are kept in .fuzz/."
	@$(PY) -m tests.fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

properties: $(VENV)/.installed-dev ## the property tests with fifty times as many examples
	@HYPOTHESIS_PROFILE=fuzz $(PY) -m pytest tests/property $(PYTEST)

docs: $(VENV)/.installed-dev ## writes the pages that are generated from the code
	@$(PY) -m tests.docs.generate

pictures: $(VENV)/.installed-dev ## takes the pictures of letters and reports in docs/pictures; look at them before they are kept
	@$(PY) -m tests.docs.screens $(PICTURES)

$(VENV)/.installed: requirements.lock pyproject.toml
	@bash .ci/system-packages run
	@echo "Making the Python environment in $(VENV) (about a minute)."
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install -qq --require-hashes -r requirements.lock
	@$(PY) -m pip install -qq --no-deps -e .
	@$(PY) -m compileall -q gateway  # where Python may not write byte code, every command would compile all of it again
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@bash .ci/system-packages test
	@echo "Adding what the tests need."
	@$(PY) -m pip install -qq --require-hashes -r requirements-dev.lock
	@touch $@

clean:
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
