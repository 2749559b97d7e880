# `make run` and `make test` set up all they need in .venv/ on a machine with Python 3.11 to 3.13 and make.
# Without an NVIDIA GPU, `make run CPU=1` spares the download of CUDA: pip takes PyTorch's CPU wheels.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CPU ?=
# most tests wait for a disk: they lie in memory where there are two gigabytes for them
MEMORY := $(shell [ "$$(df --output=avail /dev/shm 2>/dev/null | tail -1)" -gt 2000000 ] 2>/dev/null && echo /dev/shm/tunesmith-tests-$$$$)
# a first tune, so that what Numba compiles lies on the disk before the bot starts
COMPILE = $(BIN)/python -m model sample --key D --rhythm polka --form AB:4 >/dev/null
TORCH_INDEX := $(if $(CPU),--extra-index-url https://download.pytorch.org/whl/cpu)

# some machines forbid it; every process that starts would then compile our modules anew
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test bench format audit clean
.DEFAULT_GOAL := run

run: $(VENV)/.installed
	$(BIN)/python -m bot

test: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal $(if $(MEMORY),--basetemp=$(MEMORY)); \
		status=$$?; $(if $(MEMORY),rm -rf $(MEMORY);) exit $$status

bench: $(VENV)/.installed-dev
	$(BIN)/python -m model bench
	$(BIN)/python -m model sweep --count 10000
	$(BIN)/python -m bot bench

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# asks PyPI's advisories about what is installed, from an environment of its own
audit: $(VENV)/.installed-dev
	$(BIN)/python -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(VENV)/audit/bin/pip-audit --progress-spinner off --path \
		"$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

clean:
	rm -rf $(VENV)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install python3 (Debian, Ubuntu: apt install python3 python3-venv)"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "Tunesmith needs Python 3.11 to 3.13, $(PYTHON) is $$($(PYTHON) --version): name another with make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python's venv is missing: install python3-venv (Debian, Ubuntu: apt install python3-venv)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_INDEX) --editable .
	$(COMPILE)
	touch $@

$(VENV)/.installed-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH_INDEX) --editable '.[dev]'
	$(COMPILE)
	touch $@ $(VENV)/.installed
