"""No code can repeat: every state of the specification is looked at, and the product walks the same ways."""

from dataclasses import replace

import pytest

from processors.embedded.redis import RedisServer
from tests.counters.model import Rules, Scope, search
from tests.counters.replay import Replay, walk
from tests.counters.twins import MemoryTwin, RedisTwin

ORDINALS, CODE = Scope("ordinals", (5, 5), owns=3), Scope("code", (5, 5), owns=3)


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(Scope("ordinals", (1, 1), losses=("flush",)), id="ordinals-everything-once"),
        pytest.param(Scope("ordinals", (2, 2), crashes=0, losses=()), id="ordinals-owners"),
        pytest.param(Scope("ordinals", (2, 1), owns=0, moves=0, crashes=0), id="ordinals-losses"),
        pytest.param(Scope("code", (1, 1)), id="code-everything-once"),
        pytest.param(Scope("code", (2, 2), losses=()), id="code-owners"),
        pytest.param(Scope("code", (2, 2), owns=0, moves=0), id="code-losses"),
    ],
)
def test_no_state_of_the_specification_repeats_a_code(scope: Scope) -> None:
    found = search(scope)
    assert found.trace is None, found.trace
    assert found.states > 1000


OWNERS = Scope("ordinals", (1, 2), crashes=0, losses=())
LOSSES = Scope("ordinals", (1, 1), crashes=0, moves=0, owns=0)
CODE_OWNERS, CODE_LOSSES = replace(OWNERS, what="code"), replace(LOSSES, what="code")


@pytest.mark.parametrize(
    ("scope", "without"),
    [
        pytest.param(LOSSES, Rules(confirm_epoch=False), id="confirm-asks-for-the-epoch"),
        pytest.param(OWNERS, Rules(confirm_owner=False), id="confirm-asks-for-the-owner"),
        pytest.param(LOSSES, Rules(epoch_before_ends=False), id="epoch-before-ends"),
        pytest.param(OWNERS, Rules(owner_before_ends=False), id="owner-before-ends"),
        pytest.param(LOSSES, Rules(wait_for_open=False), id="a-rebuild-waits"),
        pytest.param(OWNERS, Rules(wait_for_open=False), id="a-take-over-waits"),
        pytest.param(OWNERS, Rules(nonce=False), id="outcomes-bear-a-nonce"),
        pytest.param(CODE_OWNERS, Rules(confirm_owner=False), id="confirm-asks-for-the-owner-of-a-code"),
        pytest.param(CODE_OWNERS, Rules(owner_before_ends=False), id="owner-before-ends-of-a-code"),
        pytest.param(CODE_LOSSES, Rules(confirm_epoch=False), id="confirm-asks-for-the-epoch-of-a-code"),
        pytest.param(CODE_OWNERS, Rules(lets_nobody_in=False), id="pending-codes-make-wait"),
    ],
)
def test_without_any_rule_of_the_design_a_code_repeats(scope: Scope, without: Rules) -> None:
    """The search finds what each rule prevents; and none of the rules is there for nothing."""
    found = search(replace(scope, rules=without))
    assert found.trace is not None, f"nothing repeats in {found.states} states"


def test_company_wide_ordinals_and_codes_do_not_even_need_the_fence_of_kafka() -> None:
    for scope in (OWNERS, CODE_OWNERS):
        found = search(replace(scope, rules=Rules(fence_at_commit=False)))
        assert found.trace is None, found.trace


@pytest.mark.parametrize("scope", [ORDINALS, CODE], ids=["ordinals", "code"])
def test_memory_walks_the_ways_of_the_model(scope: Scope) -> None:
    for seed in range(400):
        Replay(MemoryTwin(), MemoryTwin(), walk(scope, seed, 60)).run()


@pytest.mark.parametrize("scope", [ORDINALS, CODE], ids=["ordinals", "code"])
def test_redis_walks_the_ways_of_the_model(scope: Scope, shared_redis: RedisServer, second_redis: RedisServer) -> None:
    twin, spare = RedisTwin(pytest.fail, shared_redis), RedisTwin(pytest.fail, second_redis)
    for seed in range(100):
        twin.flush()
        spare.flush()
        Replay(twin, spare, walk(scope, seed, 60)).run()
