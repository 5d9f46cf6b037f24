"""Loads a folder of DAG files with Airflow itself, and says which tasks each has.

    python tests/campaigns/load_dag.py FOLDER

Runs in an environment that has Airflow and nothing of ours (`make test-airflow`).
"""

from __future__ import annotations

import os
import sys

os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
os.environ.setdefault("AIRFLOW__CORE__UNIT_TEST_MODE", "True")


def main() -> None:
    """Ends with an error when a file cannot be loaded or holds no DAG."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models import DagBag
    bag = DagBag(sys.argv[1], include_examples=False)
    if bag.import_errors or not bag.dags:
        raise SystemExit(f"The DAG was not loaded: {bag.import_errors or 'there is none'}")
    for name, dag in sorted(bag.dags.items()):
        for task in dag.topological_sort():
            after = ", ".join(sorted(task.upstream_task_ids)) or "nothing"
            print(f"{name}: {task.task_id}, after {after}")


if __name__ == "__main__":
    main()
