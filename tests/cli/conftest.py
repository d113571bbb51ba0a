"""One real ledger for the tests of the commands that look things up; it costs some seconds, once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.domain.calendar import DAY_MS
from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from processors.embedded.trouble import Trouble
from tests.cli.ledger_on_a_broker import LedgerOnABroker, inputs


@pytest.fixture(scope="session")
def ledger_on_a_broker(session_dir: Path, redis_server: RedisServer) -> Iterator[LedgerOnABroker]:
    """A cluster of its own on which workers, ended since, have worked off the demo company and a count of a shop."""
    # The inputs have times of their own, so that codes are the same every day; retention must not come for them.
    broker = Broker(session_dir / "demo-broker", settings={"log.initial.task.delay.ms": str(DAY_MS)})
    try:
        broker.start()
    except Trouble as trouble:
        if trouble.code not in ("network-missing", "java-missing"):
            raise
        pytest.skip(f"absent part: embedded broker ({trouble})")
    try:
        ledger = LedgerOnABroker(broker.bootstrap_servers, redis_server.url, session_dir / "demo-state")
        ledger.set_up()
        with ledger.worker("ledger"), ledger.worker("counting"):
            for group in inputs():
                ledger.send(group)
                if group[0]["topic"] in ("counts", "scans"):
                    ledger.wait_until_nothing_is_left()
                else:
                    ledger.wait_until_worked_off(group[0]["topic"])
        ledger.read_all()
        yield ledger
    finally:
        broker.kill()
