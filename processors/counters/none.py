"""Counters for a processor that gives out no codes: no server, nothing to wait for, nothing to lose."""

from collections.abc import Callable, Sequence
from typing import NoReturn

from processors.counters.port import Registers, Reservation, Verdicts
from processors.domain.decision import Decision
from processors.domain.progressives import Claim, Need


class NoCounters:
    """`port.Counters` of the counting worker: it runs with Redis away.

    Its processor needs no ordinals and claims no codes; one that does is a bug, and asserted. Nothing here waits, and
    the state that there is none of is never lost: `rebuild` is never asked for.
    """

    def __init__(self) -> None:
        self._number = 0

    def check(self) -> None:
        """There is no server that could be unfit."""

    def own(self, partitions: Sequence[int]) -> None:
        """Owners are fenced by Kafka alone, which is enough where nothing is company-wide."""

    def take_over(self, partitions: Sequence[int], lookup: Callable[[Claim], bool]) -> None:
        """Former owners have left nothing tentative."""

    def reserve(self, needs: Sequence[Need]) -> Reservation:
        assert not needs, f"a processor without counters asks for ordinals of {needs[0].counter.key}"
        self._number += 1
        return Reservation({}, self._number)

    def claim(self, reservation: Reservation, decisions: Sequence[Decision]) -> Verdicts:
        claiming = [claim for decision in decisions for claim in (*decision.claims, *decision.released)]
        assert not claiming, f"a processor without counters claims {claiming[0].text}"
        return Verdicts({}, None)

    def confirm(self, reservation: Reservation) -> None:
        """Nothing was reserved that another could have taken."""

    def committed(self, reservation: Reservation, decisions: Sequence[Decision]) -> None:
        """Nobody is to be told."""

    def dropped(self, reservation: Reservation) -> None:
        """Nothing was handed out."""

    def flush_outcomes(self) -> bool:
        return False

    def rebuild(self, registers: Registers) -> NoReturn:
        raise AssertionError("there is no state that could be lost")
