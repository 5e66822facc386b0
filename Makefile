# demo    a hub and nine nodes on this machine, with real reports; ARGS="--once --json"
# test    every test, on SQLite and on a throwaway PostgreSQL
# browse  the pages in a real Chromium, on both databases; part of make test
# clients programs of others against our doors, on both databases; part of make test
# check   format, lints, dependencies
# alarms  the rules for Prometheus, and what they are held to
# crash   hub and nodes killed with SIGKILL at every kill point; ARGS="--database postgres --sample 50"
# model   a small federation in every order of events, with whatever goes wrong, state by state; ARGS="--small"
# fleet   700 institutions with scripted troubles, and what the hub's console says of them; ARGS="--stay"
# fuzz    input invented for every parser that meets others; ARGS="--runs 1000000 --keep"
# mutants whether a test notices each change to custody, chains, receipts and envelopes; ARGS="--file protocol/src/chain.rs"
# package Debian packages of hub, node and conformance kit from the release build; PROFILE=dev is quick, for a try
# soak    federations driven from seeds through every trouble, the long absence, every kill point; ARGS="--seed 7 --messages 60"
# bench   how fast the release build is, as one JSON object; ARGS="--only sync,record --record 5000000 --database postgres"
# paint   how soon pages are painted on a slow telephone, as one JSON object; ARGS="9" takes so many rounds
# flames  flame graphs of hub and node while the bench measures, into docs/flames; ARGS="sync"

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test browse clients clients-gate clients-doors check alarms crash model soak bench bench-peers paint flames fleet fuzz mutants package format lint dependencies

TARGET := $(or $(CARGO_TARGET_DIR),target)
# CI builds exactly what was committed; at a desk, cargo may complete the lock file.
LOCKED := $(if $(CI),--locked)
WHOLE := --workspace --all-targets --all-features

# Tests write much and keep nothing: in memory, where the machine has room for it.
SCRATCH = $(or $(TMPDIR),$(shell [ -w /dev/shm ] && [ "$$(df -k --output=avail /dev/shm | tail -n 1)" -gt 6000000 ] && echo /dev/shm || echo /tmp))

# Tests wait for each other's programs: twice as many as there are cores keep these busy.
THREADS = $(shell echo $$((2 * $$(nproc))))

say = @printf '== %s\n' $(1) >&2

# What is released is optimised as a whole, each program by itself (decision 0049): only those that are named, and two
# at once, for the memory that it takes.
SLOW = "building the release; the first time takes half an hour and more"
BUILD = CARGO_BUILD_JOBS=$(or $(CARGO_BUILD_JOBS),2) cargo build $(LOCKED) --release
define release
$(call say,$(SLOW))
	@$(BUILD) --workspace --all-features $(addprefix --bin ,$(1)) >&2
endef

help:
	@sed -n '/^$$/q; s/^# /  make /p' Makefile

# Profile and features of the tests, so that `make test` finds it built (decision 0005).
# exec: the demo itself gets the signals that make is sent.
demo:
	@.ci/need cargo cc
	$(call say,"building hub and node and demo; the first time takes some minutes")
	@cargo build $(LOCKED) --workspace --bins --all-features >&2
	@exec $(TARGET)/debug/lapor-demo $(ARGS)

# One build of everything with one set of features, so that nothing is compiled twice;
# it also makes lapor-test-postgres and the programs that the stories start.
test:
	@.ci/need cargo cc postgres $(if $(CI),kannel dovecot node-modules)
	$(call say,"building the tests")
	@cargo build $(LOCKED) $(WHOLE)
	$(call say,"running the tests on SQLite and on a throwaway PostgreSQL")
	@TMPDIR=$(SCRATCH) RUST_TEST_THREADS=$(or $(RUST_TEST_THREADS),$(THREADS)) \
	    $(TARGET)/debug/lapor-test-postgres -- cargo test $(LOCKED) --workspace --all-features
	@$(MAKE) --no-print-directory browse clients

