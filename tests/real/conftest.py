"""The ledger that these tests share: a broker and a Redis of their own, which they may kill, and one worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from processors.embedded.trouble import Trouble
from tests.conftest import absent
from tests.real.ledger import RealLedger


@pytest.fixture(scope="session")
def shared_ledger(session_dir: Path) -> Iterator[RealLedger]:
    broker, redis = Broker(session_dir / "real-broker"), RedisServer(session_dir / "real-redis")
    try:
        broker.start()
        redis.start()
    except Trouble as trouble:
        if trouble.code not in ("network-missing", "java-missing", "redis-missing"):
            raise
        absent("embedded broker and Redis", str(trouble))
    directory = session_dir / "real-ledger"
    directory.mkdir()
    ledger = RealLedger(broker, redis, directory)
    try:
        yield ledger
    finally:
        ledger.end()
        redis.kill()
        broker.kill()


@pytest.fixture
def ledger(shared_ledger: RealLedger) -> Iterator[RealLedger]:
    """The shared ledger with its worker (slot 0) running and nothing left to do."""
    shared_ledger.ensure_running()
    yield shared_ledger
    shared_ledger.ensure_running()
