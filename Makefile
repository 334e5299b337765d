# `make demo` and `make test` each work as the first command: they create the virtual environment they need.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
AUDIT := .venv-audit
RELEASE := .venv-release
# npm's packages, exact versions of which tests_release/package.json names
NODE := build/release
# what a package needs when it is installed, so that no index has to answer while its tests run
WHEELS := build/wheels
RELEASING := $(RELEASE)/installed $(NODE)/installed $(WHEELS)/complete $(AUDIT)/installed
# the package, what developers run, and what their tests share
export PYTHONPATH := $(CURDIR)/exporter:$(CURDIR)/dev:$(CURDIR)/tests:$(CURDIR)
SBOM := build/sbom.cdx.json
# much of what tests do is waiting, so that there may be more of them at a time than processors
PARALLEL := --numprocesses=4 --dist=loadfile --no-loadscope-reorder
# what a test run, or a process that it starts, has compiled need not be compiled again
unexport PYTHONDONTWRITEBYTECODE
# tests in which the libraries that the exporter runs on have no part, or none that others do not try
UNCONCERNED := activity_day alert architecture assets backtest bench canary dashboard backends discipline_day documents hardening make \
	naming promql recording restart rule runbooks service simulator soak supply truth victoriametrics
CONCERNED := $(filter-out $(addsuffix %.py,$(addprefix tests/test_,$(UNCONCERNED))),$(wildcard tests/test_*.py))
# where packages go, whose they are, and the Python that runs what is in them: the distribution's
PACKAGES ?= dist
MAINTAINER ?= wolkvox-exporter <root@localhost>
PACKAGED ?= /usr/bin/python3
NFPM ?= $(RELEASE)/bin/nfpm
SECONDS ?= 3600
BODIES ?= 100000
STEPS ?= 1000000
RUNS ?= 1
SIZES ?= 5,20,80

.PHONY: demo test truth cost chaos replicas check lint types generated check-release packages compatibility oldest newest bench \
	soak fuzz generate kustomize pictures audit sbom lock clean help

help: ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

demo: $(VENV)/runtime ## A simulated contact centre and an exporter that polls it
	$(BIN)/python -m wolkvox_exporter demo

test: $(VENV)/development ## All tests
	$(BIN)/python -m pytest $(PARALLEL)

truth: $(VENV)/development ## The boards' numbers beside the simulator's truth, three days of each of SEEDS=1,2,3
	SEEDS=$${SEEDS:-1,2,3} $(BIN)/python -m pytest -s tests/test_truth.py

chaos: $(VENV)/development ## 200 restarts by kill -9, 100 configurations, 100 rounds of what befalls replicas (KILLS SWAPS ROUNDS LEASE SEED)
	KILLS=$${KILLS:-200} SWAPS=$${SWAPS:-100} ROUNDS=$${ROUNDS:-100} LEASE=$${LEASE:-1.5} \
		$(BIN)/python -m pytest tests/test_restart.py tests/test_auto_reload_process.py tests/test_replicas_process.py -s

replicas: $(VENV)/development ## 100,000 steps of the model of replicas (REPLICA_STEPS=100000 REPLICA_SEED=1)
	REPLICA_STEPS=$${REPLICA_STEPS:-100000} $(BIN)/python -m pytest tests/test_replicas_model.py

check: lint types generated ## What every change must pass: lint, format, types, generated files, and last the tests
	@$(MAKE) --no-print-directory test

lint: $(VENV)/development ## Lint and format
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/development ## Types
	$(BIN)/mypy

generated: $(VENV)/development ## Whether what `make generate` writes is up to date
	$(BIN)/python -m docs.generate --check
	$(BIN)/python -m mixin --check
	$(BIN)/python -m chart --check

check-release: $(VENV)/development $(RELEASING) ## What is released: packages, stacks, charts, workflows (needs npm)
	$(BIN)/python -m pytest tests_release

packages: $(RELEASE)/installed ## A deb and an rpm for this machine's processor and Python, in dist/ (MAINTAINER="name <address>")
	PYTHON="$(PACKAGED)" MAINTAINER="$(MAINTAINER)" NFPM="$(NFPM)" sh deploy/packages/build.sh "$(PACKAGES)"

compatibility: oldest newest ## The oldest and the newest libraries that pyproject.toml allows

