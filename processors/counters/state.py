"""What one counter server keeps, and the calls that change it: the words between `allocator` and its two states.

A state knows nothing of Kafka. Two implementations behave alike: `memory` (plain Python, also the readable form of the
rules) and `redis_state` (the same as Lua scripts). Every call is atomic; a call that raises has changed nothing that a
later call would notice, but for `CountersUnavailable`, after which it may have had its whole effect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from processors.counters.port import OwnerChanged
from processors.domain.progressives import Claim, Interval

ORDINAL_MAX = 2**53 - 1
"""Beyond this Lua cannot count exactly."""


@dataclass(frozen=True, slots=True)
class Ask:
    """`count` ordinals of a company-wide counter for a partition whose row stands at `floor`."""

    counter: str
    partition: int
    floor: int
    count: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a batch of one partition ended; void under another owner offset.

    The nonce ties it to its epoch: a state that was rebuilt since does not hold it.
    """

    partition: int
    owner: int
    nonce: str
    kept: bool
    """True: committed. What the partition holds tentative under `nonce` takes effect, else it is undone."""
    used: Mapping[str, int]
    """Company-wide counters of a committed batch → the partition's `next_ordinal` now; above it may go back to all."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The claims and releases of one decision, in order."""

    claims: Sequence[Claim]
    released: Sequence[Claim]


@dataclass(frozen=True, slots=True)
class HandedOut:
    """Answer to `hand_out`: the epoch (None: nothing company-wide was asked) and, per ask, intervals ascending."""

    epoch: int | None
    granted: Sequence[tuple[Interval, ...]]


@dataclass(frozen=True, slots=True)
class Claimings:
    """Answer to `claim`."""

    epoch: int
    taken: Mapping[str, str]
    wait_at: int | None


class State(Protocol):
    """One server. `owners`: partition → offset of the caller's owner record.

    All but `check`, `valid_epoch`, `begin` and `fill` raise `StateLost` where the company-wide state is missing or
    another server's, and `OwnerChanged` where an owner offset in it is not the caller's.
    """

    def check(self) -> None:
        """`CountersMisconfigured` where the server may not be used."""
        ...

    def valid_epoch(self) -> int | None:
        """Epoch of the state in place, None where there is none that may be used."""
        ...

    def hand_out(
        self,
        noted: Mapping[int, Mapping[str, int]],
        asks: Sequence[Ask],
        outcomes: Sequence[Outcome],
        owners: Mapping[int, int],
        number: int,
    ) -> HandedOut:
        """Settle outcomes, then hand out. `noted`: partition → item-wide counter → first ordinal beyond the hand-out.

        The nonce of a partition is `owner.number`. Outcomes are settled in order; void ones are passed over.
        """
        ...

    def claim(
        self,
        epoch: int | None,
        wanted: Sequence[Wanted],
        outcomes: Sequence[Outcome],
        owners: Mapping[int, int],
        number: int,
    ) -> Claimings:
        """Settle outcomes, undo what the nonce holds, then claim decision by decision up to the first that must wait.

        `epoch` None: any; else `EpochChanged` where it is not the one in place.
        """
        ...

    def take_over(self, owners: Mapping[int, int]) -> Sequence[Claim]:
        """Put the caller's owner offsets in place; answer all that is tentative in these partitions.

        `OwnerChanged` where a higher offset stands already.
        """
        ...

    def resolve(self, owners: Mapping[int, int], existing: Sequence[Claim], missing: Sequence[Claim]) -> None:
        """Make tentative claims firm whose row exists, and drop those whose row is missing."""
        ...

    def begin(self, epoch: int) -> None:
        """Start to write a state aside, empty."""
        ...

    def fill(self, epoch: int, tails: Mapping[str, int], claims: Sequence[Claim]) -> None:
        """Add counters (next ordinal for anybody) and firm claims to it; of two claims of one text the first holds.

        `StateLost`: what was written aside is gone, begin again under a new epoch.
        """
        ...

    def switch(self, epoch: int, owners: Mapping[int, int]) -> None:
        """Put it in place, with these owner offsets, and drop the former one. `StateLost` also where a newer one is."""
        ...


def nonce(owner: int, number: int) -> str:
    """The mark of one reservation in one partition; `owner` ascends from owner to owner."""
    return f"{owner}.{number}"


def owner_changed(partitions: Sequence[int]) -> OwnerChanged:
    """The error for partitions whose owner offset in the state is not the caller's."""
    return OwnerChanged(partitions, f"the counters know another owner of partitions {sorted(partitions)}: take over")
