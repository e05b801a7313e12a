# PhotoFun Studio.  The verbs that people use and CI uses; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
UV := $(VENV)/bin/uv
STAMP := $(VENV)/.installed
SERVICES := gateway conversation-svc prompt-svc imaging-svc gallery-svc
PACKAGES := libs/common $(SERVICES) clients/python tools
SOURCES := $(addsuffix /src,$(PACKAGES))
CODE := $(PACKAGES) tests benchmarks deploy
# in CI a test that fails is run once more; the last line counts the reruns, so that a shaky one is seen and mended
AGAIN := $(if $(CI),--reruns 1)
UNIT := $(addsuffix /tests,$(PACKAGES)) tests/deploy
export UV_CUSTOM_COMPILE_COMMAND := make lock

.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^## / {printf "\n\033[1m%s\033[0m\n", substr($$0, 4)} /^[a-z0-9-]+:.*## / {printf "  \033[36m%-10s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Run it

.PHONY: run up down status demo
run: install weights ## start everything in the foreground; Ctrl-C stops it
	@exec $(PY) -m photofun_tools.studio run

up: install weights ## start everything in the background
	@$(PY) -m photofun_tools.studio up

down: ## stop what `make up` started
	@if [ -x $(PY) ]; then $(PY) -m photofun_tools.studio down; fi

status: install ## what runs where
	@$(PY) -m photofun_tools.studio status

demo: install ## send the README's conversation to the running studio
	@$(PY) -m photofun_tools.demo

## Test it

.PHONY: test unit e2e chaos faults soak rolling alone diffusers lint fmt bench gallery-sheet eval
test: install weights ## every test: the services' own, then the whole studio's
	@$(MAKE) unit
	@$(MAKE) e2e

unit: install weights ## the services' own tests
	$(PY) -m pytest -q -n 2 --dist loadfile $(AGAIN) $(wildcard $(UNIT))

e2e: install weights browser ## the tests that start the real studio
	$(PY) -m pytest -q -n 0 $(AGAIN) tests/e2e tests/chaos tests/replicas

chaos: install weights ## kill and freeze everything at random; SEEDS=1 SECONDS=30
	$(PY) -m tests.chaos.driver --seeds $(or $(SEEDS),1) --seconds $(or $(SECONDS),30)

faults: install weights ## the fault matrix, a test a cell (about ten minutes)
	$(PY) -m pytest -q -n 0 tests/faults

soak: install ## half load on the running studio for MINUTES=20: does anything grow?
	$(PY) benchmarks/soak.py --minutes $(or $(MINUTES),20)

alone: $(UV) weights ## each service in a clean environment with its own lock
	@for folder in $(SERVICES); do echo "== $$folder"; $(PY) -m photofun_tools.alone $$folder; done

diffusers: $(UV) ## the tests of imaging-svc[diffusers], in an environment of their own (a gigabyte)
	@[ -x build/diffusers/bin/python ] || $(UV) venv -q build/diffusers --python $(PY)
	@VIRTUAL_ENV=build/diffusers $(UV) pip install -q --require-hashes -r imaging-svc/requirements.lock
	@VIRTUAL_ENV=build/diffusers $(UV) pip install -q -r imaging-svc/pyproject.toml --extra diffusers pytest
	@VIRTUAL_ENV=build/diffusers $(UV) pip install -q --no-deps -e ./libs/common -e ./imaging-svc
	build/diffusers/bin/python -m pytest -q -W default tests/diffusers

rolling: install weights ## replace every replica of a cluster under load, 5,000 calls at least
	ROLLING_FULL=1 $(PY) -m pytest -q -s tests/replicas/test_rolling.py

lint: install ## ruff, mypy, and what is deployed
	$(VENV)/bin/ruff check $(wildcard $(CODE))
	$(VENV)/bin/ruff format --check $(wildcard $(CODE))
	$(VENV)/bin/mypy $(SOURCES)
	$(VENV)/bin/bandit -q -ll -r $(SOURCES)
	@baseline=$$(mktemp); cp .secrets.baseline $$baseline; trap 'rm -f $$baseline' EXIT; \
	  $(VENV)/bin/detect-secrets-hook --baseline $$baseline $$(git ls-files | grep -vE '(requirements\.lock|table\.tsv|\.svg|docs/openapi\.json|\.secrets\.baseline)$$') \
	  || [ $$? -eq 3 ]  # 3: known ones stand on other lines now
	@VENV=$(VENV) deploy/lint.sh

