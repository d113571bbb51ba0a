"""What the load generator says must come of each movement does, and the checker finds nothing in a sound ledger."""

from collections.abc import Iterator

import pytest

from processors.cli.wiring import simulation
from processors.runtime.memory_log import MemoryBroker
from tests.faults.checker.history import History, Record
from tests.faults.checker.reading import TOPICS, history_of
from tests.faults.checker.report import check
from tests.faults.company import Scope
from tests.faults.load import Load

PARTITIONS = 4
TIME_MS = 1_790_000_000_000


def worked_off(seed: int, scope: Scope, movements: int) -> History:
    """A load worked off by the ledger in memory, without any fault."""
    site, _ = simulation(PARTITIONS, 50_000)
    load = Load(seed, PARTITIONS, scope, items=60)
    for key, value in load.master_data():
        site.send("master-data", 0, key, value, TIME_MS)
    expected = {}
    for number, sent in enumerate(load.movements(movements)):
        offset = len(site.broker.entries["movements", sent.partition])
        site.broker.append("movements", sent.partition, sent.key, sent.value, TIME_MS + number)
        if sent.expected is not None:
            expected["movements", sent.partition, offset] = sent.expected
        if number % 50 == 0:
            site.work_off()
    site.work_off()
    history = history_of(_committed(site.broker), PARTITIONS)
    history.expected = expected
    return history


def _committed(broker: MemoryBroker) -> Iterator[Record]:
    for topic in TOPICS:
        for record in broker.records(topic):
            yield Record(
                record.topic,
                record.partition,
                record.offset,
                record.timestamp_ms,
                record.key,
                None,
                record.value,
                {name: value or b"" for name, value in record.headers or ()},
            )


@pytest.mark.parametrize(("seed", "scope"), [(1, "item"), (2, "company")])
def test_what_the_generator_expects_comes_true(seed: int, scope: Scope) -> None:
    report = check(worked_off(seed, scope, 1500))
    assert not report.violations, f"seed {seed}: {report}"
    assert report.counts["done"] > 800


def test_loads_are_undone_and_their_codes_given_out_again() -> None:
    history = worked_off(3, "item", 1500)
    reversals = [r for r in history.of("movements") if r.value is not None and r.value["action"] == "reverse"]
    assert len(reversals) > 15
    again = [row for _, row in history.newest("lot-register") if row["generation"] > 1]
    assert again, "a freed lot code is used a second time"
