"""A database by its URL: an SQLite file or a schema of PostgreSQL, opened the way the store needs it.

`sqlite:///path/of/file` or `postgresql://user@host/database`. The tables are made and brought up to date by `migrate`.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from processors.edge.store import generations, upgrade
from processors.edge.store.queries_offsets import Lag, lag

SCHEMA: Final = "lotstream"
"""The schema of the tables on PostgreSQL."""
BUSY_LIMIT_S: Final = 30
"""How long a writer of an SQLite file waits for another one."""
CACHE_KIB: Final = 64 * 1024


class Store:
    """The store of one edge. Connections are made as they are needed; for any number of threads.

    url: as above; ValueError for another kind of database. `schema`: on PostgreSQL, where the tables are.
    """

    def __init__(self, url: str, schema: str = SCHEMA) -> None:
        self.url = _normal(make_url(url))
        self.schema = schema
        self._opening = Lock()
        self._engine: Engine | None = None
        self._file: Path | None = None

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The SQLite file's name, as it was given; None on PostgreSQL."""
        return Path(self.url.database or "") if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the store: rows and offsets that belong together. Changes nothing."""
        engine = self.engine()
        if not self.is_sqlite:
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection with a transaction that is committed at the end, and rolled back on an error."""
        with self.engine().begin() as connection:
            yield connection

    def lag(self) -> Lag:
        """How far the store is behind the topics, as the projection saw it when it last looked."""
        with self.read() as connection:
            return lag(connection)

    def migrate(self) -> None:
        """Make the tables, or bring them up to date. Several processes may do so at once."""
        upgrade.upgrade(self.engine(), self.schema)

    def engine(self) -> Engine:
        """The engine of the tables as they now are: another one after they were rebuilt."""
        file = generations.current(self.path) if self.path else None
        with self._opening:
            if self._engine is None or file != self._file:
                if self._engine is not None:
                    self._engine.dispose()
                self._file = file
                self._engine = _sqlite(file) if file else _postgresql(self.url, self.schema)
            return self._engine

    def close(self) -> None:
        with self._opening:
            if self._engine is not None:
                self._engine.dispose()
            self._engine = None

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _normal(url: URL) -> URL:
    match url.get_backend_name():
        case "sqlite" if url.database not in (None, "", ":memory:"):
            return url.set(drivername="sqlite")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case _:
            shown = url.render_as_string(hide_password=True)
            raise ValueError(f"expected sqlite:///path/of/file or postgresql://user@host/database, got {shown}")


def _postgresql(url: URL, schema: str) -> Engine:
    options = f"-c search_path={schema} -c timezone=UTC -c synchronous_commit=off"
    # What is lost with the server's memory is read again from the topics: rows and offsets go together.
    return create_engine(url, pool_pre_ping=True, connect_args={"options": options, "application_name": "lotstream"})


def _sqlite(file: Path) -> Engine:
    file.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        URL.create("sqlite", database=os.fspath(file)),
        connect_args={"timeout": BUSY_LIMIT_S, "check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for setting in (
        "journal_mode = WAL",  # readers and the one writer do not wait for each other
        "synchronous = NORMAL",  # a power cut loses the last transactions whole: they are read again from the topics
        f"cache_size = -{CACHE_KIB}",
        "temp_store = MEMORY",
        "wal_autocheckpoint = 16384",  # pages: what changes again and again goes into the file itself less often
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # The driver begins a transaction with the first change only: reads would see several moments.
    connection.exec_driver_sql("BEGIN")
