"""What the worker loop asks of the counters, and what the counters ask of the log and the registers (architecture §5).

One `Counters` per worker, used by its one thread. The order of calls, beside the steps of the loop:

    own(partitions)                  at assignment, BEFORE the end offsets of the catch-up are noted
    take_over(partitions, lookup)    after the stores are caught up to those ends
    reserve → decide → claim → produce, flush → confirm → commit → committed
                                     (or `dropped`, wherever the batch ends without a commit)

A batch whose commit has an unknown outcome is told neither `committed` nor `dropped`: its partitions are taken over.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from processors.domain.decision import Decision
from processors.domain.progressives import Claim, Claimed, Grants, Need
from processors.domain.registers import CounterRow


class CountersUnavailable(Exception):
    """Redis cannot answer now (refused, timeout, loading, out of memory, read-only, busy). React: drop the batch, seek
    back, pause, keep polling for membership, try again. Whether the call had its effect is unknown and does not matter.
    """


class StateLost(Exception):
    """The company-wide state is missing, another server's, or of a superseded epoch. React: drop, then `rebuild`."""


class EpochChanged(Exception):
    """The reservation's state was rebuilt meanwhile. React: abort, `dropped`, redo from `reserve` (which raises
    `StateLost` while the rebuild is under way)."""


class OwnerChanged(EpochChanged):
    """Another worker took these partitions over, or ours was never told. React: abort, `dropped`, then treat
    `partitions` as newly assigned: `own`, catch up to fresh ends, `take_over`."""

    def __init__(self, partitions: Sequence[int], message: str) -> None:
        super().__init__(message)
        self.partitions = tuple(partitions)


class CountersMisconfigured(Exception):
    """This Redis may not be used (evicts keys, too old, a cluster). React: refuse to start."""


@dataclass(slots=True)
class Reservation:
    """What was handed out for one batch. Ends in exactly one of `committed`, `dropped` or a take-over."""

    grants: Grants
    """Per (counter key, partition) at least as many ordinals as needed; free ones of the row not counted."""
    number: int
    """Ascending within one `Counters`; with the partition's owner offset it is the nonce in Redis."""
    epoch: int | None = None
    """Epoch of everything company-wide in this batch; None: nothing is, and `confirm` has nothing to ask."""
    fence: dict[int, int] = field(default_factory=dict)
    """Partitions with anything company-wide → offset of our owner record, as used in Redis."""
    asked: Mapping[tuple[str, int], int] = field(default_factory=dict)
    """(counter key, partition) of company-wide needs → `next_ordinal` of the row they were reserved with."""
    claiming: set[int] = field(default_factory=set)
    """Partitions that may hold tentative claims under this nonce."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of a batch's claims."""

    taken: Claimed
    """Firmly another owner's: text → owner. Decide the batch again with these, then `claim` again."""
    wait_at: int | None
    """Index of the first decision that met another's tentative claim: the batch ends before it, and it is tried again
    in a later batch. It and those after it hold nothing. 0: the whole batch is `dropped`; pause a moment."""


class Counters(Protocol):
    """Allocation of ordinals and codes.

    `reserve`, `claim`, `flush_outcomes`: one Redis round trip each; `own`, `confirm`: one of the epoch log. Whatever
    asks Redis may raise `CountersUnavailable`, and at a new connection `CountersMisconfigured`; errors of the log pass.
    """

    def check(self) -> None:
        """Raise `CountersMisconfigured` where the server may not be used. At start; every new connection repeats it."""
        ...

    def own(self, partitions: Sequence[int]) -> None:
        """Append our owner records, before the catch-up notes its ends: whoever flushes later fails `confirm`."""
        ...

    def take_over(self, partitions: Sequence[int], lookup: Callable[[Claim], bool]) -> None:
        """Resolve what former owners left tentative: `lookup` says whether the claim's row is in our caught-up store.

        On `CountersUnavailable` the worker may go on: whatever needs it raises `OwnerChanged` until it is repeated.
        Nothing to do, and no error, where the state is lost. `OwnerChanged`: somebody owns them after us.
        """
        ...

    def reserve(self, needs: Sequence[Need]) -> Reservation:
        """Hand out ordinals for all needs, at most one need per (counter, partition); and report earlier outcomes.

        `row` is the one in the store, never the overlay's. A batch that needs more asks again with all its needs (and
        `dropped` for the former reservation): the same rows give the same ordinals, then more. `StateLost`,
        `OwnerChanged`.
        """
        ...

    def claim(self, reservation: Reservation, decisions: Sequence[Decision]) -> Verdicts:
        """Claim `claims` and announce `released` of all decisions of the batch, in order; replaces an earlier call's.

        Costs nothing where no decision claims or releases. `StateLost`, `EpochChanged`, `OwnerChanged`.
        """
        ...

    def confirm(self, reservation: Reservation) -> None:
        """After the flush, before the commit: the reservation's epoch and owners are still the newest in the log.

        Else `EpochChanged` or `OwnerChanged`. Asks the log, never Redis; nothing where nothing is company-wide.
        """
        ...

    def committed(self, reservation: Reservation, decisions: Sequence[Decision]) -> None:
        """The batch is committed with these decisions: those of the last `claim`, up to its `wait_at`. No I/O: the
        outcome is sent with the next call.

        Their claims become firm and their released codes free; company-wide ordinals from `next_ordinal` of their last
        counter rows on go back to all where they may. Who ends a batch elsewhere than at `wait_at` claims again first.
        """
        ...

    def dropped(self, reservation: Reservation) -> None:
        """The batch certainly has no effect: claims are let go with the next call, ordinals stay the partition's."""
        ...

    def flush_outcomes(self) -> bool:
        """Send waiting outcomes now, for a worker that has become idle. True where there were any. Never raises
        `StateLost`: outcomes of a lost state are void."""
        ...

    def rebuild(self, registers: "Registers") -> "Rebuilt":
        """Write the company-wide state anew from the registers; or wait for the worker that is at it (architecture §5).

        Only with no transaction open, no work in hand. Waits through `Clock.wait`. `CountersUnavailable`: call again.
        """
        ...


