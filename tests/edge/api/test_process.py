"""`lotstream edge` as a process: it serves, goes on without brokers, refuses what is unsafe, and ends when told."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from processors.contract.cluster_facts import wanted_facts, write_facts
from processors.contract.connection import Connection
from processors.contract.reading import read_records
from processors.embedded.trouble import Trouble
from tests.conftest import absent
from tests.edge.api.company import a_load
from tests.edge.projection.topics import CODEC, PARTITIONS, Topics

LIMIT_S = 120.0
API = "/api/v1"


@pytest.fixture(scope="module")
def topics(session_dir: Path) -> Iterator[Topics]:
    """A broker with all topics, on which no worker runs."""
    directory = Path(tempfile.mkdtemp(prefix="edge-", dir=session_dir))
    topics = Topics(directory)
    try:
        topics.start()
        write_facts(topics.connection, CODEC, wanted_facts(PARTITIONS, CODEC.ids.source), 0)
    except Trouble as trouble:
        if trouble.code not in ("network-missing", "java-missing"):
            raise
        absent("embedded broker", str(trouble))
    yield topics
    topics.broker.kill()
    shutil.rmtree(directory, ignore_errors=True)


class Edge:
    """A running `lotstream edge`."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self._log = process, log
        self.url = ""

    @property
    def said(self) -> str:
        return self._log.read_text()

    def wait(self, happened: Callable[[], bool]) -> None:
        until = time.monotonic() + LIMIT_S
        while not happened():
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.said}"
            assert time.monotonic() < until, self.said
            time.sleep(0.05)

    def ask(self, path: str, form: object = None) -> tuple[int, dict[str, object]]:
        """Status and body."""
        data = None if form is None else json.dumps(form).encode()
        try:
            with urlopen(Request(self.url + path, data, {"Content-Type": "application/json"}), timeout=60) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)

    def is_ready(self) -> bool:
        return self.ask("/readyz")[0] == 200


@contextmanager
def _edge(brokers: str, folder: Path, *arguments: str) -> Iterator[Edge]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOTSTREAM_")}
    env |= {"LOTSTREAM_BOOTSTRAP_SERVERS": brokers, "LOTSTREAM_STATE_DIR": str(folder / "state")}
    log = folder / "edge.log"
    with log.open("wb") as sink:
        command = [sys.executable, "-m", "processors", "edge", "--port", "0", *arguments]
        process = subprocess.Popen(command, env=env, stdout=sink, stderr=subprocess.STDOUT)
    edge = Edge(process, log)
    try:
        edge.wait(lambda: "The edge is at " in edge.said)
        edge.url = edge.said.split("The edge is at ")[1].split()[0]
        yield edge
    finally:
        process.kill()
        process.wait()


@pytest.mark.real
def test_it_serves_takes_requests_goes_on_without_brokers_and_ends_when_told(topics: Topics, tmp_path: Path) -> None:
    brokers = topics.broker.bootstrap_servers
    with _edge(brokers, tmp_path) as edge:
        edge.wait(edge.is_ready)
        status, page = edge.ask(f"{API}/lots")
        assert (status, page["items"]) == (200, [])
        status, sent = edge.ask(f"{API}/movements", a_load("P/1"))
        assert (status, sent["id"]) == (202, "P/1")
        assert [record.key for record in read_records(Connection(brokers), "movements")] == [b"ING|FLOUR"]
        topics.broker.kill()
        assert edge.ask(f"{API}/lots")[0] == 200, "registers are shown without brokers"
        status, problem = edge.ask(f"{API}/movements", a_load("P/2"))
        assert (status, problem["code"]) == (503, "not-sent")
        topics.broker.start()
        edge.wait(edge.is_ready)
        edge.wait(lambda: edge.ask(f"{API}/movements", a_load("P/2"))[0] == 202)
        edge.process.send_signal(signal.SIGTERM)
        assert edge.process.wait(LIMIT_S) == 0, edge.said


def _refused(*arguments: str) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("LOTSTREAM_")}
    command = [sys.executable, "-m", "processors", "edge", *arguments]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=LIMIT_S)
    assert told.returncode == 2, told.stderr
    return told.stderr


def test_it_does_not_listen_beyond_loopback_without_tokens(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/edge.db"
    told = _refused("--host", "0.0.0.0", "--port", "0", "--database-url", database)
    assert "lotstream edge token NAME ROLE" in told
    assert not list(tmp_path.iterdir()), "nothing was begun"


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert f"port {port}" in _refused("--port", port, "--database-url", f"sqlite:///{tmp_path}/edge.db")
