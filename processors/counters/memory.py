"""The twin of the Redis server, in memory: the rules of `lua/` in readable form, for `simulate` and for tests.

`MemoryServer` is what the Redis process is: shared by all workers, and it can be stopped, emptied, restarted from an
older snapshot. `MemoryState` is one worker's connection to it.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from processors.counters.intervals import above, extended, size
from processors.counters.port import CountersMisconfigured, CountersUnavailable, EpochChanged, StateLost
from processors.counters.state import Ask, Claimings, HandedOut, Outcome, Wanted, nonce, owner_changed
from processors.domain.progressives import Claim, Interval


@dataclass(slots=True)
class Pending:
    """A text whose fate hangs on a batch: held before it or not, held after it or not."""

    claim: Claim
    nonce: str
    before: bool
    after: bool


@dataclass(slots=True)
class CountersHash:
    """Counter → next ordinal for anybody; (counter, partition) → nonce and ordinals handed out and not used."""

    run_id: str
    tails: dict[str, int] = field(default_factory=dict)
    kept: dict[tuple[str, int], tuple[str, list[Interval]]] = field(default_factory=dict)


@dataclass(slots=True)
class ClaimsHash:
    """Text → owner, or pending; and per partition the owner offset in force and the texts that are pending."""

    run_id: str
    entries: dict[str, str | Pending] = field(default_factory=dict)
    owners: dict[int, int] = field(default_factory=dict)
    held: dict[int, tuple[str, list[str]]] = field(default_factory=dict)


@dataclass(slots=True)
class Keys:
    """All that is lost when the server loses its memory. `pointer`: epoch in place and the run_id that wrote it."""

    pointer: tuple[int, str] | None = None
    counters: dict[int, CountersHash] = field(default_factory=dict)
    claims: dict[int, ClaimsHash] = field(default_factory=dict)
    handed: dict[int, dict[str, int]] = field(default_factory=dict)


class MemoryServer:
    """A counter server: one for all workers of a test or of `simulate`."""

    def __init__(self, name: str = "memory") -> None:
        self.keys = Keys()
        self.up = True
        self.policy = "noeviction"
        self._name, self._starts = name, 1

    @property
    def run_id(self) -> str:
        """Another one at every start, as Redis has it."""
        return f"{self._name}-{self._starts}"

    def flush(self) -> None:
        """FLUSHALL."""
        self.keys = Keys()

    def snapshot(self) -> Keys:
        """A copy of all keys, as a file or a replica holds them."""
        return copy.deepcopy(self.keys)

    def restart(self, keys: Keys | None = None) -> None:
        """Start again as another process (or: a replica is promoted) with these keys, with none where None."""
        self._starts += 1
        self.keys, self.up = copy.deepcopy(keys) if keys else Keys(), True


class MemoryState:
    """One worker's view of a `MemoryServer`; behaves as `redis_state.RedisState` does (see `state.State`)."""

    def __init__(self, server: MemoryServer) -> None:
        self._server = server

    def check(self) -> None:
        self._keys()
        if self._server.policy != "noeviction":
            raise CountersMisconfigured(f"expected maxmemory-policy noeviction, got {self._server.policy}")

    def valid_epoch(self) -> int | None:
        try:
            return self._guard()[0]
        except StateLost:
            return None

    def hand_out(
        self,
        noted: Mapping[int, Mapping[str, int]],
        asks: Sequence[Ask],
        outcomes: Sequence[Outcome],
        owners: Mapping[int, int],
        number: int,
    ) -> HandedOut:
        for partition, ends in noted.items():
            self._keys().handed[partition] = dict(ends)
        if not asks and not outcomes:
            return HandedOut(None, ())
        try:
            epoch, counters, claims = self._guard()
        except StateLost:
            if asks:
                raise
            return HandedOut(None, ())
        _owned(claims, owners)
        for ask in asks:
            if ask.floor > counters.tails.get(ask.counter, 0):
                self._keys().pointer = None  # Something forgot; nobody may go on with this state.
                raise StateLost(f"{ask.counter}: the row stands at {ask.floor}, beyond all that was handed out")
        for outcome in outcomes:
            _settle(outcome, counters, claims)
        granted = [_grant(ask, nonce(owners[ask.partition], number), counters) for ask in asks]
        return HandedOut(epoch if asks else None, granted)

    def claim(
        self,
        epoch: int | None,
        wanted: Sequence[Wanted],
        outcomes: Sequence[Outcome],
        owners: Mapping[int, int],
        number: int,
    ) -> Claimings:
        now, counters, claims = self._guard()
        if epoch is not None and epoch != now:
            raise EpochChanged(f"reserved in epoch {epoch}, the counters are in {now}")
        _owned(claims, owners)
        for outcome in outcomes:
            _settle(outcome, counters, claims)
        for partition, owner in owners.items():
            held = claims.held.get(partition)
            if held and held[0] != nonce(owner, number):
                raise owner_changed([partition])
            _end(claims, partition, kept=False)
        taken: dict[str, str] = {}
        for index, decision in enumerate(wanted):
            staged = _stage(decision, claims, {p: nonce(owner, number) for p, owner in owners.items()}, taken)
            if staged is None:
                return Claimings(now, taken, index)
            for text, entry in staged.items():
                claims.entries[text] = entry
                if isinstance(entry, Pending):
                    claims.held.setdefault(entry.claim.partition, (entry.nonce, []))[1].append(text)
        return Claimings(now, taken, None)

    def take_over(self, owners: Mapping[int, int]) -> Sequence[Claim]:
        _, _, claims = self._guard()
        if later := [p for p, owner in owners.items() if claims.owners.get(p, -1) > owner]:
            raise owner_changed(later)
        claims.owners.update(owners)
        texts = [text for partition in owners for text in claims.held.get(partition, ("", []))[1]]
        entries = [claims.entries.get(text) for text in dict.fromkeys(texts)]
        return [entry.claim for entry in entries if isinstance(entry, Pending)]

    def resolve(self, owners: Mapping[int, int], existing: Sequence[Claim], missing: Sequence[Claim]) -> None:
        _, _, claims = self._guard()
        _owned(claims, owners)
        for resolved, exists in ((existing, True), (missing, False)):
            for claim in resolved:
                entry = claims.entries.get(claim.text)
                if isinstance(entry, Pending) and entry.claim.partition == claim.partition:
                    _put(claims, entry, held=exists)
        for partition in owners:
            claims.held.pop(partition, None)

    def begin(self, epoch: int) -> None:
        keys = self._keys()
        keys.counters[epoch] = CountersHash(self._server.run_id)
        keys.claims[epoch] = ClaimsHash(self._server.run_id)

    def fill(self, epoch: int, tails: Mapping[str, int], claims: Sequence[Claim]) -> None:
        counters, entries = self._hashes(epoch)
        counters.tails.update(tails)
        for claim in claims:
            entries.entries.setdefault(claim.text, claim.owner)

    def switch(self, epoch: int, owners: Mapping[int, int]) -> None:
        keys = self._keys()
        _, claims = self._hashes(epoch)
        if keys.pointer and keys.pointer[0] > epoch:
            raise StateLost(f"epoch {epoch} was superseded by {keys.pointer[0]}")
        claims.owners = dict(owners)
        keys.pointer = (epoch, self._server.run_id)
        for older in [e for e in keys.counters.keys() | keys.claims.keys() if e < epoch]:
            keys.counters.pop(older, None)
            keys.claims.pop(older, None)

    def _keys(self) -> Keys:
        if not self._server.up:
            raise CountersUnavailable("connection refused")
        return self._server.keys

    def _guard(self) -> tuple[int, CountersHash, ClaimsHash]:
        """The state in place, or `StateLost`: also where this server process did not write it itself."""
        pointer = self._keys().pointer
        if pointer is None:
            raise StateLost("no company-wide state")
        if pointer[1] != self._server.run_id:
            raise StateLost(f"the state was written by {pointer[1]}, this is {self._server.run_id}")
        return pointer[0], *self._hashes(pointer[0])

    def _hashes(self, epoch: int) -> tuple[CountersHash, ClaimsHash]:
        keys = self._keys()
        counters, claims = keys.counters.get(epoch), keys.claims.get(epoch)
        if counters is None or claims is None or {counters.run_id, claims.run_id} != {self._server.run_id}:
            raise StateLost(f"part of the state of epoch {epoch} is missing")
        return counters, claims


