# Needs Python 3.11 or later, make and git; everything else is fetched, as uv.lock says.

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := $(UV) run --frozen --all-extras

# Where Python is told not to keep what it compiled, it is compiled once here instead.
BYTECODE := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)

# Part by part, as docs/reliability.md numbers them.
CRASH_TESTS := tests/recording/test_killed.py tests/recording/test_replayed.py \
	tests/streams/test_crash.py tests/streams/test_crash_of_recordings.py \
	tests/recording/test_full_disk.py tests/hdf/test_failing_disk.py tests/follow/test_two_processes.py \
	tests/recording/test_flat_memory.py

.PHONY: demo test check bench crash clean

demo: .venv/installed          ## record a simulated movie, track it live, compare with the truth
	$(RUN) longtake demo

test: .venv/installed          ## all tests
	$(RUN) pytest -q -n auto

check: .venv/installed         ## format, lint, types, import contracts
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) pyright
	$(RUN) lint-imports

bench: .venv/installed         ## longtake beside what people use today, as ratios
	$(RUN) python -m benchmarks

crash: .venv/installed         ## the crash suite in full, and its counts: about 20 minutes
	mkdir -p build && rm -f build/crash.jsonl
	LONGTAKE_CRASH_ROUNDS=167 LONGTAKE_CRASH_HOURS=2 LONGTAKE_CRASH_COUNTS=$(CURDIR)/build/crash.jsonl \
	$(RUN) python -m pytest -q -p tests.recording.crash_counts $(CRASH_TESTS)
	$(RUN) python -m tests.recording.crash_counts build/crash.jsonl

clean:
	rm -rf .venv .uv

.venv/installed: uv.lock pyproject.toml | $(UV)
	$(UV) sync --locked --all-extras $(BYTECODE)
	touch $@

.uv/bin/uv:
	python3 -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv
