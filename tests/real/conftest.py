"""The ledger that these tests share (a broker, a Redis, one worker), and one of their own for those that need it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import absent
from tests.real.ledger import RealLedger
from tests.real.servers import SharedLedger


@pytest.fixture(scope="session")
def shared_ledger(session_dir: Path) -> Iterator[SharedLedger]:
    shared = SharedLedger(session_dir, absent)
    yield shared
    shared.end()


@pytest.fixture
def ledger(shared_ledger: SharedLedger) -> Iterator[RealLedger]:
    """The shared ledger with its worker (slot 0) running and nothing left to do; it may be left in any state."""
    yield shared_ledger.running()
    shared_ledger.running()


@pytest.fixture
def own_ledger(session_dir: Path) -> Iterator[RealLedger]:
    """A ledger whose broker may be killed: what becomes of it is no other test's concern."""
    own = SharedLedger(session_dir, absent)
    yield own.running()
    own.end()
