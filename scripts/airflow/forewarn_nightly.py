"""An Airflow DAG for the nightly list: drop it into the DAGs folder and set five variables.

`forewarn_program` (the program's path), `forewarn_city`, `forewarn_deliveries`, `forewarn_lake`, and
`forewarn_engine` (sail or spark). Needs Airflow 2.9 or newer and the standard provider.

A night that is tried again ends in the same list, so two retries are safe. A night that its gate
stopped (exit code 3) is not tried again: the run is marked failed, the last good list stands, and a
person decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2 without the standard provider
    from airflow.operators.bash import BashOperator

PROGRAM = "{{ var.value.forewarn_program }}"
LAKE = "{{ var.value.forewarn_lake }}"
# the day before the night: what was known by its end
DAY = "{{ data_interval_start.in_timezone('Asia/Shanghai') | ds }}"

with DAG(
    dag_id="forewarn_nightly",
    description="The nightly early-warning list of firms",
    schedule="0 18 * * *",  # 02:00 in Beijing
    start_date=datetime(2024, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=15)},
    tags=["forewarn"],
) as dag:
    night = BashOperator(
        task_id="night",
        bash_command=(
            f"{PROGRAM} nightly --city {{{{ var.value.forewarn_city }}}} "
            "--deliveries {{ var.value.forewarn_deliveries }} "
            f"--lake {LAKE} --as-of {DAY} --engine {{{{ var.value.forewarn_engine }}}}"
        ),
        execution_timeout=timedelta(hours=8),
        skip_on_exit_code=3,
    )
    # runs also after a stopped night, and fails then, so that the stop is seen and not retried
    status = BashOperator(
        task_id="status",
        bash_command=f"{PROGRAM} status --lake {LAKE}",
        trigger_rule="all_done",
        retries=0,
    )
    night >> status
