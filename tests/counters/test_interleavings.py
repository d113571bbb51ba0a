"""Crashes, frozen workers and lost servers at every step: no code repeats, on memory and on Redis alike.

The other cases of the list in architecture.md §5 (refusals, midnight, leftovers, typed codes) are in `test_counters`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from processors.counters.port import (
    CountersUnavailable,
    EpochChanged,
    EpochRecord,
    OwnerChanged,
    StateLost,
)
from processors.domain.progressives import Claim, Counter
from processors.domain.registers import CounterRow
from tests.counters.twins import Part
from tests.counters.world import (
    COMPANY_WIDE,
    ITEM_WIDE,
    Fenced,
    Transaction,
    Worker,
    World,
    WorldRegisters,
    a_claim,
    a_row,
)

BOTH = pytest.mark.parametrize("counter", [ITEM_WIDE, COMPANY_WIDE], ids=["item-wide", "company-wide"])


@pytest.fixture(autouse=True)
def _nothing_repeats(world: World) -> Any:
    """What every interleaving must leave true."""
    yield
    assert world.repeated == []


# crashes


@BOTH
def test_a_crash_after_reserve_leaves_no_gap(world: World, counter: Counter) -> None:
    worker, heir = world.worker("w", 0), world.worker("heir")
    worker.rebuild()
    worker.reserve({(counter, 0): 5})
    worker.crash()
    heir.take_over(0)
    assert heir.post(counter, 0, 2) == [0, 1]
    assert heir.post(counter, 0, 4) == [2, 3, 4, 5]


@BOTH
def test_a_crash_after_flush_leaves_no_gap_and_frees_its_codes(world: World, counter: Counter) -> None:
    worker, heir, other = world.worker("w", 0), world.worker("heir"), world.worker("other", 1)
    worker.rebuild()
    worker.reserve({(counter, 0): 5})
    worker.take(counter, 0, 3)
    worker.claim(a_claim("X"))
    worker.flush()
    other.reserve({})
    assert other.claim(a_claim("X", "B|2|", 1)).wait_at == 0
    heir.take_over(0)  # its catch-up waits until the transaction has timed out
    assert other.claim(a_claim("X", "B|2|", 1)).wait_at is None
    assert heir.post(counter, 0, 2) == [0, 1]


@BOTH
def test_a_crash_between_commit_and_apply_keeps_what_is_committed(world: World, counter: Counter) -> None:
    worker, heir, other = world.worker("w", 0), world.worker("heir"), world.worker("other", 1)
    worker.rebuild()
    worker.reserve({(counter, 0): 5})
    assert worker.take(counter, 0, 3) == [0, 1, 2]
    worker.claim(a_claim("X"))
    worker.flush()
    worker.confirm()
    worker.kafka_commit()
    worker.crash()
    heir.take_over(0)
    other.reserve({})
    assert other.claim(a_claim("X", "B|2|", 1)).taken == {"X": "A|1|"}
    assert heir.post(counter, 0, 1) == [3]


def test_a_crash_after_the_commit_of_a_release_frees_the_code(world: World) -> None:
    worker, heir, other = world.worker("w", 0), world.worker("heir"), world.worker("other", 1)
    worker.rebuild()
    worker.reserve({})
    worker.claim(a_claim("X"))
    worker.finish()
    worker.reserve({})
    worker.claim(released=(a_claim("X"),))
    worker.flush()
    worker.confirm()
    worker.kafka_commit()
    worker.crash()
    heir.take_over(0)
    other.reserve({})
    assert (other.claim(a_claim("X", "B|2|", 1)).taken, other.verdicts.wait_at) == ({}, None)


def test_a_commit_of_unknown_outcome_is_settled_by_taking_over_again(world: World) -> None:
    worker, other = world.worker("w", 0), world.worker("other", 1)
    worker.rebuild()
    for text, committed in (("X", True), ("Y", False)):
        worker.reserve({(COMPANY_WIDE, 0): 5})
        ordinals = worker.take(COMPANY_WIDE, 0, 2)
        worker.claim(a_claim(text))
        worker.flush()
        worker.confirm()
        world.end(worker.transaction, commits=committed)
        worker.take_over(0)  # neither committed nor dropped is told
        assert ordinals == [0, 1] if committed else [2, 3]
    other.reserve({})
    assert other.claim(a_claim("X", "B|2|", 1), a_claim("Y", "B|2|", 1)).taken == {"X": "A|1|"}
    assert worker.post(COMPANY_WIDE, 0, 1) == [2]


# frozen workers


@BOTH
def test_a_frozen_worker_that_commits_late_is_fenced(world: World, counter: Counter) -> None:
    frozen, heir = world.worker("frozen", 0), world.worker("heir")
    frozen.rebuild()
    frozen.reserve({(counter, 0): 3})
    frozen.take(counter, 0, 3)
    heir.take_over(0)
    assert heir.post(counter, 0, 2) == [0, 1]
    frozen.flush()
    if counter.company_wide:
        with pytest.raises(OwnerChanged):
            frozen.confirm()
    with pytest.raises(Fenced):
        frozen.commit()


def test_a_frozen_worker_that_reserves_or_claims_late_is_turned_away(world: World) -> None:
    frozen, heir = world.worker("frozen", 0), world.worker("heir")
    frozen.rebuild()
    frozen.reserve({})
    heir.take_over(0)
    with pytest.raises(OwnerChanged) as refused:
        frozen.claim(a_claim("X"))
    assert refused.value.partitions == (0,)
    with pytest.raises(OwnerChanged):
        frozen.reserve({(COMPANY_WIDE, 0): 5})
    heir.reserve({})
    assert heir.claim(a_claim("X", "B|2|")).wait_at is None
    assert heir.post(COMPANY_WIDE, 0, 1) == [0]


def test_a_frozen_worker_that_gives_back_late_changes_nothing(world: World) -> None:
    frozen, heir, other = world.worker("frozen", 0), world.worker("heir"), world.worker("other", 1)
    frozen.rebuild()
    frozen.reserve({(COMPANY_WIDE, 0): 10})
    frozen.take(COMPANY_WIDE, 0, 2)
    frozen.finish()  # and freezes before it could tell
    heir.take_over(0)
    heir.reserve({(COMPANY_WIDE, 0): 3})
    assert heir.take(COMPANY_WIDE, 0, 3) == [2, 3, 4]
    frozen.counters.flush_outcomes()
    assert other.post(COMPANY_WIDE, 1, 1) == [10]
    heir.finish()


def test_a_frozen_worker_that_lets_go_late_changes_nothing(world: World) -> None:
    frozen, heir, other = world.worker("frozen", 0), world.worker("heir"), world.worker("other", 1)
    frozen.rebuild()
    frozen.reserve({})
    frozen.claim(a_claim("X"))
    frozen.drop()
    heir.take_over(0)
    heir.reserve({})
    heir.claim(a_claim("X"))
    frozen.counters.flush_outcomes()
    other.reserve({})
    assert other.claim(a_claim("X", "B|2|", 1)).wait_at == 0
    heir.finish()


def test_a_frozen_worker_that_tells_a_release_late_changes_nothing(world: World) -> None:
    frozen, heir, other = world.worker("frozen", 0), world.worker("heir"), world.worker("other", 1)
    frozen.rebuild()
    frozen.reserve({})
    frozen.claim(a_claim("X"))
    frozen.finish()
    frozen.reserve({})
    frozen.claim(released=(a_claim("X"),))
    frozen.finish()
    heir.take_over(0)
    heir.reserve({})
    heir.claim(a_claim("X"))
    heir.finish()
    heir.counters.flush_outcomes()
    frozen.counters.flush_outcomes()
    other.reserve({})
    assert other.claim(a_claim("X", "B|2|", 1)).taken == {"X": "A|1|"}


def test_a_frozen_worker_that_takes_over_late_cannot_free_the_code_of_a_batch_that_commits(world: World) -> None:
    """It was given partition 0 once, froze, and wakes when another has it and a transaction under way."""
    frozen, owner, other = world.worker("frozen"), world.worker("owner", 0), world.worker("other", 1)
    owner.rebuild()
    owner.reserve({})
    owner.claim(a_claim("X"))
    frozen.counters.own([0])
    frozen.catch_up(frozen.note_ends(0), 0)
    other.reserve({})
    assert other.claim(a_claim("X", "B|2|", 1)).wait_at is None, "the frozen worker saw no row and let it go"
    owner.flush()
    with pytest.raises(OwnerChanged):
        owner.confirm()
    owner.drop()
    other.finish()
    other.counters.flush_outcomes()
    owner.take_over(0)
    owner.reserve({})
    assert owner.claim(a_claim("X")).taken == {"X": "B|2|"}


def test_what_was_flushed_before_a_late_take_over_is_waited_for(world: World) -> None:
    frozen, owner, other = world.worker("frozen"), world.worker("owner", 0), world.worker("other", 1)
    owner.rebuild()
    owner.reserve({})
    owner.claim(a_claim("X"))
    owner.flush()
    owner.confirm()
    frozen.counters.own([0])
    world.on_wait = lambda transaction: world.end(transaction, commits=True)
    frozen.catch_up(frozen.note_ends(0), 0)
    other.reserve({})
    assert other.claim(a_claim("X", "B|2|", 1)).taken == {"X": "A|1|"}


def test_of_two_owners_the_later_one_stays(world: World) -> None:
    late, owner = world.worker("late"), world.worker("owner")
    late.counters.own([0])
    owner.take_over(0)
    owner.rebuild()
    with pytest.raises(OwnerChanged):
        late.counters.take_over([0], lambda _: False)
    assert owner.post(COMPANY_WIDE, 0, 1) == [0]


# lost state


def flushed(world: World) -> None:
    world.twin.flush()


def restarted_on_an_old_snapshot(world: World) -> None:
    world.twin.restart(SNAPSHOTS.pop())


def restarted_with_all_it_knew(world: World) -> None:
    world.twin.restart(world.twin.snapshot())


def deleted(part: Part) -> Callable[[World], None]:
    def lose(world: World) -> None:
        world.twin.delete(part)

    lose.__name__ = f"{part}_deleted"
    return lose


def spoiled(part: Part) -> Callable[[World], None]:
    def lose(world: World) -> None:
        world.twin.spoil(part)

    lose.__name__ = f"{part}_spoiled"
    return lose


def find_again(*workers: Worker) -> None:
    """As after a server that could not answer: connect anew."""
    for worker in workers:
        worker.counters.check()


SNAPSHOTS: list[Any] = []
LOSSES = pytest.mark.parametrize(
    "lose",
    [
        flushed,
        restarted_on_an_old_snapshot,
        restarted_with_all_it_knew,
        *(kind(part) for kind in (deleted, spoiled) for part in ("state", "counters", "claims")),
    ],
    ids=lambda lose: lose.__name__,
)


@LOSSES
def test_a_lost_state_is_refused_and_rebuilt_from_the_registers(world: World, lose: Callable[[World], None]) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.post(COMPANY_WIDE, 0, 2)
    SNAPSHOTS[:] = [world.twin.snapshot()]
    assert two.post(COMPANY_WIDE, 1, 3) == [2, 3, 4]
    assert one.post(ITEM_WIDE, 0, 1) == [0]
    one.reserve({})
    one.claim(a_claim("X"))
    one.finish()
    lose(world)
    find_again(one, two)
    for worker, partition in ((one, 0), (two, 1)):
        with pytest.raises(StateLost):
            worker.reserve({(COMPANY_WIDE, partition): 1})
        worker.reserve({})
        with pytest.raises(StateLost):
            worker.claim(a_claim("Z", partition=partition))
    assert one.post(ITEM_WIDE, 0, 2) == [1, 2], "item-wide counters need no rebuild"
    assert one.rebuild()
    assert not two.rebuild(), "it is there already"
    assert two.post(COMPANY_WIDE, 1, 1) == [5]
    assert one.post(COMPANY_WIDE, 0, 1) == [6]
    two.reserve({})
    assert two.claim(a_claim("X", "B|2|", 1)).taken == {"X": "A|1|"}


@LOSSES
def test_a_batch_in_hand_when_the_state_is_lost_does_not_commit(world: World, lose: Callable[[World], None]) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({(COMPANY_WIDE, 0): 2})
    one.take(COMPANY_WIDE, 0, 2)
    one.claim(a_claim("X"))
    SNAPSHOTS[:] = [world.twin.snapshot()]
    lose(world)
    find_again(two)
    two.rebuild()
    assert two.post(COMPANY_WIDE, 1, 2) == [0, 1]
    one.flush()
    with pytest.raises(EpochChanged):
        one.confirm()
    one.drop()
    find_again(one)
    assert one.post(COMPANY_WIDE, 0, 1) == [2]


def test_a_promoted_replica_is_rebuilt_and_the_old_master_that_still_answers_serves_nobody(world: World) -> None:
    cut_off, moved = world.worker("cut off", 0), world.worker("moved", 1)
    cut_off.rebuild()
    assert moved.post(COMPANY_WIDE, 1, 2) == [0, 1]
    cut_off.reserve({(COMPANY_WIDE, 0): 1})
    replica = world.twin.promoted_replica()
    moved.line.to = replica.connect()
    with pytest.raises(StateLost):
        moved.reserve({(COMPANY_WIDE, 1): 1})
    assert moved.rebuild()
    assert moved.post(COMPANY_WIDE, 1, 1) == [2]
    assert cut_off.take(COMPANY_WIDE, 0, 1) == [2], "the old master handed out the same"
    cut_off.flush()
    with pytest.raises(EpochChanged):
        cut_off.confirm()
    cut_off.drop()
    with pytest.raises(StateLost):
        cut_off.reserve({(COMPANY_WIDE, 0): 1})


def test_a_row_beyond_all_that_was_handed_out_is_a_lost_state(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.post(COMPANY_WIDE, 0, 2)
    one.rows[COMPANY_WIDE, 0] = world.rows[COMPANY_WIDE, 0] = a_row(COMPANY_WIDE, 0, next_ordinal=7)
    with pytest.raises(StateLost):
        one.reserve({(COMPANY_WIDE, 0): 1})
    with pytest.raises(StateLost):
        two.reserve({(COMPANY_WIDE, 1): 1})
    assert two.rebuild()
    assert two.post(COMPANY_WIDE, 1, 1) == [7]


def test_a_rebuild_lists_what_was_handed_out_and_never_committed(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({(COMPANY_WIDE, 0): 10})
    two.post(COMPANY_WIDE, 1, 2)
    assert one.take(COMPANY_WIDE, 0, 4) == [0, 1, 2, 3]
    one.finish()
    world.twin.flush()
    (lost,) = one.counters.rebuild(WorldRegisters(world)).lost
    assert (lost.counter, lost.count, lost.below) == (COMPANY_WIDE.key, 6, 12)
    assert one.post(COMPANY_WIDE, 0, 1) == [12]


# rebuilds among others


def a_batch_in_hand(world: World, name: str, partition: int) -> Worker:
    worker = world.worker(name, partition)
    if not world.log.newest().done:
        worker.rebuild()
    worker.reserve({(COMPANY_WIDE, partition): 2})
    worker.take(COMPANY_WIDE, partition, 2)
    worker.claim(a_claim("X", partition=partition))
    return worker


@pytest.mark.parametrize("commits", [True, False], ids=["that commits", "that aborts"])
def test_a_rebuild_waits_for_a_transaction_that_was_open(world: World, commits: bool) -> None:
    writer, rebuilder = a_batch_in_hand(world, "writer", 0), world.worker("rebuilder", 1)
    writer.flush()
    writer.confirm()
    world.twin.flush()

    def outcome(transaction: Transaction) -> None:
        assert transaction is writer.transaction
        world.end(transaction, commits)

    world.on_wait = outcome
    assert rebuilder.rebuild()
    assert rebuilder.post(COMPANY_WIDE, 1, 1) == [2 if commits else 0]
    rebuilder.reserve({})
    assert rebuilder.claim(a_claim("X", "B|2|", 1)).taken == ({"X": "A|1|"} if commits else {})


@pytest.mark.parametrize("moment", ["noted", "reading"])
def test_a_batch_that_flushes_after_the_epoch_began_fails_its_confirm(world: World, moment: str) -> None:
    writer, rebuilder = a_batch_in_hand(world, "writer", 0), world.worker("rebuilder", 1)
    world.twin.flush()

    def flush() -> None:
        writer.flush()
        with pytest.raises(EpochChanged):
            writer.confirm()
        writer.drop()

    registers = WorldRegisters(world)
    setattr(registers, moment, flush)
    assert rebuilder.rebuild(registers)
    assert rebuilder.post(COMPANY_WIDE, 1, 1) == [0]
    assert writer.post(COMPANY_WIDE, 0, 1) == [1]


def test_of_two_rebuilders_one_waits_for_the_other(world: World) -> None:
    first, second = world.worker("first", 0), world.worker("second", 1)

    class Waits(Exception):
        pass

    def waits() -> None:
        raise Waits

    def also() -> None:
        world.clock.meanwhile = waits
        with pytest.raises(Waits):
            second.rebuild()

    assert first.rebuild(WorldRegisters(world, reading=also))
    assert not second.rebuild()
    assert [record.kind for record in world.log.records] == ["owner", "owner", "epoch", "done"]


def test_a_rebuild_without_a_sign_of_life_is_taken_over_and_its_writer_changes_nothing(world: World) -> None:
    frozen, other = world.worker("frozen", 0), world.worker("other", 1)
    world.rows[COMPANY_WIDE, 0] = a_row(COMPANY_WIDE, 0, next_ordinal=3)
    frozen.take_over(0)

    def other_takes_over() -> None:
        before = world.clock.monotonic()
        assert other.rebuild()
        assert 10 <= world.clock.monotonic() - before < 11
        assert other.post(COMPANY_WIDE, 1, 2) == [3, 4]

    assert not frozen.rebuild(WorldRegisters(world, reading=other_takes_over)), "it ends with the state of the other"
    assert other.post(COMPANY_WIDE, 1, 1) == [5]
    assert frozen.post(COMPANY_WIDE, 0, 1) == [6]


def test_a_rebuild_that_shows_signs_of_life_is_waited_for(world: World) -> None:
    """For longer than the time after which a silent one is taken over."""
    slow, other = world.worker("slow", 0), world.worker("other", 1)

    def while_it_waits() -> None:
        """The slow one shows life every 9 s, and is done after 40."""
        if world.clock.monotonic() >= 40:
            world.twin.flush()
            state.begin(epoch)
            state.switch(epoch, world.log.newest().owners)
        elif world.clock.monotonic() >= 9 * (world.log.newest().moved - epoch + 1):
            world.log.append([EpochRecord("progress", slow.name, 0, epoch=epoch)])

    (epoch,) = world.log.append([EpochRecord("epoch", slow.name, 0)])
    state = world.twin.connect()
    world.clock.meanwhile = while_it_waits
    assert not other.rebuild()
    assert 40 <= world.clock.monotonic() < 41


def test_a_long_rebuild_shows_signs_of_life(world: World) -> None:
    worker = world.worker("w", 0)

    class SlowRegisters(WorldRegisters):
        def rows(self) -> Iterator[CounterRow | Claim | None]:
            for _ in range(30):
                world.clock.wait(1)
                yield None
            yield from super().rows()

    assert worker.rebuild(SlowRegisters(world))
    assert [record.kind for record in world.log.records].count("progress") == 15


def test_a_server_that_is_emptied_while_it_is_rebuilt_is_rebuilt_again(world: World) -> None:
    worker = world.worker("w", 0)
    world.rows[COMPANY_WIDE, 0] = a_row(COMPANY_WIDE, 0, next_ordinal=3)
    times = iter([world.twin.flush, world.twin.flush])

    def emptied() -> None:
        next(times, lambda: None)()

    assert worker.rebuild(WorldRegisters(world, reading=emptied))
    assert [record.kind for record in world.log.records].count("epoch") == 3
    worker.take_over(0)
    assert worker.post(COMPANY_WIDE, 0, 1) == [3]


def test_a_rebuilder_whose_server_goes_away_tries_again_without_waiting_for_itself(world: World) -> None:
    worker = world.worker("w", 0)
    with pytest.raises(CountersUnavailable):
        worker.rebuild(WorldRegisters(world, reading=world.twin.stop))
    world.twin.restart(None)
    before = world.clock.monotonic()
    assert worker.rebuild()
    assert world.clock.monotonic() == before
    assert worker.post(COMPANY_WIDE, 0, 1) == [0]


def test_a_rebuild_keeps_the_owners_of_the_log_in_force(world: World) -> None:
    frozen, heir = world.worker("frozen", 0), world.worker("heir")
    frozen.rebuild()
    heir.take_over(0)
    world.twin.flush()
    assert heir.rebuild()
    with pytest.raises(OwnerChanged):
        frozen.reserve({(COMPANY_WIDE, 0): 1})
    assert heir.post(COMPANY_WIDE, 0, 1) == [0]
