"""`Counters` over any state: what a worker remembers between calls, and the fence in the log.

The worker's side of the protocol is here once, for Redis and for memory: nonces, outcomes that wait for the next call,
owner records, and the rule that a state of an epoch older than the newest one seen is lost.
"""

from collections.abc import Callable, Sequence

from processors.counters import rebuild
from processors.counters.port import (
    Clock,
    EpochChanged,
    EpochLog,
    EpochRecord,
    EpochState,
    OwnerChanged,
    Rebuilt,
    Registers,
    Reservation,
    StateLost,
    Verdicts,
)
from processors.counters.state import ORDINAL_MAX, Ask, Outcome, State, Wanted, nonce, owner_changed
from processors.domain.decision import Decision
from processors.domain.progressives import Claim, Counter, Interval, Need
from processors.domain.registers import CounterRow
from processors.domain.view import COUNTERS


class Allocator:
    """One worker's `port.Counters`. `name`: who writes to the log, for people (`ledger-3`)."""

    def __init__(self, state: State, log: EpochLog, clock: Clock, name: str) -> None:
        self._state, self._log, self._clock, self._name = state, log, clock, name
        self._owners: dict[int, int] = {}
        self._outcomes: list[Outcome] = []
        self._number = 0
        self._newest = -1
        """The newest epoch seen in the log."""
        self._attempt: int | None = None
        """The last epoch we began to rebuild: never waited for."""

    def check(self) -> None:
        self._state.check()

    def own(self, partitions: Sequence[int]) -> None:
        records = [EpochRecord("owner", self._name, self._clock.wall_ms(), partition=p) for p in partitions]
        if records:
            self._owners.update(zip(partitions, self._log.append(records), strict=True))

    def take_over(self, partitions: Sequence[int], lookup: Callable[[Claim], bool]) -> None:
        owners = self._owned(partitions)
        if not owners:
            return
        try:
            tentative = self._state.take_over(owners)
            if tentative:
                existing = [claim for claim in tentative if lookup(claim)]
                held = {claim.text for claim in existing}
                self._state.resolve(owners, existing, [claim for claim in tentative if claim.text not in held])
        except StateLost:
            pass  # A lost state holds nothing tentative; the rebuild puts the owners of the log in place.

    def reserve(self, needs: Sequence[Need]) -> Reservation:
        grants: dict[tuple[str, int], tuple[Interval, ...]] = {}
        noted: dict[int, dict[str, int]] = {}
        asks: list[Ask] = []
        for need in needs:
            key, floor = need.counter.key, need.row.next_ordinal if need.row else 0
            end = floor + need.count
            if end > ORDINAL_MAX:
                raise OverflowError(f"{key}: expected ordinals up to {ORDINAL_MAX}, got {end}")
            if need.counter.item is None:
                asks.append(Ask(key, need.partition, floor, need.count))
            elif need.count > 0:
                # One writer, so the row alone says what is next, whatever Redis forgot or remembers too much.
                grants[key, need.partition] = ((floor, end - 1),)
                noted.setdefault(need.partition, {})[key] = end
        owners = self._owned({ask.partition for ask in asks})
        self._number += 1
        reply = self._state.hand_out(noted, asks, self._outcomes, owners, self._number)
        if reply.epoch is not None:
            self._seen(reply.epoch)
        self._outcomes = []
        grants.update({(a.counter, a.partition): granted for a, granted in zip(asks, reply.granted, strict=True)})
        asked = {(ask.counter, ask.partition): ask.floor for ask in asks}
        return Reservation(grants, self._number, reply.epoch, owners, asked)

    def claim(self, reservation: Reservation, decisions: Sequence[Decision]) -> Verdicts:
        partitions = {
            claim.partition for d in decisions if d.claims or d.released for claim in (*d.claims, *d.released)
        }
        if not partitions and not reservation.claiming:
            return Verdicts({}, None)
        reservation.claiming |= partitions
        owners = self._owned(reservation.claiming)
        if other := [p for p, owner in owners.items() if reservation.fence.setdefault(p, owner) != owner]:
            raise owner_changed(other)
        wanted = [Wanted(decision.claims, decision.released) for decision in decisions]
        reply = self._state.claim(reservation.epoch, wanted, self._outcomes, owners, reservation.number)
        self._seen(reply.epoch)
        self._outcomes = []
        reservation.epoch = reply.epoch
        return Verdicts(reply.taken, reply.wait_at)

    def confirm(self, reservation: Reservation) -> None:
        if reservation.epoch is None:
            return
        newest = self._read_log()
        if newest.epoch != reservation.epoch:
            raise EpochChanged(f"reserved in epoch {reservation.epoch}, the newest is {newest.epoch}")
        if other := [p for p, owner in reservation.fence.items() if newest.owners.get(p) != owner]:
            raise OwnerChanged(other, f"partitions {sorted(other)} were taken over by another worker")

    def committed(self, reservation: Reservation, decisions: Sequence[Decision]) -> None:
        used = dict(reservation.asked)
        if used:
            for decision in decisions:
                for register, _, row in decision.rows:
                    if register.topic == COUNTERS.topic and isinstance(row, CounterRow) and row.scope == "company":
                        key = Counter(row.kind, row.code_type, None, row.root_key).key
                        used[key, row.partition] = row.next_ordinal
        self._ended(reservation, kept=True, used=used)

    def dropped(self, reservation: Reservation) -> None:
        if reservation.claiming:
            self._ended(reservation, kept=False, used={})

    def flush_outcomes(self) -> bool:
        if not self._outcomes:
            return False
        self._state.hand_out({}, (), self._outcomes, {}, self._number)
        self._outcomes = []
        return True

    def rebuild(self, registers: Registers) -> Rebuilt:
        def began(epoch: int) -> None:
            self._attempt = epoch

        rebuilt = rebuild.rebuild(self._state, self._log, self._clock, self._name, registers, self._attempt, began)
        self._newest = max(self._newest, rebuilt.epoch)
        return rebuilt

    def _ended(self, reservation: Reservation, kept: bool, used: dict[tuple[str, int], int]) -> None:
        for partition, owner in reservation.fence.items():
            mine = {counter: following for (counter, p), following in used.items() if p == partition}
            mark = nonce(owner, reservation.number)
            self._outcomes.append(Outcome(partition, owner, mark, kept, mine))

    def _owned(self, partitions: Sequence[int] | set[int]) -> dict[int, int]:
        if unknown := [p for p in partitions if p not in self._owners]:
            raise OwnerChanged(unknown, f"partitions {sorted(unknown)} were never owned: own, catch up, take over")
        return {p: self._owners[p] for p in partitions}

    def _read_log(self) -> EpochState:
        newest = self._log.newest()
        self._newest = max(self._newest, -1 if newest.epoch is None else newest.epoch)
        return newest

    def _seen(self, epoch: int) -> None:
        """A state older than what the log has begun is lost; its answer may be dropped, for it is never confirmed."""
        if epoch < self._newest:
            raise StateLost(f"the state is of epoch {epoch}, the log has begun {self._newest}")
        self._newest = epoch