fmt: install ## let ruff put things in order
	$(VENV)/bin/ruff check --fix $(wildcard $(CODE))
	$(VENV)/bin/ruff format $(wildcard $(CODE))

bench: install weights ## figures beside peers: the running studio's chat, the gateway, the photo features
	$(PY) benchmarks/bench_chat.py
	$(PY) benchmarks/bench_gateway.py
	$(PY) benchmarks/bench_photo.py
	$(PY) benchmarks/bench_imaging.py
	$(PY) benchmarks/bench_gallery.py

gallery-sheet: install weights ## every feature on real photos, to look at: build/gallery-sheet/index.html and PNGs
	$(PY) benchmarks/gallery_sheet.py

eval: install ## how well the offline planner understands
	$(PY) -m prompt_svc.evaluate

## Keep it

.PHONY: install weights browser screens lock openapi flow users env images clean
install: $(STAMP) ## .venv with everything in it

weights: .weights/.checked ## the models' weights, checked

browser: install ## a Chromium for the tests of the studio page, brought when there is none
	@$(PY) tests/e2e/browser/chromium.py

screens: install weights browser ## key screens of the studio page to docs/screens/, with the figures measured in the browser
	@$(PY) -m pytest -q -n 0 tests/e2e/browser/screens.py

lock: $(UV) ## resolve all dependencies again
	$(UV) pip compile -q $(addsuffix /pyproject.toml,$(PACKAGES)) --group pyproject.toml:dev --universal --generate-hashes --no-emit-package photofun-common --no-emit-package photofun-client --no-emit-index-url -o requirements.lock
	@for folder in $(SERVICES) tools; do echo "$$folder/requirements.lock"; \
	  $(UV) pip compile -q $$folder/pyproject.toml -c requirements.lock --universal --generate-hashes --no-emit-package photofun-common --no-emit-package photofun-client --no-emit-index-url -o $$folder/requirements.lock; done
	@echo libs/common/requirements.lock; $(UV) pip compile -q libs/common/pyproject.toml -c requirements.lock --universal --generate-hashes --no-emit-index-url -o libs/common/requirements.lock
	@! grep -nE 'https?://|file://' requirements.lock $(wildcard $(addsuffix /requirements.lock,$(PACKAGES)))

openapi: install ## write docs/openapi.json from the services' models, and the Python client from that
	@$(PY) -m photofun_tools.documents openapi docs/openapi.json
	@$(PY) -m photofun_tools.client

flow: install ## write docs/flow.md from the contracts
	@$(PY) -m photofun_tools.documents flow docs/flow.md

users: install ## write the broker's users from the flow table
	@$(PY) -m photofun_common.topology users > deploy/k8s/components/nats-users/nats-users.conf

env: install ## write .env.example from the settings classes
	@$(PY) -m photofun_tools.documents env .env.example

images: ## build the five container images with docker, podman or buildah
	@deploy/build-images.sh $(SERVICES)

clean: down ## remove what was built; .data stays
	rm -rf $(VENV) .weights .pytest_cache .ruff_cache .mypy_cache

# --- how it is done

PYPROJECTS := $(addsuffix /pyproject.toml,$(PACKAGES))

$(UV):
	@found=; for python in python3 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then found=$$python; break; fi; done; \
	if [ -z "$$found" ]; then echo "Python 3.11, 3.12 or 3.13 is needed, and none was found on PATH as python3 or python3.x." >&2; exit 1; fi; \
	if ! [ -x $(PY) ]; then echo "Making $(VENV) with $$found"; $$found -m venv $(VENV); fi
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null
	@$(PY) -m pip install -q --disable-pip-version-check 'uv>=0.9,<1'

$(STAMP): requirements.lock $(PYPROJECTS) | $(UV)
	@echo "Installing (a minute or two the first time)"
	@VIRTUAL_ENV=$(VENV) $(UV) pip install -q --require-hashes -r requirements.lock
	@VIRTUAL_ENV=$(VENV) $(UV) pip install -q --no-deps $(addprefix -e ./,$(PACKAGES))
	@$(PY) -m compileall -q -j 2 $(VENV)/lib >/dev/null 2>&1 || true
	@touch $@

.weights/.checked: imaging-svc/src/imaging_svc/weights.py | $(STAMP)
	@$(PY) -m imaging_svc.weights
	@touch $@
