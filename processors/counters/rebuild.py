"""The company-wide state anew from the committed registers (architecture §5).

    append the epoch → note the ends → read committed up to them → write aside → switch the pointer → say so

Whoever flushed before the ends were noted is waited for by reading committed up to them; whoever flushes later finds
the epoch in the log before it commits.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from processors.counters.port import (
    Clock,
    CountersUnavailable,
    EpochLog,
    EpochRecord,
    Lost,
    Rebuilt,
    Registers,
    StateLost,
)
from processors.counters.state import State
from processors.domain.progressives import Claim, Counter
from processors.domain.registers import CounterRow

DEAD_AFTER_S = 10.0
"""Without a sign of life for so long, by the waiting worker's own clock, a rebuild is taken over."""
LIFE_EVERY_S = 2.0
LOOK_EVERY_S = 0.25
ATTEMPTS = 5
CLAIMS_A_CALL = 2_000
"""Short enough that the server answers others in between."""

log = logging.getLogger(__name__)


def rebuild(
    state: State,
    epochs: EpochLog,
    clock: Clock,
    name: str,
    registers: Registers,
    ours: int | None,
    began: Callable[[int], None],
) -> Rebuilt:
    """Bring a state of the newest epoch in place, written by us or by the worker that is at it already.

    `ours`: an epoch that we began before and gave up, so nobody is waited for; `began` is told of each we begin.
    Raises `CountersUnavailable` after several tries whose state was lost while it was written.
    """
    first = epochs.newest().begun == 0
    for _ in range(ATTEMPTS):
        epoch = _wait_for_other(state, epochs, clock, ours)
        if epoch is not None:
            return Rebuilt(epoch, by_us=False, first=epochs.newest().begun == 1)
        (ours,) = epochs.append([EpochRecord("epoch", name, clock.wall_ms())])
        began(ours)
        if first:
            log.info("making the company-wide counters", extra={"epoch": ours})
        else:
            log.warning("rebuilding the company-wide counters", extra={"epoch": ours})
        try:
            rebuilt = _Writer(state, epochs, clock, name, ours).write(registers)
        except StateLost as error:
            log.warning("the rebuild is given up", extra={"epoch": ours, "reason": str(error)})
            continue
        for lost in rebuilt.lost:
            log.warning(
                "company-wide ordinals were handed out and never committed, they stay unused",
                extra={"counter": lost.counter, "count": lost.count, "below": lost.below},
            )
        return replace(rebuilt, first=first)
    raise CountersUnavailable(f"the state was lost {ATTEMPTS} times while it was rebuilt")


def _wait_for_other(state: State, epochs: EpochLog, clock: Clock, ours: int | None) -> int | None:
    """The newest epoch once its state is in place; None where a new one has to be begun."""
    newest, since = epochs.newest(), clock.monotonic()
    while True:
        if newest.epoch is None:
            return None
        if state.valid_epoch() == newest.epoch:
            return newest.epoch
        if newest.done or newest.epoch == ours or clock.monotonic() - since >= DEAD_AFTER_S:
            return None
        clock.wait(LOOK_EVERY_S)
        moved = newest.moved
        newest = epochs.newest()
        if newest.moved != moved:
            since = clock.monotonic()


@dataclass(slots=True)
class _Tally:
    """A counter over all partitions: the next ordinal for anybody, and how many below it are accounted for."""

    tail: int = 0
    accounted: int = 0


class _Writer:
    """One attempt, under one epoch."""

    def __init__(self, state: State, epochs: EpochLog, clock: Clock, name: str, epoch: int) -> None:
        self._state, self._epochs, self._clock, self._name, self._epoch = state, epochs, clock, name, epoch
        self._shown = clock.monotonic()

    def write(self, registers: Registers) -> Rebuilt:
        self._assert_newest()
        registers.note_ends()
        self._state.begin(self._epoch)
        tallies: dict[str, _Tally] = {}
        claims: list[Claim] = []
        for row in registers.rows():
            match row:
                case Claim():
                    claims.append(row)
                case CounterRow(scope="company"):
                    tally = tallies.setdefault(Counter(row.kind, row.code_type, None, row.root_key).key, _Tally())
                    tally.tail = max(tally.tail, row.next_ordinal)
                    tally.accounted += row.assigned + row.skipped
            if len(claims) >= CLAIMS_A_CALL:
                self._state.fill(self._epoch, {}, claims)
                claims = []
            self._show_life()
        self._state.fill(self._epoch, {counter: tally.tail for counter, tally in tallies.items()}, claims)
        self._state.switch(self._epoch, self._assert_newest())
        self._append("done")
        return Rebuilt(self._epoch, True, [lost for lost in map(_lost, tallies.items()) if lost.count > 0])

    def _show_life(self) -> None:
        if self._clock.monotonic() - self._shown >= LIFE_EVERY_S:
            self._append("progress")
            self._shown = self._clock.monotonic()
            self._assert_newest()

    def _append(self, kind: Literal["progress", "done"]) -> None:
        self._epochs.append([EpochRecord(kind, self._name, self._clock.wall_ms(), epoch=self._epoch)])

    def _assert_newest(self) -> dict[int, int]:
        """The owners of all partitions, if nobody began a newer epoch."""
        newest = self._epochs.newest()
        if newest.epoch != self._epoch:
            raise StateLost(f"epoch {self._epoch} was superseded by {newest.epoch}")
        return newest.owners


def _lost(entry: tuple[str, _Tally]) -> Lost:
    counter, tally = entry
    return Lost(counter, tally.tail - tally.accounted, tally.tail)
