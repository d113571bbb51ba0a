"""Random histories of the real ledger through the loop: with crashes at random points they end as without any."""

import random
from typing import Any

import pytest

from processors.cli.wiring import ledger
from processors.domain.events import Reply
from processors.domain.master import (
    CodePart,
    CodeType,
    Company,
    Item,
    MasterRecord,
    Template,
    Warehouse,
)
from processors.domain.movement import Movement, MovementLot
from processors.domain.quantity import ONE
from processors.domain.registers import CounterRow, LotRow, SerialRow
from processors.runtime.loop import Limits
from tests.runtime.world import CODEC, Crash, World

POINTS = (
    "after-consume",
    "after-decide",
    "after-produce",
    "after-flush",
    "after-confirm",
    "after-commit",
    "after-apply",
)
ITEM_WIDE = ("PLAIN", "LOTS", "LOTS", "SERIALS")
ALL = (*ITEM_WIDE, "SHARED1", "SHARED2")
REGISTERS = ("stock-register", "lot-register", "serial-register", "counter-register", "ledger-state")
DAY = 20_717


def an_item(code: str, **what: Any) -> Item:
    plain: dict[str, Any] = {"lot_managed": False, "serial_managed": False, "withdrawal_policy": "manual"}
    return Item("FG", code, code, (), None, None, None, "pc", (), (), **{**plain, **what})


MASTER: tuple[MasterRecord, ...] = (
    Company(open_from=DAY - 100, open_to=DAY + 100),
    CodeType("lot", "LT", "lots", parts=(CodePart("number", 4, "0"),)),
    CodeType("serial", "SI", "serials of an item", parts=(CodePart("item_code"), CodePart("number", 6, "0"))),
    CodeType("serial", "SC", "serials of all", "company", parts=(CodePart("letters", 3), CodePart("number", 2, "0"))),
    Warehouse("W", "main"),
    Template("W", "LD", "load", "load", lot_management=True, create_serials=True, integrate_initial_quantity=True),
    Template("W", "UN", "unload", "unload", lot_management=True),
    an_item("PLAIN"),
    an_item("LOTS", lot_managed=True, withdrawal_policy="fefo", lot_code_type="LT", lot_validity_days=30),
    an_item("SERIALS", serial_managed=True, serial_code_type="SI", serial_generation="auto"),
    an_item("SHARED1", serial_managed=True, serial_code_type="SC", serial_generation="auto"),
    an_item("SHARED2", serial_managed=True, serial_code_type="SC", serial_generation="auto"),
)


class Story:
    """A random history; what a later movement can name depends on the answers before, so it is told step by step."""

    def __init__(self, seed: int, items: tuple[str, ...]) -> None:
        self.random = random.Random(seed)
        self.items = items
        self.sent: list[Movement] = []
        """In the order of sending, those that were sent twice twice."""

    def step(self, replies: dict[str, Reply]) -> Movement:
        draw = self.random
        if self.sent and draw.random() < 0.1:
            self.sent.append(draw.choice(self.sent))
            return self.sent[-1]
        item = draw.choice(self.items)
        pieces = draw.randrange(1, 6)
        load = draw.random() < 0.6
        lots: tuple[MovementLot, ...] = ()
        serials: tuple[str, ...] = ()
        if item == "LOTS":
            typed = draw.choice([None, None, f"{draw.randrange(8):04d}", "HAND"])
            lots = (MovementLot(typed if load else typed or "0000", pieces * ONE),)
        elif item != "PLAIN" and (not load or draw.random() < 0.3):
            known = [s for r in replies.values() for s in r.serials] or ["S1"]
            typed_by_hand = [f"{item}{draw.randrange(30):06d}" for _ in range(pieces)]
            serials = tuple(dict.fromkeys(typed_by_hand if load else draw.choices(known, k=pieces)))
        movement = Movement(
            movement_id=f"m{len(self.sent)}",
            action="post",
            reverses=None,
            template="LD" if load else "UN",
            warehouse="W",
            quantity=(len(serials) or pieces) * ONE,
            location=None,
            item_class="FG",
            item_code=item,
            variant=None,
            unit=None,
            effective_date=DAY - draw.randrange(3),
            lots=lots,
            serials=serials,
        )
        self.sent.append(movement)
        return movement


