# Everything that a person or a machine runs here. `make help` lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
# The project's own programs first; the rest (uv, say) from .tools or the system.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Install what the project needs into .venv (quick when nothing changed)
	@scripts/bootstrap.sh

.PHONY: demo
demo: setup ## Run the whole loop on a real Label Studio (DEMO_ARGS=--exit stops it at the end)
	@secondlook demo $(DEMO_ARGS)

.PHONY: test
test: setup test-servers ## Run all tests (TEST_ARGS="tests/unit -k wording" runs some)
	@$(if $(TEST_ARGS),python -m pytest $(TEST_ARGS),scripts/test.sh)

.PHONY: lint
lint: setup ## Check style, format, types and the direction of imports
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports

.PHONY: bench
bench: setup test-servers ## Measure and print the figures of the benchmarks (BENCH_ARGS for some of them)
	@python benchmarks/run.py $(BENCH_ARGS)

.PHONY: chaos
chaos: setup ## Kill, cut, freeze and restore at random (CHAOS_ARGS="--kills 1000 --seed 1 --postgres")
	@python -m tests.support.chaos $(CHAOS_ARGS)

.PHONY: fuzz
fuzz: setup ## Read spoiled files of every form (FUZZ_ARGS="--inputs 100000 --seed 1")
	@python -m tests.support.fuzzing $(FUZZ_ARGS)

.PHONY: pythons
pythons: setup ## Types and unit suite on each supported Python (PYTHONS="3.12 3.13", TEST_ARGS=tests/unit/issues)
	@scripts/pythons.sh $(TEST_ARGS)

.PHONY: lock
lock: setup ## Write the lock files anew (LOCK_ARGS=--upgrade takes the newest versions)
	@scripts/lock.sh $(LOCK_ARGS)

# Redis and PostgreSQL from the system, Label Studio and Argilla in environments of their own (cached).
.PHONY: test-servers
test-servers: setup
	@scripts/install-test-servers.sh
	@python -m workers.demo.home
	@python -m workers.demo.argilla_home
