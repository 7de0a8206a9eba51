# make labs | lab | test | browser | check | bench | canary | gpu-check | readme-media.   Each target makes .venv when it is missing or stale.
#
#   PYTHON=python3.12          the interpreter for .venv (3.11 to 3.13)
#   PIP_FLAGS="..."            passed to every pip install, such as an index of CPU-only wheels of torch
#   LABS="01"  TIER=tiny       which labs `make labs` runs, and in which tier
#   JOBS=2                     how many processes share the tests of `make test`
#   BROWSERS=2                 how many share those of `make browser`, each lab in one (0: one after another)
#   MODELS=extra               also fetch the larger optional models
#   OFFLINE=DIR                install and fetch from a folder, with no network

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
CHATTTS := $(VENV)/chattts/.ready
BROWSER := $(VENV)/.browser
TIER ?= tiny
LABS ?=
MODELS ?= core
JOBS ?= 2
BROWSERS ?= 2
PIP_FLAGS ?=
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# An environment that was damaged (two makes at once, say) must not send pip to the system's Python
export PIP_REQUIRE_VIRTUALENV := 1
# Compute threads that spin while they wait crawl when anything else runs beside them
export OMP_WAIT_POLICY ?= PASSIVE

ifdef OFFLINE
PIP_FLAGS += --no-index --find-links '$(OFFLINE)/wheels'
FETCH_FLAGS := --from '$(OFFLINE)/models'
endif

# Where the clone is, said relative to the environment: Python 3.11 cannot start in a C locale when a .pth file holds a
# path with Chinese characters.
define RELATIVE_PTH
from pathlib import Path
for pth in Path('$(VENV)').glob('lib/python3*/site-packages/*aigc_kit*.pth'):
    pth.write_text('../../../..\n')
endef
export RELATIVE_PTH

.PHONY: labs lab test browser check bench canary gpu-check readme-media fetch clean

labs: fetch
	$(BIN)/aigc labs $(LABS) --tier $(TIER)

lab: fetch
	$(BIN)/aigc lab $(LABS)

test: fetch $(CHATTTS)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

# The labs in JupyterLab, one as an app, and the pages of works, in a system Chromium: tests/browser.
browser: fetch $(BROWSER)
	$(BIN)/python -m pytest tests/browser -rs -n $(BROWSERS)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/aigc notebook lint
	$(BIN)/aigc doctor --audit

bench: fetch
	$(BIN)/python -m tests.bench --write

# The tests with the newest versions that pyproject.toml allows, in an environment of its own: prints what breaks.
canary:
	$(PYTHON) -m venv --clear .canary
	.canary/bin/python -m pip install --quiet $(PIP_FLAGS) --upgrade --upgrade-strategy eager --editable '.[dev]'
	.canary/bin/aigc fetch core $(FETCH_FLAGS)
	.canary/bin/python -m tests.canary

# Predicted beside measured on the GPU of this machine: prints rows for docs/VERIFIED.md, fetches no weights,
# and leaves records from which `aigc calibrate out/gpu-check` fits the predictions to this GPU.
gpu-check: $(STAMP)
	$(BIN)/python -m pytest tests/gpu -rs

readme-media: fetch $(BROWSER)
	$(BIN)/python -m aigc_kit.teach.show.readme assets/readme

fetch: $(STAMP)
	$(BIN)/aigc fetch core $(filter-out core,$(MODELS)) $(FETCH_FLAGS)

# The lock is the exact tested set; a change of it or of pyproject.toml makes the environment stale.
$(STAMP): pyproject.toml constraints.txt
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "asked: an environment for aigc-kit"; \
	    echo "found: $$($(BIN)/python --version), and 3.11 to 3.13 is needed"; \
	    echo "what to do: rm -r $(VENV), then make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -S -c "$$RELATIVE_PTH"
	@touch $@

$(BROWSER): $(STAMP)
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --constraint constraints.txt --editable '.[dev,browser,app]'
	@$(BIN)/python -S -c "$$RELATIVE_PTH"
	@touch $@

# ChatTTS brings torchaudio, which a CPU build of torch cannot load: a folder of its own, for its tests alone.
$(CHATTTS): tests/speech/chattts/requirements.txt $(STAMP)
	$(BIN)/python -m pip install --quiet $(PIP_FLAGS) --no-deps --upgrade --target $(@D) --requirement $<
	@touch $@

clean:
	rm -rf out $(VENV) .canary
