"""The draw of faults: by the seed alone, all of them in time, and none beside another that hurts the same part."""

from itertools import combinations
from types import SimpleNamespace
from typing import Any, cast

from tests.faults.nemesis.disk import SmallDisk
from tests.faults.nemesis.fault import Fault
from tests.faults.nemesis.menu import Nemesis, menu

SITE: Any = SimpleNamespace(has_three=True, wanted={0, 1})
DISK = cast("SmallDisk", SimpleNamespace(missing="not root"))


def _drawn(seed: int, rounds: int = 60) -> list[list[Fault]]:
    nemesis = Nemesis(seed, menu(DISK), SITE)
    return [nemesis.next() for _ in range(rounds)]


def test_a_seed_draws_the_same_faults_every_time() -> None:
    def names(seed: int) -> list[list[str]]:
        return [[fault.name for fault in faults] for faults in _drawn(seed)]

    assert names(7) == names(7)
    assert names(7) != names(8)


def test_every_fault_comes_and_one_that_cannot_be_done_is_named() -> None:
    drawn = {fault.name for faults in _drawn(7) for fault in faults}
    offered = {make().name for make in menu(DISK)}
    assert offered - drawn == {"log directory full"}
    nemesis = Nemesis(7, menu(DISK), SITE)
    for _ in range(60):
        nemesis.next()
    assert nemesis.missing == {"log directory full": "no file system can be mounted: not root"}


def test_faults_go_together_and_hurt_different_parts() -> None:
    drawn = _drawn(9)
    assert {len(faults) for faults in drawn} == {1, 2, 3}
    for faults in drawn:
        assert all(not one.hurts & other.hurts for one, other in combinations(faults, 2))
