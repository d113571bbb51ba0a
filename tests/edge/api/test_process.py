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
from dataclasses import replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from confluent_kafka import Producer

from processors.contract.cluster_facts import wanted_facts, write_facts
from processors.contract.connection import Connection
from processors.contract.manifest import key_of
from processors.contract.reading import read_records
from processors.domain.events import Alert
from processors.domain.registers import LotRow
from processors.embedded.trouble import Trouble
from tests.conftest import absent
from tests.edge.api.company import a_load
from tests.edge.projection.topics import CODEC, LOTS, PARTITIONS, Topics
from tests.edge.store.postgresql import PostgresqlServer
from tests.edge.store.rows import a_lot

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

    def figures(self) -> dict[str, float]:
        """What `/metrics` says, by name and labels."""
        with urlopen(f"{self.url}/metrics", timeout=60) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

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
        figures = edge.figures()
        assert figures['lotstream_edge_requests_total{method="GET",route="/api/v1/lots",status="200"}'] == 1
        assert figures['lotstream_edge_lag_records{topic="lot-register"}'] == 0
        assert (figures["lotstream_edge_leads"], figures["lotstream_edge_projection_works"]) == (1, 1)
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


def _write_lots(topics: Topics, *lots: LotRow) -> None:
    producer = Producer(topics.connection.settings(partitioner="murmur2_random"))
    for lot in lots:
        producer.produce(LOTS, CODEC.encode(LOTS, lot), key_of(LOTS, lot).encode())
    assert producer.flush(60) == 0


def _told(topics: Topics) -> list[str | None]:
    """The lots of which people were told that they will expire."""
    alerts = [CODEC.decode("alerts", record.value) for record in read_records(topics.connection, "alerts")]
    return [alert.lot_code for alert in alerts if isinstance(alert, Alert) and alert.kind == "lot_expiring"]


@pytest.mark.real
def test_an_edge_that_was_stopped_catches_up_and_tells_once_what_fell_due_meanwhile(
    topics: Topics, tmp_path: Path
) -> None:
    today = int(time.time() // 86_400)
    due = replace(a_lot("D1", 1_000_000), warn_from=today - 1, block_from=today + 9, expiry_date=today + 9)
    with _edge(topics.broker.bootstrap_servers, tmp_path) as edge:
        edge.wait(edge.is_ready)
        edge.process.send_signal(signal.SIGTERM)
        assert edge.process.wait(LIMIT_S) == 0, edge.said
    for _ in range(5):
        topics.write(size=300)
    _write_lots(topics, due, replace(due, lot_code="D2"))
    wanted: list[str | None] = ["D1", "D2"]
    for restart in ("R1", "R2"):  # what falls due before each shows that it has looked at all
        _write_lots(topics, replace(due, lot_code=restart))
        wanted.append(restart)
        with _edge(topics.broker.bootstrap_servers, tmp_path) as edge:
            edge.wait(lambda: sorted(_told(topics), key=str) == sorted(wanted, key=str))
            edge.wait(lambda: edge.ask(f"{API}/lag")[1]["records"] == 0)
            assert edge.figures()["lotstream_edge_alerts_total"] in (1, 3)


@pytest.mark.real
def test_of_two_edges_on_one_database_one_leads_and_the_other_takes_over_when_it_is_killed(
    topics: Topics, tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    brokers, database = topics.broker.bootstrap_servers, postgresql.url()
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    with (
        _edge(brokers, folders[0], "--database-url", database) as one,
        _edge(brokers, folders[1], "--database-url", database) as two,
    ):
        one.wait(lambda: one.is_ready() and two.is_ready())
        one.wait(lambda: one.figures()["lotstream_edge_leads"] + two.figures()["lotstream_edge_leads"] == 1)
        leader, other = (one, two) if one.figures()["lotstream_edge_leads"] else (two, one)
        today = int(time.time() // 86_400)
        due = replace(a_lot("E1", 1_000_000), warn_from=today, block_from=today + 8, expiry_date=today + 9)
        _write_lots(topics, due)
        leader.wait(lambda: _told(topics).count("E1") == 1)
        leader.process.kill()
        _write_lots(topics, replace(due, lot_code="E2"))
        other.wait(lambda: _told(topics).count("E2") == 1)
        other.wait(lambda: other.is_ready() and other.figures()["lotstream_edge_leads"] == 1)
        assert _told(topics).count("E1") == 1
        assert other.ask(f"{API}/lots?lot=E2")[0] == 200


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
