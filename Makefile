# Two commands: `make demo` and `make test`. Needs Python 3.11+ and make, nothing else.
PYTHON ?= python3
UV_VERSION := 0.9.30
BIN := .venv/bin
DEMO := demo
FIRMS ?= 20000
SEED ?= 7
SINCE ?= 2022-01-01
UNTIL ?= 2024-12-31
DATA ?= ../shared/data

JUDGED_FIRMS ?= 100000
KILLED_FIRMS ?= 2000
# easy, realistic or hard: that city alone
DIFFICULTY ?=

.PHONY: demo test test-spark test-spark-all equality test-kill test-replay test-airflow lint lock bench graph-bench judgement smesd hat hat-predictions ccf469 dictionary model-card wheel clean
.DEFAULT_GOAL := help

help:
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## / - /'

.venv/.installed: locks/requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)
	$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes locks/requirements.txt
	$(BIN)/uv pip install -q --python $(BIN)/python --no-deps -e .
	@touch $@

demo: .venv/.installed ## draw the demo city, run the night, say where the list is
	$(BIN)/forewarn simulate --firms $(FIRMS) --seed $(SEED) --since $(SINCE) --until $(UNTIL) --out $(DEMO)/deliveries --truth $(DEMO)/truth.parquet
	$(BIN)/forewarn nightly --city demo --deliveries $(DEMO)/deliveries --lake $(DEMO)/lake --as-of $(UNTIL)
	$(BIN)/forewarn show --lake $(DEMO)/lake --top 10

test: .venv/.installed ## the whole test suite on the embedded engine
	$(BIN)/python -m pytest -m "not spark and not campaign" -n 2 --dist loadfile

# the first line fetches Spark's jars: two processes that did so at once could spoil each other's cache
test-spark: .venv/.installed ## the flow's tests on Apache Spark (Java 17); whole tables of both engines compared
	$(BIN)/python -m pytest -m "not campaign" --engine spark tests/pipelines/test_engine_differences.py tests/pipelines/test_intake.py
	$(BIN)/python -m pytest -m "not campaign" --engine spark -n 2 --dist loadfile --no-loadscope-reorder tests/pipelines/test_both_engines.py tests/conf tests/features tests/graphs tests/pipelines/conforming tests/pipelines/landing

test-spark-all: .venv/.installed ## every test that uses an engine, on Apache Spark (half an hour)
	$(BIN)/python -m pytest -m "not campaign" --engine spark

equality: .venv/.installed ## whole-table equality of both engines on a city of 5,000 firms
	FOREWARN_EQUAL_FIRMS=5000 $(BIN)/python -m pytest -s --engine spark tests/pipelines/test_both_engines.py

bench: FIRMS = 100000
bench: .venv/.installed ## what a night costs at 100,000 firms, step by step, beside polars by hand
	$(BIN)/python -m tests.benchmarks.night --firms $(FIRMS) --seed $(SEED) --out bench

judgement: .venv/.installed ## real firms and the dated backtest of cities of three difficulties, one table (DIFFICULTY=easy: that city alone)
ifeq ($(DIFFICULTY),)
	$(BIN)/python -m tests.benchmarks.judged_together --firms $(JUDGED_FIRMS) --seed $(SEED) --years 5 --data $(DATA) --out judgement-$(JUDGED_FIRMS)-$(SEED)
else
	$(BIN)/python -m tests.benchmarks.judgement --firms $(JUDGED_FIRMS) --seed $(SEED) --years 5 --difficulty $(DIFFICULTY) --out judgement-$(DIFFICULTY)-$(JUDGED_FIRMS)
endif

smesd: .venv/.installed ## real firms in DATA/smesd: what the graph adds, on train and valid (TEST=--test opens test)
	$(BIN)/python -m tests.benchmarks.real_graphs.smesd --data $(DATA) $(TEST)

hat: .venv/.installed ## real firms in DATA/hat: what the graph adds, on train and valid
	$(BIN)/python -m tests.benchmarks.real_graphs.hat --data $(DATA)

hat-predictions: .venv/.installed ## a probability for each firm of DATA/hat's withheld test split, into OUT=file.csv
	$(BIN)/python -m tests.benchmarks.real_graphs.hat --data $(DATA) --out $(if $(OUT),$(OUT),$(error OUT is missing. Say where the predictions go: make hat-predictions OUT=file.csv))

ccf469: .venv/.installed ## real firms in DATA/ccf469: the city's model beside LightGBM with default settings
	$(BIN)/forewarn nightly --city ccf469 --deliveries $(DATA)/ccf469 --lake bench/ccf469 --as-of 2020-12-31
	$(BIN)/python -m tests.benchmarks.real_firms.ccf469 --lake bench/ccf469

test-kill: .venv/.installed ## nights killed at random moments and around every commit, and started again (hours)
	$(BIN)/python -m tests.campaigns.kill --firms $(KILLED_FIRMS) --random 100 --commits --out campaigns/kill-sail
	$(BIN)/python -m tests.campaigns.kill --firms $(KILLED_FIRMS) --random 20 --engine spark --out campaigns/kill-spark

test-replay: .venv/.installed ## twenty nights replayed on both engines, also after vacuum
	$(BIN)/python -m tests.campaigns.replaying --out campaigns/replay

test-airflow: .venv/.installed ## the DAG file loaded by Airflow itself, in an environment of its own
	$(BIN)/uv venv -q --allow-existing campaigns/airflow
	$(BIN)/uv pip install -q --python campaigns/airflow/bin/python "apache-airflow>=3,<3.2"
	AIRFLOW_HOME=$(CURDIR)/campaigns/airflow/home campaigns/airflow/bin/python tests/campaigns/load_dag.py scripts/airflow

lint: .venv/.installed ## style, types, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: ## renew the locked dependencies (only by intent)
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate -q -o locks/requirements.txt

dictionary: .venv/.installed ## write docs/data_dictionary.md from catalogue, characteristics and features
	$(BIN)/python -c "from pipelines.dictionary import page; print(page(), end='')" > docs/data_dictionary.md

model-card: .venv/.installed ## write docs/model_card.md from the champion of the demo's lake
	$(BIN)/python -m pipelines.model_card $(DEMO)/lake demo > docs/model_card.md

wheel: .venv/.installed ## build the wheel into dist/
	$(BIN)/python -m build --wheel --outdir dist .

graph-bench: .venv/.installed ## what the graph costs at three sizes, beside scipy, igraph and networkx
	@for firms in 100000 1000000 3000000; do \
	  $(BIN)/python -m tests.benchmarks.investment_graph make bench-edges.parquet $$firms && \
	  for step in components strong_components control integrated exposure groups together; do \
	    $(BIN)/python -m tests.benchmarks.investment_graph measure bench-edges.parquet $$step || exit 1; done && \
	  for rival in scipy igraph networkx; do \
	    $(BIN)/python -m tests.benchmarks.graph_rivals bench-edges.parquet $$rival || exit 1; done; \
	done; rm -f bench-edges.parquet

clean: ## remove the environment and the demo
	rm -rf .venv $(DEMO) dist build
