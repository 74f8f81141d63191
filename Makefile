# `make run` does the main job on a fresh machine; `make test` checks the program. Both install what is missing.
SWIFT ?= swift
BUILD := $(SWIFT) build -c release
BINARY := .build/release/pipeline
PIPELINE ?= pipelines/iter3.yaml
# Suites that a run of the tests takes in; narrow it while working: make test TESTS=RougeL
TESTS ?= .
# Repetitions of each measurement
ROUNDS ?= 5

.PHONY: run test nightly build setup lint format bench smoke clean

run: build ## Take the demo model from M0 to M3
	$(BINARY) run $(PIPELINE)

test: | setup ## All tests but the slow ones
	$(SWIFT) test -c release --filter "$(TESTS)"

nightly: | setup ## All tests, the slow ones too
	NIGHTLY=1 $(SWIFT) test -c release

# Everything that compiles waits for the libraries, also under -j.
build: | setup ## Build with optimisation
	$(BUILD) --product pipeline

setup: ## Install libraries and fetch the demo model
	@scripts/setup

smoke: build ## The whole loop on a tiny model, in under a minute
	$(BINARY) run pipelines/smoke.yaml --store .build/smoke-store

lint: ## Check formatting
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

format: ## Format in place
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

bench: build ## Measurements: make bench PYTHON=… LLAMA=… (see Benchmarks/README.md)
	Benchmarks/run $(ROUNDS)
	Benchmarks/model "$(or $(PYTHON),-)" "$(or $(LLAMA),-)" $(ROUNDS)

clean: ## Remove build products; artifacts/ stays
	rm -rf .build
