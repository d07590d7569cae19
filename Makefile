# Every target makes the environment it needs (.venv, see tools/venv.sh) and can be repeated.
#   PYTHON=python3.12   the interpreter to make it with
#   PYTEST_ADDOPTS=...  options for pytest, e.g. "-x -k matmul"

python := .venv/bin/python
venv := sh tools/venv.sh

.PHONY: help demo test lint style types imports format docs parity bench mypyc clean

help:
	@echo 'make demo     a computation, its picture and its derivation; a network trained on real digits'
	@echo 'make test     the tests'
	@echo 'make lint     style, types and imports, each also a target of its own'
	@echo 'make format   what can be mended by itself'
	@echo 'make docs     runs the tutorial notebook (the other examples in the docs run in make test)'
	@echo 'make parity   the tests against torch, which it installs'
	@echo 'make bench    the figures of docs/benchmarks.md'
	@echo 'make mypyc    builds core/ with mypyc and runs its tests on the build'
	@echo 'make clean    removes .venv and everything else that was made'

demo:
	@$(venv)
	@$(python) examples/demo.py

test:
	@$(venv) test
	$(python) -m pytest --numprocesses=auto --ignore=tests/parity

lint: style types imports

style:
	@$(venv) lint
	$(python) -m ruff check
	$(python) -m ruff format --check

types:
	@$(venv) lint
	$(python) -m mypy
	$(python) -m mypy --follow-imports=silent src/wengert/core/tensor.py # which its stub hides

imports:
	@$(venv) lint
	.venv/bin/lint-imports

format:
	@$(venv) lint
	$(python) -m ruff check --fix
	$(python) -m ruff format

docs:
	@$(venv) docs
	.venv/bin/jupyter-execute docs/tutorial.ipynb

parity:
	@$(venv) test parity
	$(python) -m pytest --numprocesses=auto tests/parity

bench:
	@$(venv) bench parity
	$(python) -m benchmarks

mypyc:
	@$(venv) lint test
	$(python) tools/mypyc.py

clean:
	rm -rf .venv build dist out .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
