"""What a counter server keeps to, whatever reaches it late or twice, on memory and on Redis alike."""

import pytest

from processors.counters.port import EpochChanged, OwnerChanged, StateLost
from processors.counters.state import Ask, Outcome, State, Wanted, nonce
from tests.counters.twins import Twin
from tests.counters.world import a_claim

OWNERS = {0: 10, 1: 11}
EPOCH = 5


@pytest.fixture
def state(twin: Twin) -> State:
    """An empty state in place, with two partitions owned."""
    state = twin.connect()
    state.begin(EPOCH)
    state.switch(EPOCH, OWNERS)
    return state


def ended(partition: int, number: int, kept: bool, used: int | None = None) -> Outcome:
    owner = OWNERS[partition]
    return Outcome(partition, owner, nonce(owner, number), kept, {} if used is None else {"c": used})


def handed(state: State, partition: int, number: int, floor: int, count: int, *outcomes: Outcome) -> object:
    owners = {partition: OWNERS[partition]}
    return state.hand_out({}, [Ask("c", partition, floor, count)], outcomes, owners, number).granted[0]


def test_an_outcome_that_arrives_twice_gives_back_once(state: State) -> None:
    assert handed(state, 0, 1, 0, 10) == ((0, 9),)
    told = ended(0, 1, kept=True, used=2)
    assert handed(state, 0, 2, 2, 3, told) == ((2, 4),)
    state.hand_out({}, (), [told], {}, 2)
    assert handed(state, 1, 3, 0, 1) == ((5, 5),)


def test_an_outcome_that_arrives_twice_lets_go_once(state: State) -> None:
    state.claim(None, [Wanted([a_claim("X")], ())], (), {0: 10}, 1)
    told = ended(0, 1, kept=False)
    state.claim(EPOCH, [Wanted([a_claim("X")], ())], [told], {0: 10}, 2)
    state.hand_out({}, (), [told], {}, 2)
    assert state.claim(EPOCH, [Wanted([a_claim("X", "B|2|", 1)], ())], (), {1: 11}, 3).wait_at == 0


def test_what_a_former_owner_tells_is_void(state: State) -> None:
    handed(state, 0, 1, 0, 10)
    state.claim(EPOCH, [Wanted([a_claim("X")], ())], (), {0: 10}, 1)
    assert [claim.text for claim in state.take_over({0: 20})] == ["X"]
    state.hand_out({}, (), [ended(0, 1, kept=True, used=2)], {}, 2)
    assert handed(state, 1, 2, 0, 1) == ((10, 10),)
    assert [claim.text for claim in state.take_over({0: 20})] == ["X"]


def test_a_claim_keeps_all_that_a_new_owner_needs_to_look_it_up(state: State) -> None:
    claims = [a_claim("X"), a_claim("Ü|\\|1"), a_claim("Z", "B|2|", 1)]
    state.claim(None, [Wanted(claims, ())], (), OWNERS, 1)
    found = state.take_over({0: 20, 1: 21})
    assert sorted(found, key=str) == sorted(claims, key=str)
    state.resolve({0: 20, 1: 21}, [claims[0]], claims[1:])
    assert state.take_over({0: 20, 1: 21}) == []
    wanted = [Wanted([a_claim(claim.text, "C|3|", 0) for claim in claims], ())]
    assert state.claim(EPOCH, wanted, (), {0: 20}, 2).taken == {"X": "A|1|"}


def test_a_batch_whose_outcome_was_never_told_has_to_be_taken_over(state: State) -> None:
    state.claim(None, [Wanted([a_claim("X")], ())], (), {0: 10}, 1)
    with pytest.raises(OwnerChanged):
        state.claim(EPOCH, [Wanted([a_claim("Y")], ())], (), {0: 10}, 2)


def test_a_call_that_is_refused_changes_nothing(state: State) -> None:
    with pytest.raises(OwnerChanged) as refused:
        state.hand_out({}, [Ask("c", 0, 0, 5), Ask("c", 1, 0, 5)], (), {0: 10, 1: 99}, 1)
    assert refused.value.partitions == (1,)
    with pytest.raises(OwnerChanged):
        state.claim(None, [Wanted([a_claim("X")], ())], (), {0: 10, 1: 99}, 1)
    with pytest.raises(EpochChanged):
        state.claim(EPOCH - 1, [Wanted([a_claim("X")], ())], (), {0: 10}, 1)
    assert handed(state, 0, 2, 0, 1) == ((0, 0),)
    assert state.take_over(OWNERS) == []


def test_an_older_epoch_is_never_put_over_a_newer_one(state: State) -> None:
    state.begin(EPOCH - 1)
    with pytest.raises(StateLost, match="superseded"):
        state.switch(EPOCH - 1, OWNERS)
    assert state.valid_epoch() == EPOCH


def test_a_state_whose_writing_was_cut_in_two_is_not_put_in_place(state: State, twin: Twin) -> None:
    state.begin(EPOCH + 1)
    state.fill(EPOCH + 1, {"c": 7}, [a_claim("X")])
    twin.flush()
    with pytest.raises(StateLost):
        state.fill(EPOCH + 1, {}, [a_claim("Y")])
    with pytest.raises(StateLost):
        state.switch(EPOCH + 1, OWNERS)
    assert state.valid_epoch() is None


def test_of_two_claims_of_one_code_in_the_registers_the_first_holds(state: State) -> None:
    """Nothing but master data that was loosened and tightened again can bring it about."""
    state.begin(EPOCH + 1)
    state.fill(EPOCH + 1, {"c": 7}, [a_claim("X"), a_claim("X", "B|2|", 1)])
    state.switch(EPOCH + 1, OWNERS)
    assert state.claim(None, [Wanted([a_claim("X", "B|2|", 1)], ())], (), {1: 11}, 1).taken == {"X": "A|1|"}
    assert handed(state, 0, 2, 0, 1) == ((7, 7),)
