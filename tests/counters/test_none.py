"""Counters for a processor that gives out no codes: its loop works as any, and a processor that does is a bug."""

import pytest

from processors.counters.none import NoCounters
from processors.domain.decision import Decision
from processors.domain.progressives import Counter, Need
from processors.runtime.loop import Loop
from processors.runtime.memory_log import MemoryLog
from processors.runtime.memory_store import MemoryStores
from tests.counters.world import a_claim
from tests.runtime.minimal import MinimalProcessor
from tests.runtime.world import CODEC, World, a_movement, an_item, statuses

NEED = Need(Counter("lot", "T", ("A", "B", ""), ""), 0, 1, None)


class WithoutCodes(MinimalProcessor):
    """As the counting processor: no judge of master data, no progressives."""

    name = "counting"
    inputs = ("movements", "register-edits")


def a_loop(world: World) -> Loop:
    log = MemoryLog(world.broker, "lotstream-counting", "counting-0")
    loop = Loop(WithoutCodes(), log, MemoryStores(), NoCounters(), CODEC, world.counts)
    loop.start()
    return loop


def work_off(loop: Loop) -> None:
    for _ in range(50):
        if not loop.turn(0):
            return
    raise AssertionError("still busy")


def test_a_loop_without_counters_takes_over_decides_and_goes_on_after_a_restart() -> None:
    world = World()
    world.send(a_movement("m1", quantity=3))
    work_off(a_loop(world))
    world.send(a_movement("m2", quantity=4))
    loop = a_loop(world)
    work_off(loop)
    assert statuses(world.replies()) == {"m1": "done", "m2": "done"}
    assert loop.ready
    assert world.broker.records("counter-epochs") == []


def test_an_aborted_batch_is_taken_again() -> None:
    world = World()
    log = MemoryLog(world.broker, "lotstream-counting", "counting-0")
    loop = Loop(WithoutCodes(), log, MemoryStores(), NoCounters(), CODEC, world.counts)
    loop.start()
    log.faults["commit"].append("abort")
    world.send(a_movement("m1"))
    work_off(loop)
    assert statuses(world.replies()) == {"m1": "done"}


def test_a_group_that_judges_no_master_data_does_not_wait_for_what_is_still_to_be_judged() -> None:
    world = World()
    world.send_raw("master-data", 0, b"item|FG|A", CODEC.encode("master-data", an_item("A")))
    world.send(a_movement("m1", notes="refuse item-unknown"))
    work_off(a_loop(world))
    assert statuses(world.replies()) == {"m1": "refused"}


def test_a_processor_that_asks_for_codes_is_a_bug() -> None:
    counters = NoCounters()
    reservation = counters.reserve([])
    assert (reservation.grants, reservation.epoch) == ({}, None)
    assert counters.claim(reservation, [Decision()]).wait_at is None
    assert not counters.flush_outcomes()
    with pytest.raises(AssertionError, match="asks for ordinals of lot"):
        counters.reserve([NEED])
    with pytest.raises(AssertionError, match="claims lot"):
        counters.claim(reservation, [Decision(claims=[a_claim("lot|L1", 0)])])
