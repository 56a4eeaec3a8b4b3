# make demo · make results · make results-quick · make test · make test-slow · make test-all · make lint · make docs · make site: each sets up .venv itself, only when pyproject.toml has changed.
VENV   ?= .venv
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null \
	&& { echo $$p; break; }; done)
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready-$(shell cksum pyproject.toml | cut -d' ' -f1)
WORKERS ?= 2
PYTEST := OMP_NUM_THREADS=1 WANDB_MODE=offline HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

.PHONY: help demo results results-quick test test-slow test-all lint docs site setup clean

help:
	@sed -n 1p Makefile

$(READY):
	@test -n "$(PYTHON)" || { echo "erasepro needs Python 3.11, 3.12 or 3.13: install one, or run make PYTHON=/path/to/python"; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "could not make a virtual environment: install the venv module of $(PYTHON) (Debian: python3-venv)"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@rm -f $(VENV)/.ready-* && touch $@

setup: $(READY)

# The main job on the model that ships with the package.
demo: $(READY)
	$(BIN)/erasepro experiments=demo

# experiments/RESULTS.md, from the studies in docs/results.yaml: hours. Stopped, the same command goes on.
results: $(READY)
	$(BIN)/python docs/results.py

# The same with few runs of each, into outputs/results-quick: no results, but a look at the way there.
results-quick: $(READY)
	$(BIN)/python docs/results.py --quick

test: $(READY)
	$(PYTEST) -m "not slow and not ci_slow"

# Whole runs in processes of their own: killed and started again, two on one folder, the wheel, the pages' commands.
test-slow: $(READY)
	$(PYTEST) -m "ci_slow and not slow"

test-all: $(READY)
	$(PYTEST)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy

# The pages about methods and metrics, from docstrings.
docs: $(READY)
	$(BIN)/python docs/generate.py

# All pages as a site, in build/site.
site: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "build/site/index.html"

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache
