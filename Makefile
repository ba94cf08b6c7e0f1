# Run from the root of the repository. PYTHON=/path/to/python selects another environment.
PYTHON := $(if $(wildcard .venv/bin/python),$(CURDIR)/.venv/bin/python,$(shell which python3))

.PHONY: help test-fast test lint types documents check gallery bench site

help:  ## list the rules
	@grep -E '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 12

test-fast:  ## all tests but the slow ones
	$(PYTHON) -m pytest -n auto -m "not slow" --ignore tests/oracle --ignore tests/frameworks

test:  ## all tests
	$(PYTHON) -m pytest -n auto

lint:  ## flake8
	$(PYTHON) -m flake8

types:  ## mypy, on the package laid out as it is installed
	rm -rf build/types && mkdir -p build/types/tinyviz
	cp -r tinyviz/* viz tinytorch cli.py build/types/tinyviz/
	cd build/types && $(PYTHON) -m mypy --cache-dir ../../.mypy_cache --config-file ../../setup.cfg -p tinyviz

documents:  ## check that the pictures in README.md and docs/ are up to date
	$(PYTHON) -m tinyviz docs --check README.md
	$(PYTHON) docs/rooms.py --check

check: lint types documents  ## these three, and the gallery
	$(PYTHON) -m examples --check

gallery:  ## redraw output/, docs/img/ and the pictures in the README
	$(PYTHON) -m examples
	$(PYTHON) -m tinyviz docs README.md
	$(PYTHON) docs/rooms.py

bench:  ## benchmarks, as ratios to other tools
	$(PYTHON) -m benchmarks

site:  ## build the documentation in build/site
	$(PYTHON) -m sphinx -q -W -j 2 -b html docs build/site