def _owned(claims: ClaimsHash, owners: Mapping[int, int]) -> None:
    if other := [p for p, owner in owners.items() if claims.owners.get(p) != owner]:
        raise owner_changed(other)


def _grant(ask: Ask, mark: str, counters: CountersHash) -> tuple[Interval, ...]:
    """What the partition has left first, then from the tail; so what it gets only ascends."""
    kept = above(counters.kept.get((ask.counter, ask.partition), ("", []))[1], ask.floor)
    short, tail = ask.count - size(kept), counters.tails.get(ask.counter, 0)
    if short > 0:
        kept = extended(kept, tail, tail + short - 1)
        tail += short
    counters.tails[ask.counter] = tail
    counters.kept[ask.counter, ask.partition] = (mark, kept)
    return tuple(kept)


def _settle(outcome: Outcome, counters: CountersHash, claims: ClaimsHash) -> None:
    """Take in how a batch ended. Void under another owner: a frozen worker that wakes changes nothing."""
    if claims.owners.get(outcome.partition) != outcome.owner:
        return
    if claims.held.get(outcome.partition, ("", []))[0] == outcome.nonce:
        _end(claims, outcome.partition, outcome.kept)
    for counter, used in outcome.used.items() if outcome.kept else ():
        mark, kept = counters.kept.get((counter, outcome.partition), ("", []))
        if mark != outcome.nonce:
            continue
        kept = above(kept, used)
        if kept and kept[-1][1] == counters.tails[counter] - 1:
            counters.tails[counter] = kept.pop()[0]
        counters.kept[counter, outcome.partition] = (mark, kept)


