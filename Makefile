# demo    the whole system on this machine: one hub, eight institutions, real reports
# test    every test, on SQLite and on a throwaway PostgreSQL
# check   format, lints, dependencies
# bench   how much and how fast, on this machine
#
# DEMO_ARGS goes to lapor-demo: make demo DEMO_ARGS="--data ./demo-data"

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check format lint dependencies bench

TARGET := $(or $(CARGO_TARGET_DIR),target)
# CI builds exactly what was committed; at a desk, cargo may complete the lock file.
LOCKED := $(if $(CI),--locked)
WHOLE := --workspace --all-targets --all-features
DEMO_ARGS ?=

say = @printf '== %s\n' $(1) >&2

help:
	@sed -n 's/^# \([a-z]\+    *\)/  make \1/p' Makefile

demo:
	@.ci/need cargo cc
	$(call say,"building hub and node and demo; the first time takes up to 15 minutes")
	@cargo build $(LOCKED) --release -p lapor-hub -p lapor-node -p lapor-tests
	@exec $(TARGET)/release/lapor-demo $(DEMO_ARGS)

# One build of everything with one set of features, so that nothing is compiled twice;
# it also makes lapor-test-postgres and the programs that the stories start.
test:
	@.ci/need cargo cc postgres
	$(call say,"building the tests")
	@cargo build $(LOCKED) $(WHOLE)
	$(call say,"running the tests on SQLite and on a throwaway PostgreSQL")
	@$(TARGET)/debug/lapor-test-postgres -- cargo test $(LOCKED) --workspace --all-features

check: format lint dependencies

format:
	@.ci/need cargo
	$(call say,"checking the format")
	@cargo fmt --all --check

lint:
	@.ci/need cargo cc
	$(call say,"linting")
	@cargo clippy $(LOCKED) $(WHOLE) -- -D warnings

# Advisories are judged where a copy of the database is at hand; nothing is fetched for it here.
dependencies:
	@.ci/need cargo cargo-deny
	$(call say,"checking the dependencies")
	@export PATH="$$PATH:$(abspath $(TARGET))/tools/bin"; \
	cargo deny $(LOCKED) check bans licenses sources; \
	if compgen -G "$${CARGO_HOME:-$$HOME/.cargo}/advisory-dbs/*/crates" >/dev/null; then \
	    cargo deny $(LOCKED) --offline check advisories; \
	else \
	    printf '== no copy of the advisory database here: advisories not judged\n' >&2; \
	fi

bench:
	@.ci/need cargo cc
	$(call say,"building the benchmark")
	@cargo run $(LOCKED) --release -p lapor-tests --bin lapor-bench
