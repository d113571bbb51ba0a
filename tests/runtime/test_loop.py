"""The loop over memory ports: each rule of the write path, and a crash at each of its points."""

import logging

import pytest

from processors.contract.manifest import MIB
from processors.contract.partitions import partition_of
from processors.domain.registers import StockRow
from processors.runtime.loop import Limits, TooManyBugs
from tests.runtime.world import CODEC, Crash, World, a_movement, an_edit, an_item, statuses

POINTS = (
    "after-consume",
    "after-decide",
    "after-produce",
    "after-flush",
    "after-confirm",
    "after-commit",
    "after-apply",
)


def stocks(world: World) -> dict[str, int]:
    """Item → stock, as the newest row of the register says."""
    found: dict[str, int] = {}
    for row in world.values("stock-register"):
        assert isinstance(row, StockRow)
        found[row.item_code] = row.stock // 1_000_000
    return found


def test_a_movement_becomes_a_reply_and_a_row() -> None:
    world = World()
    world.send(a_movement("m1", quantity=3))
    world.send(a_movement("m2", quantity=4))
    world.worker().work()
    assert statuses(world.replies()) == {"m1": "done", "m2": "done"}
    assert stocks(world) == {"A": 7}


def test_after_a_commit_a_store_stands_behind_the_last_row_of_each_register_that_was_written() -> None:
    world = World()
    worker = world.worker()
    for number, item in enumerate("ABCDA"):
        world.send(a_movement(f"m{number}", item=item))
    worker.work()
    ends = {(row.topic, row.partition): row.offset + 1 for row in world.broker.records("stock-register")}
    assert len(ends) > 1, "several tasks were written in one transaction"
    assert {place: worker.stores.open(place[1]).stamp().positions[place[0]] for place in ends} == ends


def test_every_output_says_what_it_follows_from() -> None:
    world = World()
    partition = world.send(a_movement("m1"))
    world.worker().work()
    headers = dict(world.broker.records("replies")[0].headers or [])
    assert headers["ce_id"] == f"movements/{partition}/0/0".encode()
    assert headers["ce_subject"] == b"m1"
    assert headers["ce_source"] == b"/lotstream/ledger"


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("disk", ["kept", "lost"])
def test_a_crash_at_any_point_loses_nothing_and_does_nothing_twice(point: str, passes: int, disk: str) -> None:
    world = World()
    worker = world.worker().work()
    world.crash_at = (point, passes)
    for number in range(6):
        world.send(a_movement(f"m{number}", item="AB"[number % 2], quantity=number, notes="code 2"))
        try:
            worker.work()
        except Crash:
            if disk == "lost":
                world.disks["ledger-0"].lost()
            worker = world.worker().work()
    assert world.crash_at is None, "the point was reached"
    assert {f"m{n}": "done" for n in range(6)} == statuses(world.replies())
    assert stocks(world) == {"A": 6, "B": 9}
    codes = sorted((r.request_id[1:], [lot.ordinal for lot in r.lots]) for r in world.replies())
    assert [ordinals for n, ordinals in codes if int(n) % 2 == 0] == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("outcome", ["unknown-committed", "unknown-aborted", "abort"])
def test_a_commit_without_a_clear_answer_is_settled_before_anything_is_redone(outcome: str) -> None:
    world = World()
    worker = world.worker().work()
    worker.log.faults["commit"] = [outcome]  # type: ignore[list-item]  # a parametrised literal
    world.send(a_movement("m1", quantity=5))
    worker.work()
    world.send(a_movement("m2", quantity=6))
    worker.work()
    assert statuses(world.replies()) == {"m1": "done", "m2": "done"}
    assert stocks(world) == {"A": 11}


def test_an_unacknowledged_record_aborts_the_batch_and_it_is_taken_again() -> None:
    world = World()
    worker = world.worker().work()
    worker.log.faults["flush"] = ["abort"]
    world.send(a_movement("m1", quantity=5))
    worker.work()
    assert statuses(world.replies()) == {"m1": "done"}
    assert stocks(world) == {"A": 5}


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        (b"FG|A", None, "message-undecodable"),
        (b"FG|A", b"", "message-undecodable"),
        (b"FG|A", b"\x01\0\0\0\x01rest", "message-undecodable"),
        (b"FG|A", b"\0\xff\xff\xff\xff", "message-undecodable"),
        (None, "right", "key-mismatch"),
        (b"FG|B", "right", "key-mismatch"),
        (b"FG|A", "truncated", "message-undecodable"),
    ],
)
def test_what_cannot_be_read_goes_to_the_dead_letters_and_the_rest_goes_on(
    key: bytes | None, value: bytes | str | None, code: str
) -> None:
    world = World()
    right = CODEC.encode("movements", a_movement("m0"))
    data = {"right": right, "truncated": right[:-4]}.get(value) if isinstance(value, str) else value
    world.send_raw("movements", 1, key, data)
    world.send(a_movement("m1"))
    world.worker().work()
    letters = world.dead_letters()
    assert [(letter.key, letter.value) for letter in letters] == [(key, data)]
    headers = dict(letters[0].headers or [])
    assert headers["error-code"] == code.encode()
    assert headers["error-kind"] == b"poison"
    assert headers["__streams.errors.partition"] == b"1"
    assert statuses(world.replies()) == {"m1": "done"}


