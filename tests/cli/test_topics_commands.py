"""`lotstream topics` on an empty cluster: plan, apply, verify, and what cannot be changed."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from processors.cli import main
from processors.contract.manifest import MANIFEST
from processors.embedded.broker import Broker

pytestmark = pytest.mark.real


def run(servers: str, *arguments: str) -> Result:
    environment = {"LOTSTREAM_BOOTSTRAP_SERVERS": servers, "LOTSTREAM_SCHEMA_REGISTRY": None}
    return CliRunner().invoke(main, ["topics", *arguments], env=environment)


def test_a_cluster_is_planned_made_and_verified(fresh_cluster: Callable[..., Broker]) -> None:
    servers = fresh_cluster().bootstrap_servers
    count = len(MANIFEST)

    planned = run(servers, "plan", "--partitions", "4")
    assert planned.exit_code == 0
    assert f"{count + 3} to create, 0 to change, 0 cannot be changed." in planned.stdout
    assert "+ movements: create with 4 partitions, cleanup.policy=delete" in planned.stdout
    assert run(servers, "verify").exit_code == 1

    made = run(servers, "apply", "--partitions", "4", "--replication", "1")
    assert made.exit_code == 0, made.output
    assert "+ meta: partitions = 4" in made.stdout
    again = run(servers, "apply")
    assert (again.exit_code, again.stdout) == (0, "The cluster fits the manifest.\n")
    assert (run(servers, "verify").exit_code, run(servers, "plan").stdout.splitlines()[-1]) == (
        0,
        "0 to create, 0 to change, 0 cannot be changed.",
    )

    other = run(servers, "verify", "--partitions", "6", "--output", "json")
    assert other.exit_code == 1
    found = [json.loads(line) for line in other.stdout.splitlines()]
    assert {each["action"] for each in found} == {"cannot change"}
    assert found[-1] == {
        "action": "cannot change",
        "topic": "meta",
        "setting": "partitions",
        "found": "4",
        "wanted": "6",
        "reason": "the facts of a cluster never change",
    }
    refused = run(servers, "apply", "--partitions", "6")
    assert refused.exit_code == 1
    assert "partitions is 4, configured is 6" in refused.stderr
