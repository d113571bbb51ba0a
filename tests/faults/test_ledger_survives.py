"""Movements go on while workers die and Redis forgets: the checker then finds nothing (architecture §9)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from tests.faults.checker.report import check
from tests.faults.cluster import Cluster
from tests.faults.load import Load
from tests.faults.waiting import until

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]
LIMIT_S = 600.0
"""Tens of thousands of movements, on a machine that may be busy with other tests."""
SETTINGS = {
    "LOTSTREAM_SESSION_TIMEOUT_MS": "6000",
    "LOTSTREAM_TRANSACTION_TIMEOUT_MS": "6000",
    "LOTSTREAM_BATCH_MAX": "300",
}


@pytest.fixture
def make_cluster(
    fresh_cluster: Callable[..., Broker], redis_server: RedisServer, tmp_path: Path
) -> Iterator[Callable[[], Cluster]]:
    """Makes a ledger on a broker of its own; its workers are ended with the test."""
    made: list[Cluster] = []

    def make() -> Cluster:
        made.append(Cluster(fresh_cluster().bootstrap_servers, redis_server.url, tmp_path, settings=SETTINGS))
        made[-1].set_up()
        return made[-1]

    yield make
    for cluster in made:
        cluster.end()


def test_nothing_is_lost_doubled_or_reused_while_workers_die_and_redis_forgets(
    make_cluster: Callable[[], Cluster], redis_server: RedisServer
) -> None:
    """At full speed, on one broker; `test_faults` hurts more, at a slower pace."""
    movements, seed = 50_000, 20261121
    cluster = make_cluster()
    load = Load(seed, cluster.partitions)
    part = movements // 5

    def more() -> None:
        cluster.send(load.movements(part))

    def progress(count: int, what: str) -> None:
        until(lambda: cluster.done() >= count, f"{count} movements committed, {what}: {cluster.tail(0)}", LIMIT_S)

    watcher = cluster.watch()
    cluster.start(0)
    cluster.start(1)
    cluster.send_master_data(load)
    more()
    progress(part // 3, "before the first kill")
    cluster.kill(0)
    cluster.start(0, crash_at="after-flush:4")
    more()
    cluster.wait_for_crash(0)
    cluster.start(0, crash_at="after-commit:3")
    more()
    cluster.wait_for_crash(0)
    cluster.start(0)
    more()
    progress(3 * part, "before Redis forgets")
    redis_server.flush()
    more()
    until(cluster.worked_off, cluster.standing, LIMIT_S)
    cluster.stop()

    history = cluster.history()
    history.seen = watcher.stop()
    report = check(history)
    assert not report.violations, f"seed {seed}: {report}"
    assert not history.of("master-data.dead-letters"), "the company is valid"
    assert report.counts["inputs"] == movements == cluster.sent_count
    assert min(report.counts[status] for status in ("done", "duplicate", "refused")) > movements // 100
    assert history.seen, "the reader saw something while workers died"
