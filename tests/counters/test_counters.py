"""What counters promise, on memory and on Redis alike."""

import pytest

from processors.counters.port import CountersUnavailable, OwnerChanged, StateLost
from processors.domain.decision import Decision
from processors.domain.progressives import Counter, Need
from tests.counters.world import COMPANY_WIDE, ITEM_WIDE, World, a_claim, a_row


def test_an_item_wide_counter_goes_on_where_its_row_stands(world: World) -> None:
    worker = world.worker("w", 0)
    assert worker.post(ITEM_WIDE, 0, 3) == [0, 1, 2]
    assert worker.post(ITEM_WIDE, 0, 1, reserved=5) == [3]
    assert worker.post(ITEM_WIDE, 0, 2) == [4, 5]


def test_item_wide_counters_need_no_company_wide_state(world: World) -> None:
    worker = world.worker("w")
    reservation = worker.reserve({(ITEM_WIDE, 3): 2})
    assert {(ITEM_WIDE.key, 3): ((0, 1),)} == reservation.grants
    assert reservation.epoch is None
    worker.confirm()
    assert world.log.records == []


def test_one_reservation_serves_many_counters_and_partitions(world: World) -> None:
    worker = world.worker("w", 0, 1)
    worker.rebuild()
    others = [Counter("serial", "S", ("A", str(i), ""), "") for i in range(1500)]
    needs = {(counter, i % 2): 2 for i, counter in enumerate(others)}
    grants = worker.reserve({**needs, (COMPANY_WIDE, 0): 4, (COMPANY_WIDE, 1): 3}).grants
    assert {((0, 1),)} == {grants[counter.key, p] for counter, p in needs}
    assert (grants[COMPANY_WIDE.key, 0], grants[COMPANY_WIDE.key, 1]) == (((0, 3),), ((4, 6),))


def test_fifty_thousand_ordinals_are_one_interval(world: World) -> None:
    worker = world.worker("w", 0)
    worker.rebuild()
    needs = {(COMPANY_WIDE, 0): 50_000, (ITEM_WIDE, 0): 50_000}
    assert {((0, 49_999),)} == set(worker.reserve(needs).grants.values())


def test_asking_again_for_the_same_row_gives_the_same_ordinals_then_more(world: World) -> None:
    worker, other = world.worker("w", 0), world.worker("other", 1)
    worker.rebuild()
    assert worker.reserve({(COMPANY_WIDE, 0): 5}).grants[COMPANY_WIDE.key, 0] == ((0, 4),)
    other.reserve({(COMPANY_WIDE, 1): 2})
    assert worker.reserve({(COMPANY_WIDE, 0): 3}).grants[COMPANY_WIDE.key, 0] == ((0, 4),)
    assert worker.reserve({(COMPANY_WIDE, 0): 8}).grants[COMPANY_WIDE.key, 0] == ((0, 4), (7, 9))


def test_freed_ordinals_of_the_row_are_used_first_and_stay_with_their_partition(world: World) -> None:
    for counter in (ITEM_WIDE, COMPANY_WIDE):
        world.rows[counter, 0] = a_row(counter, 0, next_ordinal=10, free="3-4,8")
    worker = world.worker("w", 0, 1)
    worker.rebuild()
    assert worker.post(ITEM_WIDE, 0, 4) == [3, 4, 8, 10]
    assert worker.post(COMPANY_WIDE, 1, 1) == [10]
    assert worker.post(COMPANY_WIDE, 0, 4) == [3, 4, 8, 11]


def test_what_a_committed_batch_left_goes_back_to_all_if_it_is_the_tail(world: World) -> None:
    worker, other = world.worker("w", 0), world.worker("other", 1)
    worker.rebuild()
    assert worker.post(COMPANY_WIDE, 0, 2, reserved=10) == [0, 1]
    assert worker.counters.flush_outcomes()
    assert other.post(COMPANY_WIDE, 1, 2) == [2, 3]


