"""Redis and the broker go away and come back: the worker waits and goes on by itself, or says why it cannot start."""

import time
from collections.abc import Callable

import pytest

from processors.embedded.redis import RedisServer
from tests.faults.waiting import until
from tests.real.ledger import BROKER_BACK_S, LOTTED, RealLedger

pytestmark = pytest.mark.real
FLOUR = (LOTTED.item_class, LOTTED.item_code)


def test_without_redis_at_the_start_the_worker_waits_for_it(ledger: RealLedger) -> None:
    ledger.stop()
    ledger.redis.kill()
    worker = ledger.start(0)
    until(lambda: ledger.said(0, "start waits"), f"it says that it waits: {ledger.tail(0)}")
    assert worker.is_running
    ledger.redis.start()
    assert ledger.reply_to(ledger.a_movement(FLOUR))["status"] == "done"


def test_without_redis_in_the_middle_movements_wait_and_are_taken_when_it_is_back(ledger: RealLedger) -> None:
    worker = ledger.workers[0]
    ledger.redis.kill()
    log = ledger.log(0).stat().st_size
    places = ledger.send(ledger.sent(ledger.a_movement(FLOUR)) for _ in range(5))
    until(lambda: "counters unavailable" in ledger.log(0).read_text()[log:], f"it says so: {ledger.tail(0)}")
    assert not ledger.worked_off(), "no movement is taken or lost meanwhile"
    ledger.redis.start()
    answers = [ledger.outcome(place, ("replies",))["replies"].value for place in places]
    assert all(answer is not None and answer["status"] == "done" for answer in answers)
    assert worker.is_running, "the same process goes on"


def test_a_redis_that_lost_its_data_is_filled_again_and_no_code_repeats(ledger: RealLedger) -> None:
    ledger.redis.flush()
    ledger.send(ledger.load.movements(300))
    ledger.prove()


def test_a_redis_that_may_evict_keys_is_refused_at_the_start(
    ledger: RealLedger, fresh_redis: Callable[..., RedisServer]
) -> None:
    evicting = fresh_redis({"maxmemory-policy": "allkeys-lru"})
    ledger.stop()
    worker = ledger.start(0, LOTSTREAM_REDIS_URL=evicting.url)
    until(lambda: not worker.is_running, "the worker ends")
    assert worker.exit_code == 2, ledger.tail(0)
    assert ledger.said(0, "noeviction")
    assert ledger.said(0, "allkeys-lru")


def test_a_broker_that_is_gone_for_a_while_costs_nothing_but_time(own_ledger: RealLedger) -> None:
    ledger = own_ledger
    ledger.send(ledger.load.movements(1500))
    until(lambda: not ledger.worked_off(), "there is work in hand")
    ledger.broker.kill()
    # Much longer than its session and its transaction last: nothing that it held at the broker is left.
    over = time.monotonic() + 20
    until(lambda: time.monotonic() > over, "the worker's time is over")
    ledger.broker.start()
    # The group may take a member that comes back for another one of the same name: then it ends and comes anew.
    until(ledger.supervised_and_done, ledger.standing, BROKER_BACK_S)
    ledger.prove()
