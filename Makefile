# The menu: `make` alone prints it. Every target sets up what it needs; what is already there is
# kept, so that a second run starts at once and needs no network.

ifeq ($(origin PYTHON),undefined)
PYTHON := python3
VENV := .venv
else
# A Python of your choice gets an environment of its own.
VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
endif
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input
STAMPS := $(VENV)/.stamps

# What maturin tells pyo3, told to plain cargo too: otherwise each would rebuild it for the other.
export VIRTUAL_ENV := $(abspath $(VENV))
export PYO3_PYTHON := $(VIRTUAL_ENV)/bin/python
CARGO = PYO3_BUILD_EXTENSION_MODULE=1 PYO3_ENVIRONMENT_SIGNATURE=$$(cat $(STAMPS)/venv) cargo

ENGINE := Cargo.toml Cargo.lock pyproject.toml $(shell find crates -name '*.rs' -o -name Cargo.toml)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# cargo and maturin use all cores by themselves; two pips at once would spoil the environment.
.NOTPARALLEL:
.SUFFIXES:
.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo
	@echo "  PYTHON=python3.13 picks another Python (3.11 or later); it gets its own .venv-3.13."

.PHONY: run
run: $(STAMPS)/release $(STAMPS)/tour $(STAMPS)/data ## Build in release mode, install into .venv, take the tour
	$(PY) examples/tour.py
	@echo
	$(PY) examples/background.py
	@echo
	$(PY) examples/pipeline.py

.PHONY: test
test: test-rust test-python ## Run every Rust and Python test

.PHONY: test-rust
test-rust: $(STAMPS)/venv ## Run the Rust tests alone
	$(CARGO) test --workspace

.PHONY: test-python
test-python: build $(STAMPS)/test $(STAMPS)/data ## Run the Python tests alone (ARGS="-k name" picks)
	$(PY) -m pytest $(ARGS)

.PHONY: build
build: ## Build the extension quickly and install it, unless a fresh one is there
	@$(MAKE) --no-print-directory --question $(STAMPS)/release 2>/dev/null \
		|| $(MAKE) --no-print-directory $(STAMPS)/dev

.PHONY: lint
lint: build $(STAMPS)/lint ## Check format, clippy, ruff, types and stubs
	cargo fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m mypy.stubtest holdall._holdall holdall._holdall_tasks holdall._holdall_flow

.PHONY: format
format: $(STAMPS)/lint ## Format Rust and Python in place
	cargo fmt --all
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

.PHONY: bench
bench: $(STAMPS)/release $(STAMPS)/bench $(STAMPS)/anystore ## Measure beside the peers, write the table of docs/benchmarks.md
	$(PY) benches/run.py

.PHONY: bench-codec
bench-codec: $(STAMPS)/release $(STAMPS)/bench ## Measure the codec beside its peers, write docs/benchmarks-codec.md
	$(PY) benches/run_codec.py

.PHONY: bench-queue
bench-queue: $(STAMPS)/release $(STAMPS)/bench $(STAMPS)/sitq ## Measure the queue beside its peers, write docs/benchmarks-queue.md
	$(PY) benches/run_queue.py

.PHONY: bench-workflow
bench-workflow: $(STAMPS)/release $(STAMPS)/bench $(STAMPS)/functionfuse ## Measure workflows beside their peers, write docs/benchmarks-workflow.md
	PYTHONPATH=$(VENV)/functionfuse $(PY) benches/run_workflow.py

.PHONY: docs
docs: build $(STAMPS)/test $(STAMPS)/data ## Run every snippet and example, build the Rust documentation
	$(PY) -m pytest tests/test_docs.py
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps

.PHONY: clean
clean: ## Remove everything that was built (never a store)
	rm -rf target dist .venv .venv-* python/holdall/_holdall.*.so
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find python tests examples benches -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# What stands in the environment, each a stamp newer than what it was made from.

$(STAMPS)/venv: scripts/check-tools
	@scripts/check-tools $(PYTHON)
	$(PYTHON) -m venv --clear $(VENV)
	$(PIP) install --quiet 'pip>=25.1'  # the first that knows dependency groups
	@mkdir -p $(STAMPS)
	@$(PY) -c 'import struct, sys; print("{0.name}-{1.major}.{1.minor}-{2}bit".format( \
		sys.implementation, sys.version_info, 8 * struct.calcsize("P")))' > $@

$(STAMPS)/build $(STAMPS)/tour $(STAMPS)/test $(STAMPS)/lint $(STAMPS)/bench: $(STAMPS)/%: pyproject.toml $(STAMPS)/venv
	$(PIP) install --quiet --group $*
	@touch $@

$(STAMPS)/data: pyproject.toml $(STAMPS)/venv
	$(PIP) install --quiet --no-deps --group data
	@touch $@

# The one peer that does not install everywhere: without it the others are still measured.
$(STAMPS)/anystore: pyproject.toml $(STAMPS)/venv
	@$(PIP) install --quiet --group bench-anystore && touch $@ || echo \
		"anystore is left out: it did not install. It compiles PyICU: apt install libicu-dev pkg-config g++"

# The index has another library under this name; the queue is in its repository, for Python 3.13.
$(STAMPS)/sitq: pyproject.toml $(STAMPS)/venv
	@$(PIP) install --quiet --group bench-sitq && touch $@ || echo \
		"sitq is left out: it did not install. It needs Python 3.13 and its repository on GitHub"

# A wheel of it holds no code, whoever builds it: what is run is its repository, at one commit.
FUNCTIONFUSE := https://github.com/IBM/functionfuse
FUNCTIONFUSE_COMMIT := 326f8ea

$(STAMPS)/functionfuse: $(STAMPS)/venv
	@rm -rf $(VENV)/functionfuse
	@GIT_TERMINAL_PROMPT=0 git clone --quiet $(FUNCTIONFUSE) $(VENV)/functionfuse \
		&& git -C $(VENV)/functionfuse checkout --quiet $(FUNCTIONFUSE_COMMIT) \
		&& echo $(FUNCTIONFUSE_COMMIT) > $(VENV)/functionfuse/COMMIT && touch $@ || echo \
		"Function Fuse is left out: its repository on GitHub cannot be reached"

# The extension is either the release or the dev build, and the stamp says which stands in
# python/holdall. `make build` takes a fresh release build as it is, so that going from run to test
# builds nothing; else it makes the dev build, which shares its dependencies with cargo test.
$(STAMPS)/release: $(ENGINE) $(STAMPS)/build
	$(PY) -m maturin develop --release
	@rm -f $(STAMPS)/dev
	@touch $@

$(STAMPS)/dev: $(ENGINE) $(STAMPS)/build
	$(PY) -m maturin develop --profile dev
	@rm -f $(STAMPS)/release
	@touch $@
