"""Parts that tests share: a real broker, a real Redis, and the account of what was not run.

A part that cannot be had here makes its tests "not run", each named at the end. With `REQUIRE_ALL=1` (as in CI) that is
a failure, except for tests marked `docker`.
"""

import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from processors.embedded.trouble import Trouble
from tests import side_by_side

ABSENT = "absent part: "
REQUIRED = "not run, but REQUIRE_ALL=1: "


def absent(part: str, reason: str) -> None:
    """Leave the running test out, because `part` cannot be had here."""
    pytest.skip(f"{ABSENT}{part} ({reason})")


@pytest.fixture(scope="session")
def session_dir() -> Iterator[Path]:
    """A directory for the data of the session's servers: on the disk, gone afterwards."""
    directory = Path(tempfile.mkdtemp(prefix="lotstream-tests-"))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(session_dir: Path) -> Iterator[Broker]:
    """One broker for the whole session: `.bootstrap_servers`, `.stop()`, `.kill()`, `.start()` (same port and data).

    Whoever stops it starts it again before the test ends; for an empty or a killable one see `fresh_cluster`.
    """
    broker = Broker(session_dir / "broker")
    _start_or_leave_out(broker.start, "embedded broker")
    yield broker
    broker.kill()


@pytest.fixture
def fresh_cluster(tmp_path: Path) -> Iterator[Callable[..., Broker]]:
    """Makes brokers of the test's own, empty and started: `fresh_cluster()`, `fresh_cluster({"setting": "value"})`."""
    with ExitStack() as ending:

        def make(settings: dict[str, str] | None = None) -> Broker:
            directory = Path(tempfile.mkdtemp(prefix="broker-", dir=tmp_path))
            broker = Broker(directory, settings=settings)
            _start_or_leave_out(broker.start, "embedded broker")
            # Its data may be large, and pytest keeps the directories of the last sessions.
            ending.callback(shutil.rmtree, directory, ignore_errors=True)
            ending.callback(broker.kill)
            return broker

        yield make


@pytest.fixture(scope="session")
def redis_server(session_dir: Path) -> Iterator[RedisServer]:
    """One Redis for the session: `.url`, `.pid`, `.stop()`, `.kill()`, `.start()` (same port and data), `.flush()`."""
    server = RedisServer(session_dir / "redis")
    _start_or_leave_out(server.start, "Redis")
    yield server
    server.kill()


@pytest.fixture
def fresh_redis(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """Makes Redis servers of the test's own: `fresh_redis()`, `fresh_redis({"maxmemory-policy": "allkeys-lru"})`."""
    with ExitStack() as ending:

        def make(settings: dict[str, str] | None = None) -> RedisServer:
            server = RedisServer(Path(tempfile.mkdtemp(prefix="redis-", dir=tmp_path)), settings=settings)
            _start_or_leave_out(server.start, "Redis")
            ending.callback(server.kill)
            return server

        yield make


@pytest.fixture(scope="session")
def docker_engine() -> None:
    """For tests marked `docker`: they run where a Docker engine answers."""
    import docker

    try:
        docker.from_env(timeout=5).ping()
    except Exception as error:
        absent("Docker engine", type(error).__name__)


EMBEDDED_OR_CONTAINER = ["embedded", pytest.param("container", marks=pytest.mark.docker)]


@pytest.fixture(scope="session", params=EMBEDDED_OR_CONTAINER)
def any_cluster(request: pytest.FixtureRequest) -> Iterator[str]:
    """Addresses (`host:port`) of a broker: once the embedded one, and once a container where Docker is there."""
    if request.param == "embedded":
        yield request.getfixturevalue("cluster").bootstrap_servers
        return
    request.getfixturevalue("docker_engine")
    from tests.deploy.containers import broker_container

    with broker_container() as bootstrap_servers:
        yield bootstrap_servers


@pytest.fixture(scope="session", params=EMBEDDED_OR_CONTAINER)
def any_redis(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a Redis: once the embedded one, and once a container where Docker is there."""
    if request.param == "embedded":
        yield request.getfixturevalue("redis_server").url
        return
    request.getfixturevalue("docker_engine")
    from tests.deploy.containers import redis_container

    with redis_container() as url:
        yield url


def _start_or_leave_out(start: Callable[[], None], part: str) -> None:
    try:
        start()
    except Trouble as trouble:
        if trouble.code not in ("network-missing", "java-missing", "redis-missing"):
            raise
        absent(part, str(trouble))


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Started in the background by a shell: children inherit that they do not hear Ctrl-C, which some are to hear.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Of brokers that live for seconds: compiling their code better costs more than it gives back. Read by `java`.
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return side_by_side.processes()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Wherever tests run in several processes, they are shared out part by part."""
    # The parts begin in the order of the tests, which is ours, and not with those of the most tests.
    config.option.loadscopereorder = False
    return side_by_side.scheduler(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        items.sort(key=lambda item: side_by_side.place_of(item.nodeid))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if (
        report.skipped
        and isinstance(report.longrepr, tuple)
        and os.environ.get("REQUIRE_ALL") == "1"
        and item.get_closest_marker("docker") is None
    ):
        report.longrepr = REQUIRED + _part(report)
        report.outcome = "failed"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was not run, part by part: from the reports, as the tests may have run in other processes."""
    parts = [_part(report) for state in ("skipped", "failed", "error") for report in terminalreporter.getreports(state)]
    for part, tests in sorted(Counter(filter(None, parts)).items()):
        terminalreporter.write_line(f"not run: {tests} tests, {part}", yellow=True)


def _part(report: pytest.TestReport) -> str:
    """What was absent for a test that was not run; "" for one that was."""
    match report.longrepr:
        case (_, _, str(reason)) if report.skipped:
            return reason.removeprefix("Skipped: ").removeprefix(ABSENT)
        case str(told) if told.startswith(REQUIRED):
            return told.removeprefix(REQUIRED)
    return ""
