# Every target does its own set-up on a fresh machine. Debian packages are installed only where root allows it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
ASSETS := desk/static/vendor/.installed
export PYTHONDONTWRITEBYTECODE ?= 1

.PHONY: help setup demo demo-check test check quick lint types imports bench faults model accuracy lock packages servers servers-stop clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) tools/make_venv.py
	@touch $@

$(ASSETS): package.json package-lock.json $(STAMP)
	$(BIN)/python tools/build_assets.py
	@touch $@

setup: $(STAMP) $(ASSETS) ## virtual environment from the lock, and the web assets

packages: ## Debian packages that tests and servers use: see tools/install_packages
	tools/install_packages

servers: $(STAMP) packages ## real Kafka, RabbitMQ, Elasticsearch, PostgreSQL on loopback, without Docker
	$(BIN)/python -m tools.servers start

servers-stop: $(STAMP) ## stop them; their data stay in .servers/
	$(BIN)/python -m tools.servers stop

demo: setup ## the sample town, live: crawled over HTTP, shown on the desk
	$(BIN)/qingting demo

demo-check: setup ## the same without a browser; ends by itself, exit 0 or 1
	$(BIN)/qingting demo --check --json

test: setup packages ## everything: real files, real processes, real Chromium
	$(BIN)/pytest --numprocesses 2

quick: setup ## the part without browser and child processes, under 60 s
	$(BIN)/pytest -m "not browser and not slow and not servers"

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

check: lint types imports test ## format, lint, types, imports, test

bench: setup packages ## speed and memory, embedded and on the four servers; writes docs/performance*.md; the machine should be idle
	$(BIN)/qingting bench --page docs/performance.md
	$(BIN)/python -m tools.cluster_bench --page docs/performance-cluster.md

faults: setup packages ## 100 kill -9 embedded, 200 on the servers, each server away for 2 minutes: with seeds and ledgers
	$(BIN)/python tools/faults.py
	$(BIN)/python -m tools.cluster_faults

model: $(STAMP) ## train the default scorer from the labelled posts
	$(BIN)/python tools/build_model.py

accuracy: $(STAMP) ## measure the default scorer on held-out posts; writes docs/accuracy.md
	$(BIN)/python tools/build_accuracy.py

lock: $(STAMP) ## write requirements.lock anew: hashes, no addresses
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --extra cluster --extra baseline --extra encoder --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --strip-extras --python-version 3.11 --quiet -o requirements.lock

clean: ## remove what was built
	rm -rf .venv node_modules desk/static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis
