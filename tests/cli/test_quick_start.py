"""What starts first imports little: a start waits for no part that it has no use for."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "not_imported"),
    [
        # The servers are started before anything that takes long is imported.
        ("processors.cli.dev", ("confluent_kafka", "fastavro", "pydantic", "processors.cli.demo_run")),
        ("processors.cli.dev_cluster", ("processors.ledger", "processors.counting", "redis", "faust", "sqlalchemy")),
        # The pages stand beside the servers: the parts of the workers are not the edge's.
        ("processors.cli.edge", ("processors.ledger", "processors.counting", "processors.counters", "redis")),
    ],
)
def test_a_start_does_not_import_what_it_has_no_use_for(module: str, not_imported: tuple[str, ...]) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    imported = set(told.stdout.split())
    assert module in imported
    assert [name for name in not_imported if name in imported] == []
