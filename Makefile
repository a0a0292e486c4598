# The two commands: `make book` and `make test`. `make help` lists the others.
PROFILE ?= micro
PYTHON ?= python3
VENV := .venv
VERSIONS := -c constraints.txt
BIN := $(VENV)/bin
READY := $(VENV)/.installed
LAB_SETTINGS := $(VENV)/share/jupyter/lab/settings/overrides.json

.DEFAULT_GOAL := help
.PHONY: help book test lowest faults fuzz lab format bench doctor clean

help:  ## list these targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: $(READY)  ## build the book (PROFILE=micro); the address of its first page is printed at the end
	@$(BIN)/bap book --profile $(PROFILE)

test: $(READY)  ## all tests, as continuous integration runs them
	@OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup tests

lowest:  ## the fast tests with the lowest versions that pyproject.toml allows, installed beside the others
	@$(MAKE) --no-print-directory VENV=.venv-lowest VERSIONS='--resolution lowest-direct' .venv-lowest/.installed
	@OMP_NUM_THREADS=1 .venv-lowest/bin/python -m pytest -n 2 --dist loadgroup -m 'not slow' tests

faults: $(READY)  ## everything broken on purpose, all cases; the counts go to book/faults.csv
	@BAP_FAULTS=all BAP_FAULTS_RECORD=book/faults.csv OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup tests/faults

fuzz: $(READY)  ## thousands of odd inputs through every loader, parameter and metric
	@BAP_FAULTS=all OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup tests/faults -k fuzz

lab: $(READY) $(LAB_SETTINGS)  ## JupyterLab, with the text notebooks opening as notebooks
	@$(BIN)/jupyter lab notebooks

format: $(READY)  ## what ruff can mend and format by itself
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(READY)  ## the table of the page "How fast", measured here
	@$(BIN)/python -m benchmarks

doctor: $(READY)  ## what this machine has and lacks for PROFILE
	@$(BIN)/bap doctor --profile $(PROFILE)

clean:  ## remove the built book and the runs; the environment and the caches stay
	rm -rf _build runs book/pages .pytest_cache

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed, $(PYTHON) is %d.%d: try make PYTHON=python3.12" % sys.version_info[:2])'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@uv=uv; uv --version >/dev/null 2>&1 || { $(BIN)/python -m pip install --quiet uv && uv=$(BIN)/uv; }; \
	  $$uv pip install --compile-bytecode --python $(BIN)/python $(VERSIONS) -e '.[dev]'
	@touch $@

$(LAB_SETTINGS): $(READY)
	@mkdir -p $(@D)
	@printf '{"@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"python": "Jupytext Notebook"}}}\n' > $@