@pytest.mark.parametrize(("size", "kept"), [(8 * MIB + 1, True), (16 * MIB, False)])
def test_a_record_that_was_only_let_in_compressed_is_refused_and_kept_where_a_letter_can_hold_it(
    size: int, kept: bool
) -> None:
    world = World()
    world.send_raw("movements", 0, b"FG|A", bytes(size))
    world.send(a_movement("m1"))
    world.worker().work()
    (letter,) = world.dead_letters()
    told = dict(letter.headers or ())
    assert told["error-code"] == b"message-undecodable"
    assert f"expected at most {8 * MIB} bytes, got {size}".encode() in (told["__streams.errors.message"] or b"")
    assert (told["__streams.errors.topic"], told["__streams.errors.offset"]) == (b"movements", b"0")
    assert (letter.key, letter.value) == ((b"FG|A", bytes(size)) if kept else (None, None))
    assert statuses(world.replies()) == {"m1": "done"}


def test_a_record_that_another_partitioner_put_elsewhere_is_refused() -> None:
    world = World()
    movement = a_movement("m1")
    right = world.send(movement)
    world.send_raw("movements", (right + 1) % 4, b"FG|A", CODEC.encode("movements", movement))
    world.worker().work()
    (letter,) = world.dead_letters()
    assert dict(letter.headers or [])["error-code"] == b"key-mismatch"
    assert b"murmur2" in (dict(letter.headers or [])["__streams.errors.message"] or b"")
    assert stocks(world) == {"A": 1}


def test_a_refused_movement_is_answered_and_kept_with_its_bytes() -> None:
    world = World()
    world.send(a_movement("m1", notes="refuse lot-missing"), time_ms=1_790_000_000_123)
    world.worker().work()
    (reply,) = world.replies()
    assert reply.status == "refused"
    (letter,) = world.dead_letters()
    assert letter.value == CODEC.encode("movements", a_movement("m1", notes="refuse lot-missing"))
    assert letter.timestamp_ms == 1_790_000_000_123
    assert dict(letter.headers or [])["error-kind"] == b"rule"


def test_a_refusal_leaves_no_gap_between_two_accepted_movements() -> None:
    world = World()
    for id, notes in (("m1", "code 1"), ("m2", "refuse lot-missing"), ("m3", "code 1")):
        world.send(a_movement(id, notes=notes))
    world.worker().work()
    assert [[lot.ordinal for lot in r.lots] for r in world.replies() if r.status == "done"] == [[0], [1]]


def test_a_bug_costs_one_message_and_the_worker_stays_up() -> None:
    world = World()
    for number in range(5):
        world.send(a_movement(f"m{number}", notes="bug" if number == 2 else None))
    world.worker().work()
    assert statuses(world.replies()) == {"m0": "done", "m1": "done", "m3": "done", "m4": "done"}
    (letter,) = world.dead_letters()
    headers = dict(letter.headers or [])
    assert headers["error-code"] == b"internal-error"
    assert headers["error-kind"] == b"internal"
    assert b"ZeroDivisionError" in (headers["__streams.errors.stacktrace"] or b"")


def test_several_bugs_in_a_row_stop_the_worker_instead_of_draining_the_topic() -> None:
    world = World()
    for number in range(8):
        world.send(a_movement(f"m{number}", notes="bug"))
    with pytest.raises(TooManyBugs):
        world.worker(limits=Limits(bugs_max=5)).work()
    assert len(world.dead_letters()) == 4


def test_heavy_messages_share_a_transaction_only_up_to_the_weight() -> None:
    world = World()
    for number in range(6):
        world.send(a_movement(f"m{number}", packages=10))
    world.worker(limits=Limits(weight_max=25)).work()
    partition = next(p for p in range(4) if world.broker.entries["stock-register", p])
    entries = world.broker.entries["stock-register", partition]
    assert len([e for e in entries if e.record is None]) == 3
    assert stocks(world) == {"A": 6}


