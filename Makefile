# lotstream: `make run` to try it, `make test` to test it; everything else is said by `make help`.

# Python 3.11 or newer: `make PYTHON=/usr/bin/python3.12 …`; without it the first one that will do.
PYTHON ?= $(shell for each in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	if $$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$each; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check format lock bench faults faults-mutants clean

help: ## Say what can be made
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 21

run: $(VENV)/ready-dev ## Start broker, Redis, worker and a small demo, until Ctrl-C (ARGS="--persist DIR")
	@exec $(BIN)/lotstream dev $(ARGS)

test: $(VENV)/ready-test ## Run all tests that need no Docker, several at a time; or some (ARGS="tests/domain -x")
	$(BIN)/python -m pytest $(or $(ARGS),-q -n auto --durations=12 --durations-min=10)

check: $(VENV)/ready-test ## Check format, style, types, and the tidiness of the repository
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/tidy

format: $(VENV)/ready-test ## Format the code and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(VENV)/ready-test ## Resolve the dependencies anew (ARGS="--upgrade"); needs the network
	$(BIN)/python deploy/lock $(BIN)/uv $(ARGS)

bench: $(VENV)/ready-test $(VENV)/ready-peers ## Measure the product and its peers, side by side (ARGS="--quick")
	$(BIN)/python -m benchmarks $(ARGS)

faults: $(VENV)/ready-test ## Hurt brokers, Redis, workers and network, and prove that nothing is lost (ARGS="--minutes 30 --seed 7")
	$(BIN)/python -m tests.faults $(ARGS)

faults-mutants: $(VENV)/ready-test ## See that planted bugs are found by the faults
	ALL_MUTANTS=1 $(BIN)/python -m pytest -s tests/faults/test_planted_bugs.py \
		tests/faults/counts/test_planted_count_bugs.py $(ARGS)

clean: ## Remove the environment and everything that was made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .lotstream *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "lotstream needs Python 3.11 or newer, and found none; install it, or name it: make PYTHON=/path/to/python3.11"; \
		exit 1; \
	fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "lotstream needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)"; exit 1; }
	@echo "Making the environment $(VENV) with $(PYTHON) …"
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "$(PYTHON) cannot make an environment; on Debian: apt install python3-venv"; exit 1; }

# The peers that `make bench` compares with have an environment of their own: one asks for an older Kafka client. Where
# it cannot be made, they are left out, by name, and the rest is measured.
$(VENV)/ready-peers: requirements/peers.txt | $(VENV)/bin/python
	@echo "Installing requirements/peers.txt into $(VENV)/peers …"
	@$(BIN)/python -m venv $(VENV)/peers && $(VENV)/peers/bin/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements/peers.txt && touch $@ || echo "The Python peers are left out."

# What is installed is what is locked, file by file (hashes); the project itself is linked to this folder.
$(VENV)/ready-%: requirements/%.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing requirements/$*.txt …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/$*.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
