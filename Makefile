# Everything a person or CI does here. `make chat` and `make test` are all that a newcomer needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SHOP ?= films

.PHONY: chat test test-vllm lint types check bench screenshots transcripts clean

chat: $(READY)  ## build the films shop if need be, and open the chat page
	$(BIN)/shoptalk chat $(SHOP)

test: $(READY)  ## run the tests with branch coverage
	$(BIN)/python -m pytest --cov --cov-report=term:skip-covered --cov-fail-under=90

test-vllm: $(READY)  ## a real vLLM server with a real open model, on this machine's processor: fetched, asked, killed
	$(BIN)/python tests/vllm/environment.py
	SHOPTALK_TEST_VLLM=1 $(BIN)/python -m pytest tests/vllm -v --durations=5

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

check: lint types test  ## all that CI asks for

bench: $(READY)  ## measure speed and index quality; SHOPTALK_DATA names a folder with wiki_movies/, else a made-up catalog
	$(BIN)/shoptalk bench --json bench-results.json

screenshots: $(READY)
	$(BIN)/python docs/make_screenshots.py

transcripts: $(READY)  ## SHOPTALK_DATA names the folder with the public catalogs
	$(BIN)/python docs/make_transcripts.py

# torch is installed by itself and pinned: resolved together with the rest, it may bring gigabytes of GPU libraries.
$(READY): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $(READY)

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
