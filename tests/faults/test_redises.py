"""What faults ask of Redis they are told: which keys there are, and how a replica stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.links import Proxy
from tests.faults.redises import Redises
from tests.faults.servers import need_servers
from tests.faults.waiting import until

pytestmark = pytest.mark.real


@pytest.fixture
def redises(tmp_path: Path) -> Iterator[Redises]:
    need_servers()
    proxy = Proxy()
    made = Redises(tmp_path, proxy, (0, 1))
    yield made
    made.end()
    proxy.close()


def test_keys_are_named_as_they_are(redises: Redises) -> None:
    redises.ask("SET one:{company}:state text")
    redises.ask("HSET two:{0}:handed field 1")
    assert redises.keys() == ["one:{company}:state", "two:{0}:handed"]


def test_a_promoted_replica_has_what_it_had_when_its_link_was_held_up(redises: Redises) -> None:
    redises.ask("SET before 1")
    replica, link = redises.add_replica()
    until(lambda: "$1" in replica.ask("GET before"), "the replica has what was there")
    link.set("stalled")
    redises.ask("SET after 1")
    former = redises.promote(replica, but=0)
    assert redises.main is replica
    assert redises.keys() == ["before"]
    assert former.ask("GET after") == "$1"
    redises.aim_all()
    former.kill()


def test_redis_that_reads_its_file_slowly_says_so_and_then_goes_on(redises: Redises) -> None:
    for number in range(200):
        redises.ask(f"SET key:{number} text")
    redises.main.kill()
    redises.restart({"key-load-delay": "1000"})
    assert len(redises.keys()) == 200
