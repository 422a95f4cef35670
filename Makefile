# The front door: one word each. `make` alone says which.

.DEFAULT_GOAL := help
.PHONY: help build test unit format check lint fuzz soak matrix explore mutate bench coverage interop docs pictures demo clean

help: ## this list
	@sed -nE 's/^([a-z]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 12

build: ## build with sanitizers, in build/dev
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev

test: ## every test there is, as CI runs it
	@scripts/test

unit: build ## the tests that need no network: ctest alone
	@ctest --preset dev -j $$(($$(nproc) + 2)) --no-tests=error

format: ## lay out every C file
	@scripts/format

check: ## what a commit must pass before its tests: layout, layers, lint
	@scripts/format --check
	@scripts/check_layers.py
	@scripts/lint

lint: ## clang-tidy and cppcheck
	@scripts/lint

fuzz: ## every fuzz target for ten minutes in all; SECONDS=N for another time
	@scripts/fuzz --seconds $(or $(SECONDS),600)

soak: ## 20000 random worlds of the simulated internet; SEEDS=N for another number
	@scripts/soak --seeds $(or $(SEEDS),20000)

matrix: ## every meeting of NATs, five worlds each, and the times into docs/nat-matrix.md; SEEDS=N
	@scripts/matrix --docs --seeds $(or $(SEEDS),5)

explore: ## two agents in every order of arrivals, losses and timers, further than the tests go
	@cmake --preset release >/dev/null
	@cmake --build --preset release --target explore_explore_test >/dev/null
	@AUGER_EXPLORE=full build/release/explore_explore_test

mutate: ## breaks the agent in each way of tests/mutations, and says which test sees it
	@scripts/mutate

bench: ## every measurement, into build/bench/*.json
	@scripts/bench

coverage: ## which lines the tests reach, into build/coverage/html
	@scripts/coverage

interop: build ## real browsers against ours
	@interop/run

docs: ## what the documents say of the code is so
	@scripts/check_docs.py

pictures: ## stories and pictures of docs/nat.md, by auger sim
	@cmake --preset dev >/dev/null
	@cmake --build --preset dev --target auger_program >/dev/null
	@scripts/pictures

demo: ## a browser and a native program, end to end
	@scripts/demo

clean: ## remove build/
	@rm -rf build