def test_leftovers_of_two_partitions_leave_no_gap(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({(COMPANY_WIDE, 0): 10})
    two.reserve({(COMPANY_WIDE, 1): 10})
    assert one.take(COMPANY_WIDE, 0, 2) == [0, 1]
    one.finish()
    assert two.take(COMPANY_WIDE, 1, 1) == [10]
    two.finish()
    one.counters.flush_outcomes()  # 2-9 lie below what the other holds: they stay with the partition
    two.counters.flush_outcomes()  # 11-19 are the tail: they go back to all
    assert two.post(COMPANY_WIDE, 1, 1) == [11]
    assert one.post(COMPANY_WIDE, 0, 9) == [2, 3, 4, 5, 6, 7, 8, 9, 12]
    assert two.post(COMPANY_WIDE, 1, 1) == [13]


def test_a_dropped_batch_gives_nothing_back(world: World) -> None:
    worker, other = world.worker("w", 0), world.worker("other", 1)
    worker.rebuild()
    worker.reserve({(COMPANY_WIDE, 0): 5})
    worker.drop()
    worker.counters.flush_outcomes()
    assert other.post(COMPANY_WIDE, 1, 1) == [5]
    assert worker.post(COMPANY_WIDE, 0, 2) == [0, 1]


def test_a_refusal_between_two_accepted_movements_leaves_no_gap(world: World) -> None:
    worker = world.worker("w", 0)
    worker.rebuild()
    for counter in (ITEM_WIDE, COMPANY_WIDE):
        worker.reserve({(counter, 0): 3})  # three movements may need one each; the second is refused
        assert worker.take(counter, 0, 1) == [0]
        assert worker.take(counter, 0, 1) == [1]
        worker.finish()
        assert worker.post(counter, 0, 1) == [2]


def test_midnight_between_two_tries_begins_the_new_root_and_leaves_the_old_one_without_a_gap(world: World) -> None:
    worker = world.worker("w", 0)
    worker.rebuild()
    for scope in (ITEM_WIDE, COMPANY_WIDE):
        old, new = (Counter("lot", scope.code_type, scope.item, root) for root in ("2026|12|31", "2027|1|1"))
        worker.reserve({(old, 0): 4})
        worker.take(old, 0, 4)
        worker.drop()
        assert worker.post(new, 0, 2) == [0, 1]
        assert worker.post(old, 0, 1) == [0], "a record of the old day that is tried again"
        assert worker.post(new, 0, 1) == [2]


def test_a_typed_code_in_a_generated_range_costs_one_ordinal(world: World) -> None:
    """Of the counter's 0, 1, 2 the code of 1 was typed for another item before."""
    worker, other = world.worker("w", 0), world.worker("other", 1)
    worker.rebuild()
    other.reserve({})
    other.claim(a_claim("code 1", owner="B|2|", partition=1))
    other.finish()
    other.counters.flush_outcomes()
    worker.reserve({(COMPANY_WIDE, 0): 3})
    codes = [a_claim(f"code {ordinal}") for ordinal in range(3)]
    assert worker.claim(*codes).taken == {"code 1": "B|2|"}
    assert (worker.claim(codes[0], codes[2]).taken, worker.verdicts.wait_at) == ({}, None)
    assert worker.take(COMPANY_WIDE, 0, 3) == [0, 1, 2], "1 is skipped: the row goes on behind it"
    worker.finish()
    assert worker.post(COMPANY_WIDE, 0, 1) == [3]


def test_a_typed_900000000_does_not_move_the_counter(world: World) -> None:
    worker = world.worker("w", 0)
    worker.rebuild()
    worker.reserve({})
    assert worker.claim(a_claim("900000000")).taken == {}
    worker.finish()
    assert worker.post(COMPANY_WIDE, 0, 2) == [0, 1]


def test_ordinals_count_exactly_beyond_ten_digits(world: World) -> None:
    start = 9_007_199_254_740_000
    world.rows[COMPANY_WIDE, 0] = a_row(COMPANY_WIDE, 0, next_ordinal=start)
    worker = world.worker("w", 0, 1)
    worker.rebuild()
    assert [start, start + 1] == worker.post(COMPANY_WIDE, 0, 2)
    assert [start + 2] == worker.post(COMPANY_WIDE, 1, 1)
    with pytest.raises(OverflowError):
        worker.reserve({(COMPANY_WIDE, 0): 10_000})


# claims


def test_a_firm_code_refuses_every_other_owner_and_serves_its_own(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({})
    assert (one.claim(a_claim("X")).taken, one.verdicts.wait_at) == ({}, None)
    one.finish()
    one.counters.flush_outcomes()
    two.reserve({})
    assert two.claim(a_claim("X", owner="B|2|", partition=1)).taken == {"X": "A|1|"}
    two.drop()
    one.reserve({})
    assert (one.claim(a_claim("X")).taken, one.verdicts.wait_at) == ({}, None)


def test_who_meets_a_tentative_claim_waits_and_holds_nothing(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({})
    one.claim(a_claim("X"))
    two.reserve({})
    before, meets = (Decision(claims=[a_claim(text, "B|2|", 1)]) for text in ("free", "X"))
    meets.claims.insert(0, a_claim("held in vain", "B|2|", 1))
    after = Decision(claims=[a_claim("later", "B|2|", 1)])
    assert (two.claim_each(before, meets, after).taken, two.verdicts.wait_at) == ({}, 1)
    two.finish()
    one.claim(a_claim("X"), a_claim("held in vain"), a_claim("later"))
    assert (one.verdicts.taken, one.verdicts.wait_at) == ({}, None)
    one.drop()
    two.reserve({})
    two.drop()
    assert world.held.keys() == {"free"}


def test_two_items_of_one_batch_do_not_share_a_code(world: World) -> None:
    worker = world.worker("w", 0)
    worker.rebuild()
    worker.reserve({})
    first, second = (Decision(claims=[a_claim("X", owner)]) for owner in ("A|1|", "B|2|"))
    assert worker.claim_each(first, second).wait_at == 1
    worker.finish()
    worker.reserve({})
    assert worker.claim_each(second).taken == {"X": "A|1|"}


def test_claims_of_an_aborted_batch_are_let_go(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({})
    one.claim(a_claim("X"))
    one.flush()
    one.drop()
    assert one.counters.flush_outcomes()
    two.reserve({})
    assert (two.claim(a_claim("X", "B|2|", 1)).taken, two.verdicts.wait_at) == ({}, None)


def test_a_second_claim_of_a_batch_replaces_the_first(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({})
    one.claim(a_claim("X"))
    one.claim(a_claim("Y"))
    two.reserve({})
    assert None is two.claim(a_claim("X", "B|2|", 1)).wait_at
    assert two.claim(a_claim("Y", "B|2|", 1)).wait_at == 0


def test_a_released_code_is_free_for_all_only_after_the_commit(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({})
    one.claim(a_claim("X"))
    one.finish()
    one.reserve({})
    one.claim(released=(a_claim("X"),))
    two.reserve({})
    assert two.claim(a_claim("X", "B|2|", 1)).wait_at == 0
    one.drop()
    one.counters.flush_outcomes()
    assert two.claim(a_claim("X", "B|2|", 1)).taken == {"X": "A|1|"}, "the batch came to nothing"
    one.reserve({})
    one.claim(released=(a_claim("X"),))
    one.finish()
    one.counters.flush_outcomes()
    assert (two.claim(a_claim("X", "B|2|", 1)).taken, two.verdicts.wait_at) == ({}, None)


@pytest.mark.parametrize("held_before", [True, False])
def test_a_code_released_and_claimed_again_in_one_batch_stays(world: World, held_before: bool) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    x = a_claim("X")
    if held_before:
        one.reserve({})
        one.claim(x)
        one.finish()
    one.reserve({})
    claims = Decision(claims=[x])
    one.claim_each(*([] if held_before else [claims]), Decision(released=[x]), claims)
    one.finish()
    one.counters.flush_outcomes()
    two.reserve({})
    assert two.claim(a_claim("X", "B|2|", 1)).taken == {"X": "A|1|"}


def test_ten_thousand_codes_are_claimed_in_one_call(world: World) -> None:
    one, two = world.worker("one", 0), world.worker("two", 1)
    one.rebuild()
    one.reserve({})
    claims = [a_claim(f"s{i}") for i in range(10_000)]
    assert (one.claim(*claims).taken, one.verdicts.wait_at) == ({}, None)
    one.finish()
    one.counters.flush_outcomes()
    two.reserve({})
    assert {f"s{i}": "A|1|" for i in range(0, 10_000, 999)} == two.claim(
        *(a_claim(f"s{i}", "B|2|", 1) for i in range(0, 10_000, 999)), a_claim("s10000", "B|2|", 1)
    ).taken


def test_codes_may_hold_any_character(world: World) -> None:
    worker, other = world.worker("w", 0), world.worker("other", 1)
    worker.rebuild()
    texts = ["ü-Ω-漢", 'a "quoted" \\ one', "with\nlines\0and zeros", "|=f|p", "", " "]
    worker.reserve({})
    worker.claim(*(a_claim(text, "Ä|1|ß") for text in texts))
    worker.finish()
    worker.counters.flush_outcomes()
    other.reserve({})
    assert dict.fromkeys(texts, "Ä|1|ß") == other.claim(*(a_claim(text, "B|2|", 1) for text in texts)).taken


# a server that cannot be used


def test_a_server_that_is_gone_hands_out_nothing_and_the_worker_goes_on_when_it_is_back(world: World) -> None:
    worker = world.worker("w", 0)
    worker.rebuild()
    assert worker.post(COMPANY_WIDE, 0, 1) == [0]
    world.twin.stop()
    for needs in ({(ITEM_WIDE, 0): 1}, {(COMPANY_WIDE, 0): 1}):
        with pytest.raises(CountersUnavailable):
            worker.reserve(needs)
    with pytest.raises(CountersUnavailable):
        worker.counters.check()
    world.twin.restart(None)
    assert worker.post(ITEM_WIDE, 0, 1) == [0]
    with pytest.raises(StateLost):
        worker.reserve({(COMPANY_WIDE, 0): 1})
    assert worker.rebuild()
    assert worker.post(COMPANY_WIDE, 0, 1) == [1]


def test_outcomes_wait_for_the_server(world: World) -> None:
    worker = world.worker("w", 0)
    worker.rebuild()
    worker.reserve({})
    worker.claim(a_claim("X"))
    worker.finish()
    world.twin.stop()
    with pytest.raises(CountersUnavailable):
        worker.counters.flush_outcomes()
    world.twin.restart(None)
    assert worker.counters.flush_outcomes(), "they are void in a lost state, which is no error"
    assert not worker.counters.flush_outcomes()


def test_who_never_took_a_partition_over_is_told_so(world: World) -> None:
    world.worker("w", 0).rebuild()
    stranger = world.worker("stranger")
    with pytest.raises(OwnerChanged) as refused:
        stranger.counters.reserve([Need(COMPANY_WIDE, 0, 1, None)])
    assert refused.value.partitions == (0,)