oldest: RELATION := ==
newest: RELATION := >=
oldest newest: $(VENV)/python
	@mkdir -p build
	sed -nE 's/^    "([A-Za-z0-9-]+)>=([0-9.]+).*/\1$(RELATION)\2/p' pyproject.toml > build/$@.txt
	$(BIN)/python -m venv --clear .venv-$@
	.venv-$@/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement requirements/dev.in --constraint build/$@.txt
	.venv-$@/bin/python -m pytest $(PARALLEL) $(CONCERNED)

bench: $(VENV)/development ## What a scrape and a poll cost (RUNS=1 SIZES=5,20,80; needs nginx, wrk, PostgreSQL)
	$(BIN)/python -m bench.run --runs=$(RUNS) --sizes=$(SIZES)

cost: $(VENV)/development ## What the rules cost a Prometheus with 5,000 campaigns (needs Prometheus; three quarters of an hour)
	$(BIN)/python -m bench.rules

soak: $(VENV)/development ## An hour of faults on every edge (SECONDS=3600), best as root; figures go to soak.json
	$(BIN)/python -m soak --seconds=$(SECONDS) --json=soak.json

fuzz: $(VENV)/development ## Any answer and any course of events (BODIES=100000 STEPS=1000000 SEED=any)
	$(BIN)/python -m fuzz --bodies=$(BODIES) --steps=$(STEPS) $(if $(SEED),--seed=$(SEED))

generate: $(VENV)/development ## Write the files that are made from the code
	$(BIN)/python -m docs.generate
	$(BIN)/python -m mixin
	$(BIN)/python -m chart

kustomize: $(VENV)/development $(RELEASE)/installed ## Write what kustomize builds upon, of the chart
	$(BIN)/python -m chart.kustomize

pictures: $(VENV)/development ## Draw the dashboards for the README (needs Node.js, npm, Chromium, Prometheus)
	$(BIN)/python docs/pictures/day.py

audit: $(AUDIT)/installed ## Known vulnerabilities of what runs (asks osv.dev; exit code 3 if it cannot)
	$(AUDIT)/bin/python dev/audit/vulnerabilities.py requirements/postgresql.txt

# the version comes from the code, where the tool does not look; it misses the graph that pins do not tell
sbom: $(AUDIT)/installed ## Bill of materials of what runs: build/sbom.cdx.json (CycloneDX)
	@mkdir -p build
	sed "s/^dynamic = .*/version = $$(sed -n 's/^__version__ = //p' exporter/wolkvox_exporter/__init__.py)/" pyproject.toml \
		> build/sbom-pyproject.toml
	PYTHONWARNINGS=ignore::UserWarning:cyclonedx.model.bom $(AUDIT)/bin/cyclonedx-py requirements \
		--output-reproducible --short-PURLs --pyproject build/sbom-pyproject.toml --output-file $(SBOM) requirements/postgresql.txt

lock: $(VENV)/python ## Pin the dependencies anew
	$(BIN)/python -m pip install --quiet pip-tools
	for name in runtime postgresql build dev audit release; do \
		$(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header \
			--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file requirements/$$name.txt requirements/$$name.in; \
	done

clean: ## Remove what was made
	rm -rf $(VENV) $(AUDIT) $(RELEASE) .venv-oldest .venv-newest build dist exporter/*.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; name one with make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
		|| { echo "Python cannot create virtual environments: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/runtime: requirements/runtime.txt | $(VENV)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(VENV)/development: requirements/dev.txt | $(VENV)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@ $(VENV)/runtime

$(AUDIT)/installed: requirements/audit.txt | $(VENV)/python
	$(BIN)/python -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(RELEASE)/installed: requirements/release.txt | $(VENV)/python
	$(BIN)/python -m venv $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(NODE)/installed: tests_release/package.json
	@command -v npm >/dev/null || { echo "npm is needed: apt-get install npm" >&2; exit 1; }
	@mkdir -p $(NODE)
	cp $< $(NODE)
	npm install --prefix $(NODE) --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(WHEELS)/complete: requirements/postgresql.txt requirements/build.txt | $(RELEASE)/installed
	@mkdir -p $(WHEELS)
	$(RELEASE)/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes --dest $(WHEELS) $(addprefix --requirement ,$^)
	@touch $@