def test_a_message_heavier_than_the_limit_still_gets_its_transaction() -> None:
    world = World()
    world.send(a_movement("m1", packages=1000))
    world.worker(limits=Limits(weight_max=25)).work()
    assert statuses(world.replies()) == {"m1": "done"}


def test_master_data_sent_before_a_movement_is_seen_by_it_though_another_task_judges_it() -> None:
    world = World()
    worker = world.worker().work()
    world.send(an_item("A"), "master-data")
    worker.work()
    world.send(a_movement("m1", notes="refuse item-unknown"))
    worker.work()
    assert statuses(world.replies()) == {"m1": "done"}


def test_a_movement_waits_for_master_data_that_another_worker_has_still_to_judge() -> None:
    world = World()
    judge, other = world.worker("ledger-0").work(), world.worker("ledger-1").work()
    judge.work()
    item = next(name for name in "ABCDEFGH" if partition_of(f"FG|{name}", 4) > 1)
    world.send(an_item(item), "master-data")
    world.send(a_movement("m1", item=item, notes="refuse item-unknown"))
    for _ in range(3):
        other.loop.turn(0)
    assert world.replies() == [], "the judge has not read the item yet"
    judge.work()
    other.work()
    assert statuses(world.replies()) == {"m1": "done"}


def test_what_is_unknown_for_good_is_refused_for_good() -> None:
    world = World()
    world.send(an_item("A"), "master-data")
    world.send(a_movement("m1", notes="refuse item-unknown"))
    world.send(a_movement("m2", notes="refuse template-unknown"))
    world.worker().work()
    assert statuses(world.replies()) == {"m1": "done", "m2": "refused"}


def test_an_edit_waits_once_for_the_movements_that_were_sent_before_it() -> None:
    world = World()
    worker = world.worker(limits=Limits(batch_max=1)).work()
    worker.log.pause([("movements", p) for p in range(4)])
    world.send(a_movement("m1"))
    world.send(an_edit("e1"), "register-edits")
    world.send(an_edit("e2", item="NONE"), "register-edits")
    for _ in range(3):
        worker.loop.turn(0)
    assert [r for r in world.replies() if r.request_id == "e1"] == []
    worker.log.resume([("movements", p) for p in range(4)])
    worker.work()
    assert statuses(world.replies()) == {"m1": "done", "e1": "done", "e2": "refused"}


def test_a_continuation_runs_behind_what_was_there_and_in_slices() -> None:
    world = World()
    world.send(a_movement("m1", notes="barrier movements"))
    world.send(a_movement("m2"))
    world.send(a_movement("m3"))
    world.worker(limits=Limits(batch_max=1)).work()
    order = [record.key for record in world.broker.journal if record.topic == "replies"]
    assert order == [b"m1", b"m2", b"m3", b"b-m1-3", b"b-m1-2", b"b-m1-1"]
    assert not [k for k, v in {r.key: r.value for r in world.broker.records("ledger-state")}.items() if v is not None]


@pytest.mark.parametrize("passes", range(1, 7))
@pytest.mark.parametrize("point", ["after-produce", "after-commit", "after-apply"])
def test_a_continuation_survives_the_crash_of_its_worker(point: str, passes: int) -> None:
    world = World()
    world.send(a_movement("m1", notes="barrier movements"))
    world.send(a_movement("m2"))
    worker = world.worker(limits=Limits(batch_max=1))
    world.crash_at = (point, passes)
    try:
        worker.work()
    except Crash:
        world.worker(limits=Limits(batch_max=1)).work()
    assert set(statuses(world.replies())) == {"m1", "m2", "b-m1-3", "b-m1-2", "b-m1-1"}


def test_two_workers_share_the_tasks_and_one_takes_over_what_the_other_leaves() -> None:
    world = World()
    first, second = world.worker("ledger-0"), world.worker("ledger-1")
    for number in range(40):
        world.send(a_movement(f"m{number}", item=f"I{number}"))
        first.work()
        second.work()
    assert len(first.processor.decided) > 0
    assert len(second.processor.decided) > 0
    first.log.leave()
    for number in range(40, 60):
        world.send(a_movement(f"m{number}", item=f"I{number}"))
    second.work()
    assert {f"m{n}": "done" for n in range(60)} == statuses(world.replies())
    assert {f"I{n}": 1 for n in range(60)} == stocks(world)


