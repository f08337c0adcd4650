# Every verb of the house. `make help` lists them. Linux or macOS, Python 3.11-3.13, no root, no Docker.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.SUFFIXES:

# One environment, named after the lock file it was made from: unchanged lock, nothing to install.
LOCK_HASH := $(shell cksum < requirements.lock | cut -d ' ' -f 1)
INSTALLED := .venv/installed-$(LOCK_HASH)
PY := .venv/bin/python
DATA := $(or $(GIGAWATCH_HOME),data)

# What is imported as `ingest`, `models`, ... lies beside this file.
export PYTHONPATH := $(CURDIR)
export PYTHONUNBUFFERED := 1
export GX_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: help run live replay asof backfill new-source backtest ablation pictures up sql rollback docs test test-slow check lint bench clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

run: $(INSTALLED) ## the daily refresh on the bundled figures, set-up included
	@$(PY) -m dags.run_refresh --mode bundled

live: $(INSTALLED) ## the same refresh, fetching from the live sources first
	@$(PY) -m dags.run_refresh --mode live

replay: $(INSTALLED) ## the live refresh over real HTTP, from a local server that plays every source; into data/replay
	@GIGAWATCH_HOME="$(DATA)/replay" $(PY) -m ingest.replay -- $(PY) -m dags.run_refresh --mode live

asof: $(INSTALLED) ## build what was known on a past day, into its own folder: make asof DATE=2026-01-03
	@test -n "$(DATE)" || { echo "Which day? make asof DATE=2026-01-03" >&2; exit 2; }
	@$(PY) -m dags.run_refresh --as-of "$(DATE)"

backfill: $(INSTALLED) ## archive dated copies of a feed: make backfill ARGS="epoch_data_centers data_center_timelines --folder DIR"
	@$(PY) -m ingest.backfill $(ARGS)

new-source: $(INSTALLED) ## draft the files of a new source: make new-source CODE=acme_prices FILE=prices.csv DOMAIN=pricing
	@$(PY) -m ingest.new_source "$(CODE)" $(if $(FILE),--file "$(FILE)") $(if $(DOMAIN),--domain "$(DOMAIN)")

backtest: $(INSTALLED) ## make our dated forecasts again, for forecast_accuracy: make backtest ARGS="2025-10-15"
	@$(PY) -m serve.backtest $(ARGS)

ablation: $(INSTALLED) ## what each signal says about Trainium volumes, after `make run`; four minutes
	@$(PY) -m serve.ablation --markdown --save docs/methods

pictures: $(INSTALLED) ## draw docs/img from the published file and from what `make ablation` left
	@$(PY) -m serve.pictures

up: $(INSTALLED) ## Airflow with UI and schedule until Ctrl-C (GIGAWATCH_PORT=8080, GIGAWATCH_MODE=bundled)
	@$(PY) -m dags.run_airflow

sql: $(INSTALLED) ## a SQL prompt on the published file, read-only
	@$(PY) -m serve.sql

rollback: $(INSTALLED) ## serve the release before the current one again, or: make rollback RELEASE=<release_id>
	@$(PY) -m serve.publish rollback $(RELEASE)

docs: $(INSTALLED) ## write docs/data_dictionary.md from the published file
	@$(PY) -m serve.dictionary

test: lint ## lint, then every test but the slow ones and the benchmarks
	@$(PY) -m pytest -m "not bench and not slow" -n 2 --dist loadfile --no-loadscope-reorder

test-slow: $(INSTALLED) ## the slow tests: whole refreshes, changed input rows, single models through dbt
	@$(PY) -m pytest -m slow -n 2 --dist loadfile --no-loadscope-reorder

check: lint ## lint and the quick tests (unit and contract), before a commit
	@$(PY) -m pytest tests/unit tests/contract

lint: $(INSTALLED) ## ruff, mypy (strict on models and ingest), import-linter
	@.venv/bin/ruff check .
	@$(PY) -m mypy
	@.venv/bin/lint-imports --no-cache

bench: $(INSTALLED) ## the benchmarks
	@$(PY) -m pytest -m bench tests/bench

clean: ## delete all that `make run` makes again; the archive stays
	rm -rf -- "$(DATA)/raw" "$(DATA)/warehouse" "$(DATA)/serving" "$(DATA)/reports" "$(DATA)/asof" "$(DATA)/airflow" "$(DATA)/replay"

# --no-deps: the lock names every package, and older pip cannot check hashes of what it resolves itself.
$(INSTALLED):
	@python=; for candidate in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	  if $$candidate -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; \
	  then python=$$candidate; break; fi; done; \
	test -n "$$python" || { echo "Gigawatch needs Python 3.11, 3.12 or 3.13 with the venv module (on Debian and Ubuntu:" \
	  "the package python3-venv). Found: $$(python3 --version 2>&1). Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 1; }; \
	echo "Setting up .venv with $$($$python --version), once, one to three minutes ..."; \
	$$python -m venv --clear .venv && \
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock > .venv/install.log 2>&1 || \
	{ tail -n 20 .venv/install.log >&2; echo "The packages could not be installed: see above and .venv/install.log" >&2; exit 1; }
	@touch $@
