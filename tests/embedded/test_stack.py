"""Servers that start together, and what is started before they answer."""

import socket
from pathlib import Path

import psutil
import pytest

from processors.cli import dev_cluster, wiring
from processors.embedded import ports
from processors.embedded.stack import Stack


def _told_address(name: str) -> str:
    """The brokers that our running child `-m processors NAME` was told of."""
    for child in psutil.Process().children():
        if child.cmdline()[-3:] == ["-m", "processors", name]:
            return child.environ()["LOTSTREAM_BOOTSTRAP_SERVERS"]
    raise AssertionError(f"{name} does not run")


@pytest.mark.real
def test_who_was_started_early_follows_a_broker_whose_port_was_taken_in_between(tmp_path: Path) -> None:
    stack = Stack(tmp_path, redis_url="redis://127.0.0.1:1/0")
    stack.take()
    try:
        stack.launch(lambda there, total, name: None)
        address = stack.bootstrap_servers
        # Its JVM has not come to its port yet.
        with socket.create_server((ports.HOST, int(address.split(":")[1]))):
            edge = stack.start_edge()
            stack.wait_for_broker()
            assert stack.bootstrap_servers != address
        assert _told_address("edge") == stack.bootstrap_servers
        assert edge.exit_code is None
    finally:
        stack.stop(lambda: True)
    assert edge.exit_code is not None


def test_a_directory_tells_whether_workers_ran_in_it(tmp_path: Path) -> None:
    assert not Stack(tmp_path).was_used
    (tmp_path / "state").mkdir()
    assert Stack(tmp_path).was_used


def test_every_kind_of_worker_is_started() -> None:
    assert dev_cluster.KINDS == wiring.KINDS
