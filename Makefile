# make demo, make test: each sets up its own virtual environment on a fresh machine, then runs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-fast test-slow check bench schema clean

demo: $(VENV)/demo
	$(BIN)/python examples/rotated_digits.py
	$(BIN)/python examples/evaluate.py best

test: check
	$(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

# Without what is marked `thorough`: random networks, training, Ray, exported files, other processes, what takes seconds.
test-fast: $(VENV)/test
	$(BIN)/python -m pytest -n 2 --dist loadscope -m "not slow and not gpu and not thorough"

test-slow: $(VENV)/test
	$(BIN)/python -m pytest -m slow

check: $(VENV)/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy examples/readme.py examples/rotated_digits.py
	$(BIN)/lint-imports

bench: $(VENV)/bench
	$(BIN)/python tests/benchmarks/pricing.py

schema: $(VENV)/demo
	$(BIN)/python -m archspec.reference docs

$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/demo: $(VENV)/python pyproject.toml constraints.txt
	$(PIP) -e .
	touch $@

$(VENV)/test: $(VENV)/python pyproject.toml constraints.txt
	$(PIP) -e '.[dev]'
	touch $@ $(VENV)/demo

$(VENV)/bench: $(VENV)/test
	$(PIP) -e '.[bench]'
	touch $@

clean:
	rm -rf $(VENV) runs best