class Registers(Protocol):
    """The committed registers, as a rebuild reads them."""

    def note_ends(self) -> None:
        """Note the end offsets (READ_UNCOMMITTED) of all partitions of counter-, lot- and serial-register, now."""
        ...

    def rows(self) -> Iterator[CounterRow | Claim | None]:
        """Read committed up to the noted ends: of every key the latest row, tombstones left out, in any order.

        Rows of `counter-register` as they are (item-wide ones are ignored); of lots and serials whose code is unique
        across the company the `Claim` that holds it. None is a sign of life: yielded at least once a second while
        reading takes longer, else another worker takes the rebuild for dead. May poll the consumer between rows.
        """
        ...


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """A record of `counter-epochs`. Its topic key is `key`, so the topic may be compacted."""

    kind: Literal["epoch", "progress", "done", "owner"]
    by: str
    """Who wrote it (`ledger-3`), for people."""
    at: int
    """Wall clock, ms UTC, for people: nothing is decided by it."""
    epoch: int | None = None
    """`progress`, `done`: the epoch they belong to."""
    partition: int | None = None
    """`owner`: the partition taken over; the record's offset is the fence."""

    @property
    def key(self) -> str:
        """`epoch`, `progress` (also for done), or `owner|3`."""
        return f"owner|{self.partition}" if self.kind == "owner" else "epoch" if self.kind == "epoch" else "progress"


@dataclass(slots=True)
class EpochState:
    """`counter-epochs` folded up to some offset: feed every record once, in order, through `add`."""

    epoch: int | None = None
    """The newest epoch: the offset of its record."""
    done: bool = False
    """Whether the newest epoch was switched to."""
    begun: int = 0
    """How many epochs are in the log: none before the counters were made for the first time."""
    moved: int = -1
    """Offset of the newest record of the newest epoch: grows as its rebuild makes progress."""
    owners: dict[int, int] = field(default_factory=dict)
    """Partition → offset of its newest owner record."""

    def add(self, offset: int, record: EpochRecord) -> None:
        """Take in the record at `offset`."""
        if record.kind == "owner" and record.partition is not None:
            self.owners[record.partition] = offset
        elif record.kind == "epoch":
            self.epoch, self.done, self.moved = offset, False, offset
            self.begun += 1
        elif record.epoch == self.epoch:
            self.done, self.moved = self.done or record.kind == "done", offset


class EpochLog(Protocol):
    """Topic `counter-epochs`: one partition, written by an idempotent producer with acks=all, outside transactions."""

    def append(self, records: Sequence[EpochRecord]) -> Sequence[int]:
        """Append in order; return the offsets once acknowledged. An error leaves open whether they were written."""
        ...

    def newest(self) -> EpochState:
        """The topic up to its end as it was at some moment after the call began (a fresh end offset each time)."""
        ...


class Clock(Protocol):
    """Time, for waiting on another's rebuild. `wait` is where the worker keeps polling for its membership."""

    def monotonic(self) -> float:
        """Seconds, from anywhere, never back."""
        ...

    def wall_ms(self) -> int:
        """Ms UTC, for records that people read."""
        ...

    def wait(self, seconds: float) -> None:
        """Let about that much time pass."""
        ...


@dataclass(frozen=True, slots=True)
class Lost:
    """A company-wide counter with ordinals that were handed out and never committed: they stay unused."""

    counter: str
    count: int
    below: int
    """All of them are below this ordinal, the first that will be handed out next."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The outcome of `rebuild`. `by_us` False: another worker's state is in place, `lost` is in its log lines."""

    epoch: int
    by_us: bool
    lost: Sequence[Lost] = ()
    first: bool = False
    """Nothing was lost: the counters were made for the first time."""
