# Two ways in: "make demo" needs Python 3.11 and nothing else; "make test" also the PC/SC packages.
# All that is made stays in this folder; only Debian packages are installed outside it, and only for root.

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip --disable-pip-version-check --quiet install \
	--config-settings editable_mode=compat --constraint constraints.txt
INPUTS := pyproject.toml constraints.txt

.PHONY: help demo test lint bench fuzz mutate clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    personalize eight software cards, start to finish"
	@echo "make test    ruff, mypy and every test, those over pcscd too"
	@echo "make lint    ruff and mypy only"
	@echo "make bench   measure speed on this machine"
	@echo "make fuzz    ten million commands against the software card (N=…)"
	@echo "make mutate  change crypto and access modules, see whether tests notice"
	@echo "make clean   remove what make has made"

$(BIN)/python:
	@scripts/make-venv $(VENV)

$(VENV)/.core: $(INPUTS) | $(BIN)/python
	@echo "installing sscard into $(VENV) ..."
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.full: $(INPUTS) scripts/system-packages | $(BIN)/python
	@scripts/system-packages $(BIN)/python
	@echo "installing sscard with its test tools into $(VENV) ..."
	@$(INSTALL) --editable '.[data,pcsc,pkcs11,dev]'
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core
	@$(BIN)/sscard demo

lint: $(VENV)/.full
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --exclude '*.md' .
	$(BIN)/mypy

test: lint
	@scripts/system-packages $(BIN)/python
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

bench: $(VENV)/.full
	@for file in bench/*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

fuzz: $(VENV)/.core
	$(BIN)/python -m fuzz.run --count $(or $(N),10000000)
	$(BIN)/python -m fuzz.run --count $(or $(N),1000000) --knowing
	$(BIN)/python -m fuzz.run --count $(or $(N),1000000) --fmcos
	$(BIN)/python -m fuzz.run --count $(or $(N),1000000) --fmcos --contactless

mutate: $(VENV)/.full
	$(BIN)/python scripts/mutate

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis sscard.egg-info build dist demo-workspace
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