def test_a_former_owner_that_wakes_up_in_a_batch_changes_nothing() -> None:
    world = World()
    zombie = world.worker("ledger-0").work()
    world.send(a_movement("m1", quantity=5))
    world.crash_at = ("after-decide", 1)
    with pytest.raises(Crash):
        zombie.work()
    zombie.log.leave()
    world.worker("ledger-1").work()
    # The zombie goes on where it was frozen: its commit names a generation that is gone.
    in_hand = zombie.loop._in_hand
    zombie.loop._work_off(list(in_hand))
    assert statuses(world.replies()) == {"m1": "done"}
    assert stocks(world) == {"A": 5}


def test_a_former_owner_that_wakes_up_in_a_continuation_changes_nothing() -> None:
    world = World()
    zombie = world.worker("ledger-0", Limits(batch_max=1)).work()
    partition = world.send(a_movement("m1", notes="barrier movements"))
    zombie.loop.turn(0)
    assert [p for p, task in zombie.loop._tasks.items() if task.barriers] == [partition]
    zombie.log.leave()
    world.worker("ledger-1").work()
    before = len(world.replies())
    zombie.loop._work_off(zombie.loop._due())
    assert len(world.replies()) == before


def test_redis_down_in_the_middle_holds_the_work_and_it_goes_on_by_itself() -> None:
    world = World()
    worker = world.worker().work()
    world.redis.up = False
    world.send(a_movement("m1", notes="code 2"))
    answered = worker.loop._counters.check
    tries = 0

    def check() -> None:
        nonlocal tries
        tries += 1
        if tries == 3:
            world.redis.up = True
        answered()

    worker.loop._counters.check = check  # type: ignore[method-assign]  # the moment at which the server comes back
    worker.work()
    assert tries >= 3
    assert statuses(world.replies()) == {"m1": "done"}


def test_lost_counters_are_rebuilt_and_no_company_wide_ordinal_repeats() -> None:
    world = World()
    worker = world.worker().work()
    for number in range(12):
        if number in (4, 8):
            world.redis.flush()
        if number == 6:
            world.redis.restart(world.redis.snapshot())
        world.send(a_movement(f"m{number}", item=f"I{number}", notes="code company 3"))
        worker.work()
    given = [lot.ordinal for reply in world.replies() for lot in reply.lots]
    assert len(given) == 36
    assert len(set(given)) == 36


def test_counters_made_for_the_first_time_are_no_reason_to_worry_and_lost_ones_are(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def grave() -> list[str]:
        return [record.message for record in caplog.records if record.levelno >= logging.WARNING]

    caplog.set_level(logging.INFO)
    world = World()
    first, second = world.worker("ledger-0"), world.worker("ledger-1")
    for number in range(8):
        world.send(a_movement(f"m{number}", item=f"I{number}", notes="code company 3"))
    first.work()
    second.work()
    assert "counters made for the first time" in caplog.messages
    assert grave() == []
    world.redis.flush()
    world.send(a_movement("m9", notes="code company 3"))
    first.work()
    second.work()
    assert grave() == ["rebuilding the company-wide counters", "counters lost their state: rebuilt"]


def test_a_company_wide_code_belongs_to_one_item_even_after_redis_forgot_it() -> None:
    world = World()
    worker = world.worker().work()
    world.send(a_movement("m1", item="A", notes="claim L1"))
    worker.work()
    world.redis.flush()
    world.send(a_movement("m2", item="B", notes="claim L1"))
    worker.work()
    assert statuses(world.replies()) == {"m1": "done", "m2": "refused"}


def test_a_topic_that_was_deleted_and_made_again_wipes_the_store() -> None:
    world = World()
    world.send(a_movement("m1", quantity=5))
    world.worker().work()
    for topic in ("stock-register", "lot-register", "serial-register", "counter-register", "ledger-state"):
        world.broker.recreate(topic)
    world.send(a_movement("m2", quantity=1))
    world.worker().work()
    assert stocks(world) == {"A": 1}


def test_an_open_transaction_of_a_former_owner_is_waited_for_before_its_task_is_taken_over() -> None:
    world = World()
    first = world.worker("ledger-0").work()
    world.send(a_movement("m1", quantity=5))
    world.crash_at = ("after-flush", 1)
    with pytest.raises(Crash):
        first.work()
    first.log.leave()
    second = world.worker("ledger-1")
    seen = []

    def poll(seconds: float) -> None:
        seen.append(seconds)
        transaction = world.broker.producers["ledger-0"][1]
        if len(seen) == 3 and transaction is not None:
            world.broker.settle(transaction, "aborted")  # as the broker does after the transaction's time-out

    second.loop._keep_alive = poll  # type: ignore[method-assign]  # the moment at which the broker settles it
    second.work()
    assert len(seen) >= 3
    assert statuses(world.replies()) == {"m1": "done"}
    assert stocks(world) == {"A": 5}
