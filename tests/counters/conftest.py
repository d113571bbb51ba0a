"""Both counter servers, and a world around each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from processors.embedded.redis import RedisServer
from tests.counters.twins import MemoryTwin, RedisTwin, Twin
from tests.counters.world import World


@pytest.fixture(scope="module")
def shared_redis(session_dir: Path) -> Iterator[RedisServer]:
    """One server for a module's tests that leave it running; each starts on an empty one."""
    yield from _a_server(session_dir / "counters")


@pytest.fixture(scope="module")
def second_redis(session_dir: Path) -> Iterator[RedisServer]:
    """Another one, for those who move."""
    yield from _a_server(session_dir / "counters-second")


def _a_server(directory: Path) -> Iterator[RedisServer]:
    server = RedisServer(directory, settings={"appendonly": "no", "save": ""})
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["memory", "redis"])
def twin(request: pytest.FixtureRequest, fresh_redis: Callable[..., RedisServer]) -> Twin:
    """Each of the two servers, running and empty."""
    if request.param == "memory":
        return MemoryTwin()
    server: RedisServer = request.getfixturevalue("shared_redis")
    if not server.is_running:
        server.start()
    server.flush()
    return RedisTwin(fresh_redis, server)


@pytest.fixture
def world(twin: Twin) -> World:
    """A new cluster around the server: nothing committed, nobody at work."""
    return World(twin)