def run(seed: int, steps: int, items: tuple[str, ...], script: list[Movement] | None = None) -> tuple[World, Story]:
    """Tell a story of `steps` movements; with a `script`, that one again under crashes, lost disks and lost Redis."""
    world = World(lambda: ledger(CODEC, 50_000))
    limits = Limits(batch_max=7)
    pace, fate, story = random.Random(seed + 1), random.Random(seed + 2), Story(seed, items)
    worker = world.worker(limits=limits).work()
    for record in MASTER:
        world.send(record, "master-data")
    worker.work()
    assert world.dead_letters("master-data") == []
    replies: dict[str, Reply] = {}
    for number in range(steps):
        movement = script[number] if script else story.step(replies)
        world.send(movement, time_ms=DAY * 86_400_000 + number * 1000)
        if pace.random() < 0.5:
            continue  # several movements a batch
        if script and fate.random() < 0.4:
            world.crash_at = (fate.choice(POINTS), fate.randrange(1, 3))
        try:
            worker.work()
        except Crash:
            match fate.randrange(4):
                case 0:
                    world.disks["ledger-0"].lost()
                case 1:
                    world.redis.flush()
                case 2:
                    world.redis.restart(world.redis.snapshot())
            worker = world.worker(limits=limits).work()
        world.crash_at = None
        replies = {reply.request_id: reply for reply in world.replies() if reply.status == "done"}
    worker.work()
    return world, story


def finals(world: World, topic: str) -> dict[bytes | None, bytes | None]:
    return {record.key: record.value for record in world.broker.records(topic)}


@pytest.mark.parametrize("seed", range(20))
def test_a_history_with_crashes_ends_as_the_same_history_without(seed: int) -> None:
    """Item-wide codes only: company-wide ones may have a gap after Redis was lost, and then differ."""
    calm, story = run(seed, 60, ITEM_WIDE)
    stormy, _ = run(seed, 60, ITEM_WIDE, story.sent)
    for topic in REGISTERS:
        assert finals(calm, topic) == finals(stormy, topic)
    for topic in ("replies", "postings", "register-history", "movements.dead-letters"):
        one, other = ([(r.key, r.value) for r in world.broker.records(topic)] for world in (calm, stormy))
        assert sorted(one, key=repr) == sorted(other, key=repr)


@pytest.mark.parametrize("seed", range(12, 32))
def test_no_history_repeats_a_code_or_loses_a_movement(seed: int) -> None:
    _, story = run(seed, 80, ALL)
    world, _ = run(seed, 80, ALL, story.sent)
    done = [reply for reply in world.replies() if reply.status == "done"]
    assert len({(r.request_id) for r in done}) == len(done), "one effect a movement"
    answered = [reply.request_id for reply in world.replies()]
    sent = world.broker.records("movements")
    assert len(sent) == len(answered), "one answer an arrival"
    ordinals: set[tuple[str, str, int | None]] = set()
    for row in finals_of(world, "serial-register"):
        assert isinstance(row, SerialRow)
        if row.ordinal is not None:
            place = (
                "company" if row.serial_code_type == "SC" else row.item_code,
                str(row.serial_code_type),
                row.ordinal,
            )
            assert place not in ordinals, f"{place} was given out twice"
            ordinals.add(place)
    for lot in finals_of(world, "lot-register"):
        assert isinstance(lot, LotRow)
        if lot.ordinal is not None:
            assert ("lot", lot.item_code, lot.ordinal) not in ordinals
            ordinals.add(("lot", lot.item_code, lot.ordinal))
    for counter in finals_of(world, "counter-register"):
        assert isinstance(counter, CounterRow)
        if counter.scope == "item":
            used = [o for scope, _, o in ordinals if scope == ("lot" if counter.kind == "lot" else counter.item_code)]
            assert counter.next_ordinal > max((o for o in used if o is not None), default=-1)


def finals_of(world: World, topic: str) -> list[object]:
    return [CODEC.decode(topic, value) for value in finals(world, topic).values() if value is not None]
