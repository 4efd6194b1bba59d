# Every target only calls what `postventa`, pip, ruff, mypy and pytest do. `make help` lists them.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.NOTPARALLEL:
.DEFAULT_GOAL := help

BIN := .venv/bin
JOBS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo demo-check test sbom browser servers bench soak lock clean

help: ## Show this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup: .venv/.base ## Make .venv and install what `postventa` needs to run

demo: .venv/.base ## Start everything on this machine with a sample shop
	@exec $(BIN)/postventa demo $(ARGS)

demo-check: .venv/.base ## Run the main job once, unattended, one line per step
	@exec $(BIN)/postventa demo --check $(ARGS)

test: .venv/.dev browser servers ## Set up and run all that CI runs
	@set -x
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --cov --cov-report=
	$(BIN)/python tests/house/coverage_floors.py

bench: .venv/.dev ## Measure what has a bound and print the table; ARGS="intake desk" for these alone
	@exec $(BIN)/python -m tests.bench $(ARGS)

soak: .venv/.dev ## Five minutes of webhooks under pulled plugs, with mail server and stores failing (ARGS="--seconds 60 --seed 7")
	@exec $(BIN)/python -m tests.soak $(ARGS)

sbom: .venv/.dev ## Write what Postventa is made of to dist/sbom.cdx.json (CycloneDX 1.6)
	@mkdir -p dist
	$(BIN)/python -m tests.house.sbom > dist/sbom.cdx.json
	echo "dist/sbom.cdx.json"

browser: ## Find the programs the browser and PDF tests need; install Debian's where allowed
	@found() { command -v $${CHROMIUM:-chromium chromium-browser google-chrome} >/dev/null && command -v pdftotext >/dev/null; }
	if found; then exit 0; fi
	root=""
	if [ "$$(id -u)" != 0 ]; then root="sudo -n"; fi
	if command -v apt-get >/dev/null && $$root true 2>/dev/null; then
	  echo "Installing Debian's chromium and poppler-utils for the tests"
	  $$root apt-get -qq update </dev/null
	  $$root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium poppler-utils </dev/null
	fi
	if ! found; then
	  echo "The tests need Chromium and pdftotext: install Debian's chromium and poppler-utils, or set CHROMIUM to the program." >&2
	  exit 1
	fi

servers: ## Fetch caddy and nginx into .cache, not installed, for the tests that validate what `postventa print` writes
	@PATH="$$PATH:/usr/sbin:.cache/servers/usr/bin:.cache/servers/usr/sbin"
	found() { command -v caddy >/dev/null && command -v nginx >/dev/null && command -v systemd-analyze >/dev/null; }
	if found; then exit 0; fi
	mkdir -p .cache/servers
	if command -v apt-get >/dev/null; then
	  if [ "$$(id -u)" = 0 ]; then apt-get -qq update </dev/null; fi
	  (cd .cache/servers && apt-get -qq download caddy nginx </dev/null 2>/dev/null && for file in *.deb; do dpkg -x "$$file" .; done && rm -f *.deb) || true
	  command -v systemd-analyze >/dev/null || [ "$$(id -u)" != 0 ] || apt-get -qq install -y --no-install-recommends systemd </dev/null
	fi
	if ! found; then
	  echo "The tests need caddy, nginx and systemd-analyze: install Debian's caddy, nginx-light and systemd." >&2
	  exit 1
	fi

lock: ## Pin every requirement again; `make lock UPGRADE=--upgrade` takes newer ones
	@[ -x .cache/lock/bin/uv ] || { python3 -m venv .cache/lock && .cache/lock/bin/python -m pip install -q uv; }
	compile() {
	  .cache/lock/bin/uv pip compile -q --universal --python-version 3.11 --only-binary :all: --generate-hashes --no-strip-extras \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links $(UPGRADE) -o "$$@" pyproject.toml
	}
	compile requirements.txt --group build
	compile requirements-dev.txt --group dev --extra postgres --extra celery -c requirements.txt

clean: ## Remove the environment and every cache
	@rm -rf .venv .cache .coverage* .hypothesis .mypy_cache .ruff_cache .import_linter_cache .pytest_cache build dist
	find . -name __pycache__ -prune -exec rm -rf {} +

.venv/bin/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do
	  if $$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
	    exec $$python -m venv --without-pip .venv
	  fi
	done
	echo "Postventa needs Python 3.11 or newer with its venv module (Debian: apt-get install python3-venv)." >&2
	exit 1

# $(call install,FILE): the hashed wheels of FILE, then this checkout. No .pyc files: Python writes those it uses.
define install
@echo "[1/3] $$($(BIN)/python --version) in .venv"
[ -x $(BIN)/pip ] || $(BIN)/python -m ensurepip >/dev/null
total=$$(grep -c == $(1))
pip() { $(BIN)/python -m pip install --no-compile "$$@" 2>.venv/errors || { cat .venv/errors >&2; exit 1; }; }
progress() {
  count=0
  while read -r word rest; do
    case "$$word" in Collecting|Requirement) count=$$((count + 1)); [ ! -t 2 ] || printf '\r      %s of %s' $$count $$total >&2 ;; esac
  done
  [ ! -t 2 ] || printf '\r\033[K' >&2
}
echo "[2/3] $$total packages from $(1)"
pip --require-hashes --only-binary :all: -r $(1) | progress
echo "[3/3] postventa from this folder"
pip --quiet --no-deps --no-build-isolation --editable .
endef

.venv/.base: requirements.txt pyproject.toml | .venv/bin/python
	$(call install,requirements.txt)
	$(BIN)/python -m pip --quiet uninstall --yes pip setuptools 2>/dev/null   # running needs neither: 25 MB less
	touch $@
	echo "Ready in $$SECONDS s, $$(du -sm .venv | cut -f 1) MB"

.venv/.dev: requirements-dev.txt requirements.txt pyproject.toml | .venv/bin/python
	$(call install,requirements-dev.txt)
	touch .venv/.base $@
	echo "Ready in $$SECONDS s, $$(du -sm .venv | cut -f 1) MB"
