# What you need: Python 3.11 or later, and make. `make help` lists the commands.
PYTHON ?= python3
VENV   ?= .venv
# Published X-rays, if you have them: a folder in one of the layouts that README.md names.
XRAY   ?= ../shared/xray
JOBS   ?= 2
# Options for JupyterLab, such as LAB=--no-browser.
LAB    ?=

SHELL := /bin/sh
BIN    = $(VENV)/bin
PIP    = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.txt
NBVAL  = --nbval-current-env --nbval-cell-timeout=300 --nbval-kernel-startup-timeout=120 -p no:randomly
SPREAD = -n $(JOBS) --dist loadfile --durations=10
# Two test processes on two cores: one thread each, or they fight.
ONE    = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

.DEFAULT_GOAL := help
.PHONY: help lab run slides test bench badges clean install
.DELETE_ON_ERROR:

help: ## show this list
	@echo "make COMMAND, where COMMAND is"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile
	@echo "Variables: PYTHON=$(PYTHON)  VENV=$(VENV)  XRAY=$(XRAY)  JOBS=$(JOBS)  LAB=$(LAB)"

lab: $(VENV)/.lab ## set up once, then open the course in JupyterLab
	$(BIN)/jupyter lab --ServerApp.root_dir=. $(LAB) notebooks/00_start_here.ipynb

run: $(VENV)/.lab ## set up once, then execute every notebook without a browser, into build/
	$(BIN)/python .ci/notebooks.py run

# Wide enough for the longest line of code; what is too tall for a slide scrolls.
slides: $(VENV)/.lab ## set up once, then write every notebook as a slide show, into build/slides/
	$(BIN)/jupyter nbconvert --to slides --output-dir build/slides --SlidesExporter.reveal_width=1600 \
	    --SlidesExporter.reveal_height=900 --SlidesExporter.reveal_scroll=True notebooks/*.ipynb

# The second part runs even when the first has failed: one run tells everything.
test: $(VENV)/.test ## set up once, then run all tests
	@echo "== unit tests, structure, and every notebook on simulated films (outputs compared)"
	$(ONE) $(BIN)/python .ci/notebooks.py warm
	@failed=0; \
	$(ONE) COURSE_DATA=simulated $(BIN)/python -m pytest $(SPREAD) --nbval $(NBVAL) \
	    --nbval-sanitize-with=tests/nbval_sanitize.cfg tests notebooks || failed=1; \
	if [ -d "$(XRAY)" ]; then \
	    echo "== every notebook on published X-rays in $(XRAY) (outputs not compared)"; \
	    $(ONE) COURSE_DATA="$$(cd "$(XRAY)" && pwd)" $(BIN)/python -m pytest $(SPREAD) --nbval-lax $(NBVAL) \
	        tests/conftest.py notebooks || failed=1; \
	else \
	    echo "== every notebook on published X-rays: skipped, because there is no folder $(XRAY)" \
	         "(give one: make test XRAY=folder)"; \
	fi; \
	exit $$failed

bench: $(VENV)/.test ## measure, into build/bench.md
	$(BIN)/python .ci/bench.py

badges: $(VENV)/.lab ## set the repository's address everywhere: make badges REPO=owner/name
	$(BIN)/python .ci/notebooks.py badges "$(REPO)"

clean: ## remove the environment and everything that was built
	rm -rf .venv build .pytest_cache .ruff_cache *.egg-info
	find course_utils tests .ci -name __pycache__ -type d -prune -exec rm -rf {} +

install: $(VENV)/.test

# Stamp files: a step is done again only when what it depends on has changed.
$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
	    echo "error: there is no '$(PYTHON)' here. Install Python 3.11 or later, or name yours: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "error: the course needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "error: '$(PYTHON)' came without venv. On Debian and Ubuntu: sudo apt install python3-venv" >&2; exit 1; }
	@echo "== making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.lab: $(VENV)/.made pyproject.toml requirements.txt
	@echo "== installing the course (once; a few minutes, most of them for torch)"
	@$(PIP) -e ".[lab]"
	@touch $@

$(VENV)/.test: $(VENV)/.made pyproject.toml requirements.txt
	@echo "== installing the course and its test tools (once; a few minutes, most of them for torch)"
	@$(PIP) -e ".[lab,test]"
	@touch $@ $(VENV)/.lab
