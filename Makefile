# `make` lists what there is. Everything runs in .venv, which the first target that needs it creates.

PYTHON ?= python3
# Another index to look for torch on, e.g. https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# What `make lock` pins torch to.
TORCH_VERSION ?= 2.13.0
# At most this many test processes side by side; each keeps to one thread.
WORKERS ?= 8

BIN := .venv/bin
STAMP := .venv/.installed
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c constraints.txt
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 POLARS_MAX_THREADS=1
# By file, as the blocks of a page build on each other.
PYTEST = $(ONE_THREAD) $(BIN)/python -m pytest -q -n auto --maxprocesses $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow check docs dist bench lock clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP) ## train on a real table and say what came out
	@$(BIN)/fallline train wine

test: $(STAMP) ## run the tests, and every example in the docs
	@$(PYTEST) -m "not slow"

# pytest's exit code 5 says that nothing was collected, which is no failure here.
test-slow: $(STAMP) ## run the slow tests
	@$(PYTEST) -m slow || [ $$? -eq 5 ]

check: $(STAMP) ## format, lint, types and layers; changes nothing
	@$(BIN)/ruff format --quiet --check . || { echo "mend it with: $(BIN)/ruff format ." >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --no-cache --no-logo

docs: $(STAMP) ## build the docs site, strictly
	@$(BIN)/sphinx-build -q -E -W --keep-going -n -b html -d docs/_build/doctrees docs docs/_build/html
	@echo "docs/_build/html/index.html"

dist: $(STAMP) ## build sdist and wheel, look inside, install the wheel elsewhere and try it
	@rm -rf dist
	@log=$$($(BIN)/python -m build --no-isolation 2>&1) || { echo "$$log" >&2; exit 1; }
	@$(BIN)/python tools/check_dist.py $(if $(TORCH_INDEX),--torch-index $(TORCH_INDEX))

bench: $(STAMP) ## run the benchmarks
	@found=; for script in $$(grep -ls __main__ benchmarks/*.py); do \
	  found=1; echo "== $$script"; $(BIN)/python -m benchmarks.$$(basename $$script .py) || exit 1; \
	done; [ -n "$$found" ] || echo "benchmarks/ holds no script to run"

lock: ## resolve every version afresh into constraints.txt (wants Python 3.11)
	@$(PYTHON) tools/lock.py --torch $(TORCH_VERSION) $(if $(TORCH_INDEX),--torch-index $(TORCH_INDEX))

clean: ## remove .venv and what was built; your studies stay
	@rm -rf .venv build dist docs/_build docs/catalogue .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests tools benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is written last: an install that was interrupted is taken up again by the next target.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c '' 2>/dev/null || \
	  { echo "Python is missing: '$(PYTHON)' does not run. Install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python is too old: '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Fallline needs 3.11 or later; name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing: '$(PYTHON)' cannot make one. On Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@echo "installing Fallline and what it needs into .venv (once; a few minutes on a slow line) ..." >&2
	@rm -f $@
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(PIP) pip editables hatchling
	@$(PIP) --no-build-isolation -e '.[all]'
	@touch $@
