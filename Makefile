PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 7860
export HOST PORT

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(if $(shell command -v uv 2>/dev/null),uv pip install --python $(BIN)/python,$(BIN)/python -m pip install)

LOCK := requirements-page.txt

.PHONY: help demo setup test lint bench docs lock clean
.DEFAULT_GOAL := help

help:  ## List the targets
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' $(MAKEFILE_LIST) | expand -t 10

demo: $(VENV)/page.stamp  ## Serve the page on HOST:PORT (127.0.0.1:7860); installs no torch
	@echo "Deblur Arena: http://$(HOST):$(PORT)"
	@$(BIN)/python app.py

setup: $(VENV)/full.stamp  ## Make the full development environment

test: setup  ## Find or install a browser, then run every test; ARGS goes to pytest
	$(BIN)/python scripts/browser.py
	$(BIN)/python -m pytest $(ARGS)

lint: setup  ## Check format, style, types and the floors that imports keep to
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: setup  ## Measure the shipped models and the baselines on the embedded set, and their speed
	$(BIN)/python -m benchmarks run $(ARGS)
	$(BIN)/python -m benchmarks speed

docs: $(VENV)/docs.stamp  ## Build the documents and the reference into build/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

lock:  ## Renew the versions and hashes that `make demo` installs; takes uv
	uv pip compile pyproject.toml --extra page --universal --python-version 3.11 --upgrade \
	  --generate-hashes --custom-compile-command 'make lock' --quiet --output-file $(LOCK)

clean:  ## Remove the environment, caches and builds
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Deblur Arena needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make PYTHON=python3.12 ..."; exit 1; } >&2
	@if command -v uv >/dev/null; then uv venv --seed --allow-existing --python $(PYTHON) $(VENV); \
	  else $(PYTHON) -m venv $(VENV); fi

$(VENV)/page.stamp: pyproject.toml $(LOCK) | $(BIN)/pip
	$(INSTALL) --require-hashes -r $(LOCK)
	$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/full.stamp: pyproject.toml | $(BIN)/pip
	$(INSTALL) -e '.[page,mcp,torch,train,bench,scale,checkpoints,dev]'
	@touch $@ $(VENV)/page.stamp

$(VENV)/docs.stamp: pyproject.toml | $(BIN)/pip
	$(INSTALL) -e '.[docs]'
	@touch $@
