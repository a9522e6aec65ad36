# `make` lists what there is. Everything runs in .venv, which the first target that needs it creates.

PYTHON ?= python3
# Another index to look for torch on, e.g. https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# What `make lock` pins torch to.
TORCH_VERSION ?= 2.13.0
# At most this many test processes side by side; each keeps to one thread.
WORKERS ?= 8

# FALLLINE_NO_NATIVE=1 does without the compiled engine. Python reads it in fallline/engines/_compiled.py: keep them alike.
NO_NATIVE := $(filter-out 0 no off false,$(shell echo '$(FALLLINE_NO_NATIVE)' | tr A-Z a-z))

BIN := .venv/bin
PACKAGES := .venv/.packages
# Which of the two installs is there is in the stamp's name, so that going from one to the other installs anew.
STAMP := .venv/.installed$(if $(NO_NATIVE),-without-native)
PIP = $(BIN)/python -m pip install -qq --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c constraints.txt
FIND_COMPILER = $(if $(NO_NATIVE),:,for name in $${CXX:-c++ g++ clang++}; do $$name --version >/dev/null 2>&1 && break; done || \
  { echo "A C++ compiler is missing: no $${CXX:-c++, g++ or clang++} runs. Install GCC or Clang (Debian, Ubuntu: apt install g++), or do without the compiled engine: make FALLLINE_NO_NATIVE=1" >&2; exit 2; })
BENCH := benchmarks/.venv
BENCH_PIP = $(BENCH)/bin/python -m pip install -qq --disable-pip-version-check $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -c constraints.txt -c benchmarks/constraints.txt
ONE_THREAD := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 POLARS_MAX_THREADS=1
# By file, as the blocks of a page build on each other.
PYTEST = $(ONE_THREAD) $(BIN)/python -m pytest -q -n auto --maxprocesses $(WORKERS) --dist loadfile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow test-native check docs dist bench lock clean native-imports

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

demo: $(STAMP) native-imports ## compare a thousand networks on a real table and say what came out
	@$(BIN)/fallline compare wine

test: $(STAMP) native-imports ## run the tests, and every example in the docs
	@$(PYTEST) -m "not slow"

# pytest's exit code 5 says that nothing was collected, which is no failure here.
test-slow: $(STAMP) native-imports ## run the slow tests
	@$(PYTEST) -m slow || [ $$? -eq 5 ]

test-native: $(STAMP) native-imports ## the compiled engine under sanitizers, and as an old machine runs it
	@$(if $(NO_NATIVE),echo "there is no compiled engine to test: FALLLINE_NO_NATIVE is set",$(BIN)/python tools/check_native.py)

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

bench: $(BENCH)/.installed ## run the benchmarks, beside the peers, in an environment of their own
	@found=; for script in $$(grep -ls __main__ benchmarks/*.py); do \
	  found=1; echo "== $$script"; $(BENCH)/bin/python -m benchmarks.$$(basename $$script .py) || exit 1; \
	done; [ -n "$$found" ] || echo "benchmarks/ holds no script to run"

$(BENCH)/.installed: $(STAMP) benchmarks/constraints.txt
	@echo "installing Fallline and its peers into $(BENCH) (once) ..." >&2
	@rm -f $@
	@$(PYTHON) -m venv --clear $(BENCH)
	@$(BENCH_PIP) '.[test]' jax jaxlib lightning optuna torch-audit torch-lr-finder torchdiag torchtest2
	@touch $@

lock: ## resolve every version afresh into constraints.txt (wants Python 3.11)
	@$(PYTHON) tools/lock.py --torch $(TORCH_VERSION) $(if $(TORCH_INDEX),--torch-index $(TORCH_INDEX))

clean: ## remove .venv and what was built; your studies stay
	@rm -rf .venv benchmarks/.venv build dist docs/_build docs/catalogue docs/rules.md .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests tools benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +

# The compiled engine may be left out, but not be lost unseen.
native-imports: $(STAMP)
	@$(if $(NO_NATIVE),:,$(BIN)/python tools/import_native.py)

# A stamp is written last: an install that was interrupted is taken up again by the next target.
$(PACKAGES): pyproject.toml constraints.txt
	@$(PYTHON) -c '' 2>/dev/null || \
	  { echo "Python is missing: '$(PYTHON)' does not run. Install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python is too old: '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Fallline needs 3.11 or later; name one: make PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing: '$(PYTHON)' cannot make one. On Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	@$(FIND_COMPILER)
	@echo "installing what Fallline needs into .venv (once; a few minutes on a slow line) ..." >&2
	@rm -f $@
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@$(PIP) pip cmake nanobind ninja scikit-build-core
	@FALLLINE_NO_NATIVE=1 $(PIP) --no-build-isolation -e '.[all]'
	@touch $@

$(STAMP): $(PACKAGES) CMakeLists.txt $(wildcard native/*)
	@$(FIND_COMPILER)
	@echo "$(if $(NO_NATIVE),installing Fallline without its compiled engine,compiling fallline._native) ..." >&2
	@rm -f .venv/.installed*
	@$(PIP) --no-build-isolation --no-deps -e .
	@touch $@
