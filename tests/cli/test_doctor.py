"""`lotstream doctor`: what it finds on a system that is well, and on one that is not."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from processors.cli import main
from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer

pytestmark = pytest.mark.real
NOBODY = "127.0.0.1:1"


def _doctor(brokers: str, redis_url: str) -> tuple[Result, dict[str, dict[str, str]]]:
    arguments = ["doctor", "--bootstrap-servers", brokers, "--redis-url", redis_url, "--output", "json"]
    told = CliRunner().invoke(main, arguments)
    rows = [json.loads(line) for line in told.output.splitlines()]
    return told, {row["part"]: row for row in rows}


def test_a_system_that_is_set_up_is_well(fresh_cluster: Callable[..., Broker], redis_server: RedisServer) -> None:
    brokers = fresh_cluster().bootstrap_servers
    told, rows = _doctor(brokers, redis_server.url)
    assert told.exit_code == 1
    assert rows["topics"]["state"] == "wrong"
    assert "lotstream topics apply" in rows["topics"]["seen"] + rows["topics"]["remedy"]
    assert CliRunner().invoke(main, ["topics", "apply", "--bootstrap-servers", brokers]).exit_code == 0
    told, rows = _doctor(brokers, redis_server.url)
    assert told.exit_code == 0, told.output
    assert {part: row["state"] for part, row in rows.items()} == dict.fromkeys(
        ["broker", "redis", "topics", "versions", "ledger", "counting", "clock"], "ok"
    )
    assert "noeviction" in rows["redis"]["seen"]
    assert rows["ledger"]["seen"] == rows["counting"]["seen"] == "no worker; nothing waits"


def test_what_is_not_there_is_named_with_what_to_do_and_the_clock_not_asked_of_a_missing_redis() -> None:
    told, rows = _doctor(NOBODY, f"redis://:secret@{NOBODY}/0")
    assert told.exit_code == 1
    assert {part: row["state"] for part, row in rows.items()} == {
        "broker": "wrong",
        "redis": "wrong",
        "versions": "ok",
    }
    assert NOBODY in rows["broker"]["seen"]
    assert "--bootstrap-servers" in rows["broker"]["remedy"]
    assert "secret" not in told.output


def test_a_redis_that_evicts_is_told(fresh_redis: Callable[..., RedisServer]) -> None:
    _, rows = _doctor(NOBODY, fresh_redis({"maxmemory-policy": "allkeys-lru"}).url)
    assert rows["redis"]["state"] == "wrong"
    assert "expected maxmemory-policy noeviction, got allkeys-lru" in rows["redis"]["seen"]
