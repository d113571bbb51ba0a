"""Parts that tests of the edge share: a real PostgreSQL, and an empty, up-to-date store on each database."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.edge.store.engine import Store
from tests.conftest import absent
from tests.edge.store.postgresql import Absent, PostgresqlServer


@pytest.fixture(scope="session")
def postgresql(session_dir: Path) -> Iterator[PostgresqlServer]:
    """One PostgreSQL server for the session; `.url()` makes an empty database."""
    directory = Path(tempfile.mkdtemp(prefix="postgresql-", dir=session_dir))
    try:
        server = PostgresqlServer(directory)
    except Absent as reason:
        absent("PostgreSQL server", str(reason))
        raise
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/edge.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.url()


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """An empty store with its tables, of each kind."""
    with Store(database) as store:
        store.migrate()
        yield store
