# Everything runs in .venv, made on first use. README.md spells the same steps out for Windows.
.DEFAULT_GOAL := help
.PHONY: help serve build test full audit way-out bench soak mutation notebooks matrix wheel sbom vulnerabilities lint lock clean browser

# The first Python from 3.11 to 3.13 on the PATH; PYTHON=… overrides it.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
  $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
  && echo $$name && break; done)
VENV := .venv/bin/python
# Written last, so an install that was interrupted is taken up again.
READY := .venv/.ready
ADDRESS ?= 127.0.0.1:8000

export NO_MKDOCS_2_WARNING := 1

help: ## say what there is
	@echo "make serve  set everything up and serve the site at http://$(ADDRESS)/"
	@echo "make test   set everything up and pass the tests"
	@echo "make build  execute what changed and write the site to site/"
	@echo "make full   the same with the whole of CIFAR-10 (fetched once)"
	@echo "make audit  measure the built site in a browser: access, speed, weight, links, paper"
	@echo "make way-out  build the exported site with Zensical and ProperDocs, and compare it with this one"
	@echo "make bench  compare the build with stock mkdocs-jupyter and itself, and measure serve"
	@echo "make soak   200 random schedules of edits and damage, each build compared with one from nothing"
	@echo "make mutation  change the snippets of metrics and data bit by bit, and see that a test fails each time"
	@echo "make notebooks  run every notebook alone, and four of them in fresh environments with a kernel in them"
	@echo "make wheel  build the snippets as a package to install, in dist/"
	@echo "make matrix run the snippets' tests on the oldest packages that they name, and on the newest"
	@echo "make sbom   list what the site was built with, in CycloneDX's form, in site/sbom.cdx.json"
	@echo "make vulnerabilities  look requirements.lock up in the OSV database"
	@echo "make lint   ruff: format, lint and docstrings; mypy: types; check only"
	@echo "make lock   refresh requirements.lock from pyproject.toml"
	@echo "make clean  delete .venv, .cache and site"

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed. Install one, or: make PYTHON=/path/to/python3.12 serve"; exit 1; }
	$(PYTHON) -m venv .venv
# Python compiles the files that it imports: few of those that pip would compile, one after the other.
	$(VENV) -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	$(VENV) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

serve: $(READY)
	$(VENV) -m mkdocs serve --dev-addr $(ADDRESS)

build: $(READY)
	$(VENV) -m mkdocs build --strict

full: $(READY)
	$(VENV) tutorials_src/data/fetch.py
	TUTORIALS_EDITION=full $(VENV) -m mkdocs build --strict

test: $(READY) lint
	$(VENV) -m pytest

audit: $(READY)
	SITE_URL=https://example.org/course/ $(VENV) -m mkdocs build --strict --site-dir .cache/audited
	$(VENV) -m tests.site.audit .cache/audited

way-out: $(READY)
	SITE_URL=https://example.org/course/ $(VENV) -m mkdocs build --strict --site-dir .cache/audited
	SITE_URL=https://example.org/course/ $(VENV) tests/bench/way_out.py .cache/audited

bench: $(READY)
	$(VENV) tests/bench/build.py
	$(VENV) tests/bench/start_up.py
	$(VENV) tests/bench/serve.py
	$(VENV) tests/bench/same_bytes.py

soak: $(READY)
	$(VENV) tests/bench/soak.py

mutation: $(READY)
	$(VENV) -m uv run --no-project --python .venv --with mutmut==3.8.1 tests/bench/mutation.py

notebooks: $(READY)
	$(VENV) -m pytest tests/tutorials/test_notebooks_alone.py --all-notebooks
	$(VENV) tests/bench/notebooks.py

wheel: $(READY)
	$(VENV) -m tutorial_engine wheel dist

matrix: $(READY)
	$(VENV) tests/bench/matrix.py

# Neither tool is needed to build or to test: each comes into an environment of its own, in the version below.
sbom: $(READY)
	$(VENV) -m uv tool run --from cyclonedx-bom==7.5.0 cyclonedx-py requirements --pyproject pyproject.toml \
	  --output-reproducible --output-format JSON --output-file site/sbom.cdx.json requirements.lock

vulnerabilities: $(READY)
	$(VENV) -m uv tool run pip-audit==2.10.1 --requirement requirements.lock --require-hashes --disable-pip \
	  --vulnerability-service osv

lint: $(READY)
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m mypy

lock: $(READY)
	$(VENV) -m uv pip compile pyproject.toml --extra cluster --extra test --extra dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-annotate --no-header --upgrade -o requirements.lock

clean:
	rm -rf .venv .cache site dist
