"""The projection on a real broker, into both databases: nothing missing, nothing twice, whatever dies."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select, update

from processors.edge.projection.projector import Projector, RebuildNeeded, projecting
from processors.edge.projection.rebuild import rebuild
from processors.edge.store.engine import Store
from processors.edge.store.tables import OFFSETS, PROJECTION, table_of
from tests.edge.projection.topics import ALERTS, CODEC, LOTS, Topics, in_step, running, stored
from tests.edge.store.postgresql import PostgresqlServer
from tests.faults.waiting import until

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[3]


@contextmanager
def process(topics: Topics, database: str, crash_at: str = "") -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.edge.projection.process", database, topics.connection.bootstrap_servers]
    environment = {**os.environ, "LOTSTREAM_CRASH_AT": crash_at}
    started = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


def test_what_is_committed_stands_in_sql_and_nothing_else(topics: Topics, store: Store) -> None:
    topics.write(3)
    topics.write(2, abort=True)
    topics.write()
    with running(topics, store) as projection:
        until(in_step(topics, store), lambda: f"{projection.status} {store.lag()}")
        topics.write(2)
        topics.write(abort=True)
        until(in_step(topics, store), lambda: f"{projection.status} {store.lag()}")
        until(lambda: store.lag().records == 0, lambda: f"lag returns to zero: {store.lag()}")
        assert (projection.status.state, projection.status.error) == ("following", None)


def test_what_came_while_nobody_projected_is_told_before_it_is_read_and_then_less_and_less(
    topics: Topics, store: Store
) -> None:
    with running(topics, store):
        until(in_step(topics, store), lambda: str(store.lag()))
    topics.write(5, size=100)
    with projecting(Projector(store, topics.connection, CODEC)) as projector:
        told = [store.lag().records]
        assert told[0] >= 5 * 100 * 2  # each a lot and an alert
        while projector.behind():
            projector.turn()
            told.append(store.lag().records)
    assert told == sorted(told, reverse=True)
    assert told[-1] == 0


def test_a_projection_killed_at_any_point_leaves_no_gap_and_nothing_twice(topics: Topics, database: str) -> None:
    for crash_at in ("after-consume:2", "before-commit:1", "after-commit:2"):
        with process(topics, database, crash_at) as doomed:
            until(
                lambda: topics.write(size=10) or doomed.poll() is not None,  # type: ignore[func-returns-value]
                f"it dies at {crash_at}",
                poll_s=0.2,
            )
            assert doomed.returncode == -signal.SIGKILL
    with Store(database) as store, process(topics, database):
        until(in_step(topics, store), lambda: str(store.lag()))


def test_a_projection_killed_at_any_moment_leaves_no_gap_and_nothing_twice(topics: Topics, database: str) -> None:
    with Store(database) as store:
        store.migrate()
        for _ in range(2):
            before = store.lag().looked_at
            with process(topics, database) as doomed:
                until(lambda: store.lag().looked_at != before, "it looks at the topics")  # noqa: B023
                for _ in range(random.randrange(1, 5)):
                    topics.write(size=100)
                doomed.kill()
        with process(topics, database):
            until(in_step(topics, store), lambda: str(store.lag()))


def test_of_two_projections_on_one_database_each_batch_is_written_by_one(topics: Topics, database: str) -> None:
    with Store(database) as store:
        store.migrate()
        with running(topics, store) as one, running(topics, store) as other:
            for _ in range(6):
                topics.write(size=60)
            until(in_step(topics, store), lambda: f"{one.status} {other.status} {store.lag()}")
            assert (one.status.restarts, other.status.restarts) == (0, 0), (one.status, other.status)
        topics.write()
        with running(topics, store):
            until(in_step(topics, store), lambda: str(store.lag()))


def test_a_projection_whose_broker_goes_away_says_so_and_goes_on_when_it_is_back(
    topics: Topics, tmp_path: Path
) -> None:
    with Store(f"sqlite:///{tmp_path}/edge.db") as store:
        store.migrate()
        with running(topics, store) as projection:
            until(lambda: projection.status.state == "following", lambda: str(projection.status))
            topics.broker.stop()
            until(lambda: projection.status.state == "stopped", lambda: str(projection.status))
            assert projection.status.error is not None
            until(lambda: store.lag().state == "stopped" and store.lag().message, lambda: str(store.lag()))
            topics.broker.start()
            topics.write()
            until(in_step(topics, store), lambda: f"{projection.status} {store.lag()}")
            until(lambda: store.lag().state == "following", lambda: str(store.lag()))


def test_a_projection_whose_database_goes_away_goes_on_when_it_is_back(
    topics: Topics, postgresql: PostgresqlServer
) -> None:
    with Store(postgresql.url()) as store:
        store.migrate()
        with running(topics, store) as projection:
            until(in_step(topics, store), lambda: f"{projection.status} {store.lag()}")
            postgresql.restart()
            topics.write(2)
            until(lambda: projection.status.restarts > 0, lambda: str(projection.status))
            until(in_step(topics, store), lambda: f"{projection.status} {store.lag()}")


def test_a_rebuilt_store_takes_the_place_of_the_old_one_while_the_projection_runs(
    topics: Topics, database: str
) -> None:
    topics.write(2)
    with Store(database) as store, Store(database) as asked:
        store.migrate()
        with running(topics, store) as projection:
            until(in_step(topics, store), lambda: f"{projection.status} {store.lag()}")
            with store.write() as connection:
                connection.execute(update(table_of(LOTS)).values(stock=-1))
                connection.execute(delete(table_of(ALERTS)).where(table_of(ALERTS).c.topic_partition == 1))
            told: list[tuple[int, int]] = []
            rebuild(asked, topics.connection, CODEC, lambda done, left: told.append((done, left)))
            assert told[-1][1] == 0
            assert in_step(topics, asked)()
            topics.write(2)
            until(in_step(topics, store), lambda: f"{projection.status} {store.lag()}")
            assert stored(asked) == stored(store)


def test_a_store_that_was_away_too_long_or_read_more_than_there_is_asks_for_a_rebuild(
    topics: Topics, store: Store
) -> None:
    def run() -> None:
        with projecting(Projector(store, topics.connection, CODEC)) as projector:
            projector.turn()

    run()
    with store.write() as connection:
        connection.execute(update(OFFSETS).where(OFFSETS.c.topic == LOTS).values(next_offset=10**9))
    with pytest.raises(RebuildNeeded, match=r"lot-register.*lotstream edge rebuild"):
        run()
    with store.write() as connection:
        connection.execute(update(OFFSETS).values(next_offset=0))
        looked_at = connection.scalar(select(func.max(PROJECTION.c.looked_at)))
        connection.execute(update(PROJECTION).values(looked_at=looked_at - 16 * 86_400_000))
    with pytest.raises(RebuildNeeded, match="15 days"):
        run()