def _end(claims: ClaimsHash, partition: int, kept: bool) -> None:
    for text in claims.held.pop(partition, ("", []))[1]:
        entry = claims.entries.get(text)
        if isinstance(entry, Pending) and entry.claim.partition == partition:
            _put(claims, entry, held=entry.after if kept else entry.before)


def _put(claims: ClaimsHash, entry: Pending, held: bool) -> None:
    if held:
        claims.entries[entry.claim.text] = entry.claim.owner
    else:
        del claims.entries[entry.claim.text]


def _stage(
    decision: Wanted, claims: ClaimsHash, marks: Mapping[int, str], taken: dict[str, str]
) -> dict[str, str | Pending] | None:
    """What one decision changes, all or nothing: None where a claim of it meets another's pending text."""
    staged: dict[str, str | Pending] = {}
    for claim in decision.released:
        entry = staged.get(claim.text, claims.entries.get(claim.text))
        if entry == claim.owner:
            staged[claim.text] = Pending(claim, marks[claim.partition], before=True, after=False)
        elif isinstance(entry, Pending) and entry.claim.owner == claim.owner:
            staged[claim.text] = Pending(claim, marks[claim.partition], entry.before, after=False)
    for claim in decision.claims:
        entry = staged.get(claim.text, claims.entries.get(claim.text))
        match entry:
            case None:
                staged[claim.text] = Pending(claim, marks[claim.partition], before=False, after=True)
            case str(owner) if owner != claim.owner:
                taken[claim.text] = owner
            case Pending() if entry.nonce != marks[claim.partition] or entry.claim.owner != claim.owner:
                return None
            case Pending(before=True):
                staged[claim.text] = claim.owner
            case Pending():
                staged[claim.text] = Pending(claim, entry.nonce, before=False, after=True)
    return staged
