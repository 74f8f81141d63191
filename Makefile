# `make run` does the main job on a fresh machine; `make test` checks the program. Both install what is missing.
SWIFT ?= swift
BUILD := $(SWIFT) build -c release
BINARY := .build/release/pipeline
PIPELINE ?= pipelines/iter3.yaml
# Suites that a run of the tests takes in; narrow it while working: make test TESTS=RougeL
TESTS ?= .
# Suites whose every path ends in a kernel or in threads that share memory
KERNEL_TESTS := Kernel|MatrixProduct|Attention|Dropout|PackedBatch|PromptGroup|KeyValuePages|TransformerGradient|WorkerPool|TokenSampler|Philox|GenerationEngine|QuantizedGeneration|TrainerTests|SequenceScorer
# Repetitions of each measurement
ROUNDS ?= 5

.PHONY: run test nightly sanitize build setup lint format bench smoke clean

run: build ## Take the demo model from M0 to M3
	$(BINARY) run $(PIPELINE)

test: | setup ## All tests but the slow ones
	$(SWIFT) test -c release --filter "$(TESTS)"

nightly: | setup ## All tests, the slow ones too
	NIGHTLY=1 $(SWIFT) test -c release

# A build for each sanitizer, that of the undefined with both: they exclude one another.
sanitize: | setup ## The kernels' tests under sanitizers: address and undefined, then thread
	$(call sanitized,address,.build-asan)
	$(call sanitized,thread,.build-tsan)

# The tests are started by themselves: `swift test` builds what is left out here. A crash is the sanitizer's to report.
sanitized = SANITIZED=1 $(SWIFT) build -c release --build-tests --sanitize=$(1) --scratch-path $(2) && \
	SWIFT_BACKTRACE=enable=no UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1 \
	$(2)/release/pipelinePackageTests.xctest --testing-library swift-testing --filter '$(KERNEL_TESTS)'

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
