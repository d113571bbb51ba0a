"""What is told of a process that ended by itself: the end of its log, which may be gone when the message is read."""

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from processors.embedded.redis import RedisServer
from processors.embedded.stack import Stack, Worker
from processors.embedded.trouble import Trouble, end_of_log

LIMIT_S = 20.0


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (b"", ["(it is empty)"]),
        (b"one\ntwo", ["one", "two"]),
        (b"".join(b"line %d\n" % number for number in range(20)), [f"line {number}" for number in range(5, 20)]),
        (b"half a letter: \xc3\n", ["half a letter: \ufffd"]),
    ],
)
def test_the_last_fifteen_lines_of_a_log_are_told(written: bytes, told: list[str], tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_bytes(written)
    assert end_of_log(log).splitlines() == [f"The end of its log {log}:", *told]


def test_a_redis_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    stack = Stack(tmp_path, bootstrap_servers="127.0.0.1:1")
    stack.launch(lambda there, total, name: None)
    try:
        stack.wait_for_redis()
        stack.check()
        _shut_down(stack.redis_url)
        with pytest.raises(Trouble, match=r"Redis ended\. The end of its log [^\n]+\n(.+\n)*.+bye bye") as told:
            _check_until(stack)
        assert told.value.code == "redis-failed"
    finally:
        stack.stop(lambda: True)


def test_a_redis_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, settings={"no-such-setting": "1"})
    with pytest.raises(Trouble, match=r"The end of its log [^\n]+redis\.log:\n(.*\n)*.*no-such-setting"):
        server.start()


def test_a_worker_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    worker = Worker("ledger", ["worker", "no-such-processor"], {}, tmp_path)
    worker.start()
    try:
        with pytest.raises(Trouble, match=r"ended with code 2\. The end of its log (.*\n)*.*no-such-processor"):
            worker.wait_until_ready()
    finally:
        worker.stop(lambda: True)


def _shut_down(url: str) -> None:
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=5) as connection:
        connection.sendall(b"SHUTDOWN NOSAVE\r\n")
        connection.recv(1)  # it closes the connection


def _check_until(stack: Stack) -> None:
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        stack.check()
        time.sleep(0.01)
