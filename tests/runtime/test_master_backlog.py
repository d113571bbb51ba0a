"""Master data in more batches than one, through the judge on a real broker."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from processors.cli import wiring
from processors.cli.settings import Settings
from processors.contract.cluster_facts import wanted_facts, write_facts
from processors.contract.headers import Headers
from processors.contract.manifest import key_of
from processors.contract.reading import read_records
from processors.contract.sending import send
from processors.contract.topics import apply
from processors.domain.master import CodePart, CodeType, Item, MasterRecord
from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer

RECORDS = 60
LIMIT_S = 180.0
TIME_MS = 1_790_000_000_000


@dataclass(slots=True)
class Sent:
    key: bytes | None
    value: bytes | None
    time_ms: int | None = TIME_MS
    headers: Headers = field(default_factory=list)


@pytest.mark.real
def test_an_item_is_judged_against_what_was_accepted_in_the_batch_before(
    fresh_cluster: Callable[..., Broker], redis_server: RedisServer, tmp_path: Path
) -> None:
    settings = Settings(
        bootstrap_servers=fresh_cluster().bootstrap_servers, redis_url=redis_server.url, redis_prefix="judged",
        partitions=2, batch_max=10, state_dir=tmp_path, metrics_port=0,
    )  # fmt: skip
    cluster, codec = wiring.connection(settings), wiring.codec(settings)
    apply(cluster.admin(), settings.partitions)
    write_facts(cluster, codec, wanted_facts(settings.partitions, codec.ids.source), TIME_MS)
    # The code type lies in the first batch, the items that name it fill all the others too.
    master: list[MasterRecord] = [CodeType("lot", "DAY", "Lot of a day", parts=(CodePart("number", 3, "0"),))]
    master += [an_item(f"I{number}") for number in range(1, RECORDS)]
    values = [Sent(key_of("master-data", record).encode(), codec.encode("master-data", record)) for record in master]
    send(cluster, "master-data", values)

    loop = wiring.worker_loop("ledger", settings)
    try:
        loop.start()
        until, idle = time.monotonic() + LIMIT_S, 0
        while (idle < 20 or loop.metrics.batches._value.get() < 1) and time.monotonic() < until:
            idle = 0 if loop.turn() else idle + 1
    finally:
        loop.close()

    assert [record.headers for record in read_records(cluster, "master-data.dead-letters")] == []
    assert len(list(read_records(cluster, "master-register"))) == RECORDS


def an_item(code: str) -> Item:
    return Item(
        "FOO", code, "Cheese", (), None, None, None, "KG", (), (), True, False, "manual", lot_code_type="DAY",
    )  # fmt: skip
