# The ways in. `make demo` shows the site, `make install` only installs, `make test` installs what tests need and runs
# them all, `make check` runs the linters. Nothing here needs root, except that `make test` may install PostgreSQL,
# Redis and Chromium where they are absent.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
VENDOR := web/static/vendor
NPM := npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
PORT ?= 8000
# What pytest is asked for: make test PYTEST="tests/bidding -q". The served stories wait more than they work.
PYTEST ?= -n 3 --dist loadscope --no-loadscope-reorder

OURS := auction bench bidding disclosure migrations risk tools web

# The tests start the program some two hundred times: let it keep what it has compiled.
unexport PYTHONDONTWRITEBYTECODE

PO := $(wildcard web/translations/*/LC_MESSAGES/*.po)

.PHONY: help install dev demo test soak check sbom format bench lock clean

help:
	@echo "make demo      install, and show the site with a sale running live (PORT=$(PORT))"
	@echo "make install   everything into $(VENV); $(BIN)/fapai is then the program"
	@echo "make test      install what tests need, check, and run all tests"
	@echo "make soak      the faults of docs/faults.md in full (SEEDS=1-20, or one part of it)"
	@echo "make check     ruff, mypy, import-linter, bandit, secrets, floors of dependencies; and make sbom"
	@echo "make format    let ruff put imports and layout in order"
	@echo "make bench     measure (needs PostgreSQL)"
	@echo "make lock      resolve requirements/*.in again (UPGRADE=--upgrade for newer versions)"
	@echo "make clean     remove everything that make and the program have made, except ./instance"

# Installing: each step leaves a stamp, so that it runs again only when its lock file has changed.

install: $(VENV)/.project $(VENDOR)/.stamp $(PO:.po=.mo)

dev: install $(VENV)/.dev node_modules/.dev

$(VENV)/.made:
	@python=''; \
	for name in python3.11 python3 python3.12 python3.13; do \
		if command -v $$name >/dev/null \
			&& $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			python=$$name; break; \
		fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo 'fapai needs Python 3.11 or later, and there is none here. On Debian: apt-get install python3 python3-venv' >&2; \
		exit 1; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make a virtual environment (no venv or no ensurepip). On Debian: apt-get install python3-venv" >&2; \
		exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$python --version)"; \
	$$python -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: requirements/runtime.txt $(VENV)/.made
	$(PIP) install --quiet --require-hashes --requirement requirements/runtime.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	$(PIP) install --quiet --require-hashes --requirement requirements/dev.txt
	@touch $@

$(VENV)/.project: setup.cfg pyproject.toml $(VENV)/.runtime
	$(PIP) install --quiet --no-deps --no-index --no-build-isolation --editable .
	@touch $@

$(VENDOR)/.stamp: package-lock.json package.json
	@command -v npm >/dev/null || { \
		echo 'fapai takes its browser libraries from npm, and there is no npm here. On Debian: apt-get install npm' >&2; \
		exit 1; \
	}
	$(NPM) --omit=dev
	@mkdir -p $(VENDOR)
	cp node_modules/socket.io-client/dist/socket.io.min.js $(VENDOR)/
	cp node_modules/uplot/dist/uPlot.iife.min.js node_modules/uplot/dist/uPlot.min.css $(VENDOR)/
	cp node_modules/leaflet/dist/leaflet.js node_modules/leaflet/dist/leaflet.css $(VENDOR)/
	@touch $@

# What checks pages in the tests: some 200 packages that nobody needs who only runs the site.
node_modules/.dev: package-lock.json $(VENDOR)/.stamp
	$(NPM)
	@touch $@

%.mo: %.po $(VENV)/.runtime
	$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

# Running

demo: install
	$(BIN)/fapai demo --port $(PORT)

test: check
	@services=$$(bash tests/services.sh); \
	echo "$(BIN)/python -m pytest $(PYTEST)"; \
	env $$services $(BIN)/python -m pytest $(PYTEST)

# The faults of docs/faults.md and hostile input in full, hours of it: by seeds, so that a part can be run, or run again.
SEEDS ?= 1-20
soak: dev
	@services=$$(bash tests/services.sh); \
	env $$services SOAK=$(SEEDS) PROPERTY_BUDGET=200 $(BIN)/python -m pytest -q -s -p no:cacheprovider \
		tests/faults tests/hostile tests/bidding/test_closing_races.py $(SOAK_PYTEST)

check: dev sbom
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit --quiet --recursive --severity-level medium --configfile pyproject.toml $(OURS)
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_supply.py

# What the program is made of, in CycloneDX: the locked packages, and the libraries that browsers get.
sbom: dev
	@mkdir -p dist
	$(BIN)/cyclonedx-py requirements --output-reproducible --output-file dist/sbom.json requirements/runtime.txt
	npm sbom --sbom-format cyclonedx --omit dev --package-lock-only > dist/sbom-browser.json

format: dev
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: dev
	@if [ -e bench/__main__.py ]; then \
		services=$$(bash tests/services.sh); \
		env $$services $(BIN)/python -m bench $(BENCH); \
	else \
		echo 'There is no bench/ yet.' >&2; exit 1; \
	fi

# For maintainers: the locks name no host and no path, so that any mirror can serve them.
lock: $(VENV)/.made
	$(PIP) install --quiet 'uv<1'
	for name in runtime dev; do \
		$(BIN)/uv --no-config pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
			--no-emit-index-url --no-emit-find-links $(UPGRADE) requirements/$$name.in -o requirements/$$name.txt; \
	done

clean:
	rm -rf $(VENV) node_modules $(VENDOR) *.egg-info build dist .mypy_cache .ruff_cache .pytest_cache \
		.import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f $(PO:.po=.mo)