# Two files at a time keep two cores busy.
browse:
	@.ci/need cargo cc postgres chromium node-modules
	@cargo build $(LOCKED) --workspace --bins --all-features >&2
	$(call say,"opening the pages in Chromium on SQLite and on a throwaway PostgreSQL")
	@TMPDIR=$(SCRATCH) $(TARGET)/debug/lapor-test-postgres -- \
	    node --test --test-concurrency=2 tests/browser/*.test.mjs

# The gate of the conformance kit mostly waits, so it is tried beside the rest.
clients:
	@.ci/need cargo cc postgres python-clients
	@cargo build $(LOCKED) --workspace --bins --all-features >&2
	$(call say,"asking by Open311 and by the APIs and hearing webhooks and passing the gate of the kit on SQLite and on a throwaway PostgreSQL")
	@$(MAKE) --no-print-directory -j 2 --output-sync=target clients-gate clients-doors

clients-gate: CLIENTS = test_lapor_client.py
clients-doors: CLIENTS = test_[!l]*.py
clients-gate clients-doors:
	@TMPDIR=$(SCRATCH) CARGO_TARGET_DIR=$(TARGET) $(TARGET)/debug/lapor-test-postgres -- \
	    $(TARGET)/tools/python/bin/python -B -m unittest discover -s tests/python -p '$(CLIENTS)'

crash:
	@.ci/need cargo cc $(findstring postgres,$(ARGS))
	$(call say,"building hub and node with their kill points")
	@cargo build $(LOCKED) --workspace --bins --all-features >&2
	@exec $(TARGET)/debug/lapor-crash $(ARGS)

# Nothing but the model and the protocol is built for it.
model:
	@.ci/need cargo cc
	$(call say,"building the model")
	@cargo build $(LOCKED) -p lapor-model >&2
	@exec $(TARGET)/debug/lapor-model $(ARGS)

# With ARGS it is the simulation alone.
soak:
	@.ci/need cargo cc $(if $(ARGS),,postgres)
	$(call say,"building the simulation, and hub and node with their kill points")
	@cargo build $(LOCKED) --workspace --bins --all-features >&2
	@TMPDIR=$(SCRATCH) $(TARGET)/debug/lapor-soak $(ARGS)
ifeq ($(ARGS),)
	@TMPDIR=$(SCRATCH) $(TARGET)/debug/lapor-soak --absence 180
	@$(TARGET)/debug/lapor-crash
	@$(TARGET)/debug/lapor-crash --database postgres
endif

# What somebody would take instead is measured as well, unless ARGS ask for other figures; where it
# is not to be had, it is left out.
PEERS = $(if $(findstring --only,$(ARGS)),$(findstring peers,$(ARGS)),peers)
# Figures for which a node is started.
NODES = sync latency intake growth fleet peers
COMMA := ,
ASKED = $(if $(findstring --only,$(ARGS)),$(filter $(NODES),$(subst $(COMMA), ,$(subst =, ,$(ARGS)))),$(NODES))
bench:
	@.ci/need cargo cc $(findstring postgres,$(ARGS))
	$(call release,lapor-hub $(if $(ASKED),lapor-node) lapor-bench)
	@if [ -n "$(PEERS)" ] && .ci/need nats-server; then $(MAKE) --no-print-directory bench-peers; fi
	@exec $(TARGET)/release/lapor-bench --peers bench/peers $(ARGS)

bench-peers: bench/peers/Cargo.lock
	$(call say,"building what it is measured beside")
	@CARGO_TARGET_DIR=$(TARGET) cargo build --release --manifest-path bench/peers/Cargo.toml >&2

# The same versions; cargo adds what only the peer has.
bench/peers/Cargo.lock: Cargo.lock
	@cp $< $@

paint:
	@.ci/need cargo cc chromium node-modules
	$(call release,lapor-stage)
	@TMPDIR=$(SCRATCH) node tests/browser/paint.mjs $(ARGS)

flames:
	@.ci/need cargo cc perf inferno $(findstring postgres,$(ARGS))
	$(call release,$(shell bench/flames programs $(firstword $(ARGS))))
	@exec bench/flames $(ARGS)

# Any toolchain will do, the stable one too: counting branches is asked of LLVM. A row for each parser, as
# docs/proof.md has them, goes to the standard output.
fuzz:
	@.ci/need cargo cc c++
	@CARGO_TARGET_DIR=$(TARGET) exec fuzz/run $(ARGS)

MUTATED := $(foreach file,case/*.rs chain.rs receipt.rs merkle.rs dsse.rs,--file 'protocol/src/$(file)')
# The copy that is changed is built in a folder of its own. What a change breaks is not to be made smaller,
# nor remembered for the next.
mutants:
	@.ci/need cargo cc cargo-mutants
	$(call say,"changing one thing at a time; some hours for all of them")
	@PATH="$(abspath $(TARGET))/tools/bin:$$PATH" PROPTEST_MAX_SHRINK_ITERS=0 PROPTEST_DISABLE_FAILURE_PERSISTENCE=1 \
	    env -u CARGO_TARGET_DIR cargo mutants --package lapor-protocol --output $(abspath $(TARGET)) \
	    $(if $(findstring --file,$(ARGS)),,$(MUTATED)) $(ARGS)

# exec: the fleet itself gets the signals that make is sent.
fleet:
	@.ci/need cargo cc $(findstring postgres,$(ARGS))
	$(call release,lapor-hub lapor-fleet)
	@exec $(TARGET)/release/lapor-fleet $(ARGS)

# Release: the programs alone, without a feature that only tests use. Dev: what
# `make demo` and `make test` have built, under a version that a release replaces.
PROFILE := release
package:
	@.ci/need cargo cc dpkg-deb
ifeq ($(PROFILE),release)
	$(call say,$(SLOW))
	@$(BUILD) -p lapor-hub -p lapor-node -p lapor-conform >&2
	@packaging/build $(TARGET)/release $(TARGET)/debian
else
	$(call say,"building the dev profile")
	@cargo build $(LOCKED) --workspace --bins --all-features >&2
	@packaging/build $(TARGET)/debug $(TARGET)/debian '~dev'
endif

check: format lint dependencies

format:
	@.ci/need cargo
	$(call say,"checking the format")
	@cargo fmt --all --check

lint:
	@.ci/need cargo cc
	$(call say,"linting")
	@cargo clippy $(LOCKED) $(WHOLE) -- -D warnings

alarms:
	@.ci/need promtool
	$(call say,"trying the alarms")
	@promtool check rules --lint-fatal docs/prometheus/lapor.rules.yml
	@promtool check config --lint-fatal docs/prometheus/prometheus.yml
	@promtool test rules docs/prometheus/lapor.rules.test.yml

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
