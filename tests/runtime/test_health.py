"""The worker's small port: alive, ready, measured."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from processors.runtime.health import Health
from tests.runtime.world import Worker, World, a_movement


@pytest.fixture
def served() -> Iterator[tuple[World, Worker, Health]]:
    world = World()
    worker = world.worker()
    health = Health(worker.loop, "127.0.0.1", 0)
    yield world, worker, health
    health.close()


def ask(health: Health, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{health.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_a_worker_is_alive_at_once_and_ready_with_its_tasks(served: tuple[World, Worker, Health]) -> None:
    _, worker, health = served
    assert ask(health, "/livez") == (200, "ok\n")
    assert ask(health, "/readyz")[0] == 503
    worker.work()
    assert ask(health, "/readyz") == (200, "ok\n")


def test_what_was_committed_is_counted(served: tuple[World, Worker, Health]) -> None:
    world, worker, health = served
    world.send(a_movement("m1"))
    world.send(a_movement("m2", notes="refuse lot-missing"))
    worker.work()
    text = ask(health, "/metrics")[1]
    assert 'lotstream_ledger_messages_total{outcome="taken"} 1.0' in text
    assert 'lotstream_ledger_refusals_total{code="lot-missing"} 1.0' in text
    assert "lotstream_ledger_tasks 4.0" in text


def test_another_path_names_the_three(served: tuple[World, Worker, Health]) -> None:
    assert ask(served[2], "/")[0] == 404
