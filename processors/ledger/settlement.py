"""A settlement: the lines of a list against the book, in slices, each a transaction of its own (architecture §6).

First the lines that were counted, then the places of serial-managed goods as a whole (what is missing), then, where the
list type says so, what nobody read. The last slice says that this partition is done. A settlement that was done
already answers so again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Literal

from processors.domain import keys
from processors.domain.count_lines import CountResult, LineResult, PositionRow
from processors.domain.counts.gone_through import GoneThrough, note_gone_through, place_of
from processors.domain.counts.list_facts import ListFacts, facts_row, list_row_key, read_facts
from processors.domain.counts.outcomes import Outcomes
from processors.domain.counts.pieces import Pieces
from processors.domain.counts.positions import LIST_POSITIONS, PENDING, item_key, later_counts
from processors.domain.counts.settling import Settling
from processors.domain.decision import Barrier, Decision, Emit
from processors.domain.events import Reply
from processors.domain.master import MasterData
from processors.domain.message import Continuation, Message
from processors.domain.moved import lowest_book
from processors.domain.pins import Pin, pin_of
from processors.domain.progressives import Claimed
from processors.domain.registers import StockRow
from processors.domain.view import POSITIONS, STATE, STOCK, View

SETTLE: Final = "settle"
SETTLE_LINE: Final = "settle-line"
SLICE_LINES: Final = 500
"""Lines settled in one transaction."""
SLICE_STOCK: Final = 2_000
"""Stock rows looked at in one transaction for goods that nobody read."""
LINES: Final = "lines"
GROUPS: Final = "groups"
UNREAD: Final = "unread"


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far a settlement of a list has come in this task: its text in the barrier's row."""

    settlement: int
    closing: int
    phase: str = LINES
    after: str = ""
    part: int = 0
    reason_code: str = ""

    @property
    def text(self) -> str:
        """The form in which the barrier's row keeps it."""
        fields = (str(self.settlement), str(self.closing), self.phase, self.after, str(self.part), self.reason_code)
        return keys.join(*fields)


def begin_text(settlement: int, closing: int, reason_code: str | None) -> str:
    """What a settlement begins with; `closing` is the moment (ms) up to which goods that nobody read are looked for."""
    return _Progress(settlement, closing, reason_code=reason_code or "").text


def settle_slice(
    continuation: Continuation,
    view: View,
    master: MasterData,
    claimed: Claimed,
    dropped_until: int | None,
    decode_reply: Callable[[bytes], Reply],
    slice_lines: int = SLICE_LINES,
    slice_stock: int = SLICE_STOCK,
) -> Decision:
    """The next slice of a list's settlement."""
    _, inventory, list_ = keys.split(continuation.id)
    settlement, closing, phase, after, part, reason_code = keys.split(continuation.text)
    progress = _Progress(int(settlement), int(closing), phase, after, int(part), reason_code)
    kept = view.get(STATE, list_row_key(inventory, list_))
    assert kept is not None, f"list {inventory}/{list_} was opened before it was settled"
    facts = read_facts(kept)
    work = _Slice(
        continuation, inventory, list_, view, facts, progress.settlement, master, claimed, dropped_until, decode_reply
    )
    if progress.settlement <= facts.settled:
        return work.done(progress, facts)
    match progress.phase:
        case "lines":
            following = work.lines(progress, slice_lines)
        case "groups":
            following = work.groups(progress)
        case _:
            following = work.unread(progress, slice_stock)
    if following is None:
        return work.done(progress, facts)
    return work.goes_on(progress, following)


def settle_line(
    continuation: Continuation,
    view: View,
    master: MasterData,
    claimed: Claimed,
    dropped_until: int | None,
    decode_reply: Callable[[bytes], Reply],
) -> Decision:
    """Settle one line alone, as it was counted again or approved."""
    _, inventory, list_, line = keys.split(continuation.id)
    settlement, key = keys.split(continuation.text)
    kept = view.get(STATE, list_row_key(inventory, list_))
    assert kept is not None, f"list {inventory}/{list_} was opened before it was settled"
    facts = read_facts(kept)
    work = _Slice(
        continuation, inventory, list_, view, facts, int(settlement), master, claimed, dropped_until, decode_reply
    )
    row = view.get(POSITIONS, key)
    if row is not None and row.state in PENDING:
        work.settling.settle(row)
    return work.answered(line)


class _Slice:
    """One slice: a settling, and what it answers."""

    def __init__(
        self,
        continuation: Continuation,
        inventory: str,
        list_: str,
        view: View,
        facts: ListFacts,
        settlement: int,
        master: MasterData,
        claimed: Claimed,
        dropped_until: int | None,
        decode_reply: Callable[[bytes], Reply],
    ) -> None:
        self._continuation, self._inventory, self._list = continuation, inventory, list_
        self._view, self._facts, self._settlement = view, facts, settlement

        def pinned(row: PositionRow) -> Pin | None:
            item = master.items.get((row.item_class, row.item_code))
            asked = Message("count-lines", continuation.partition, 0, continuation.time_ms, item_key(row), None, b"")
            return pin_of(asked, item, view, master)

        self.outcomes = Outcomes(
            view,
            master,
            claimed,
            facts,
            settlement,
            dropped_until,
            continuation.partition,
            continuation.time_ms,
            pinned,
        )
        self.pieces = Pieces(self.outcomes, decode_reply)
        self.settling = Settling(self.outcomes, self.pieces)

    def lines(self, progress: _Progress, slice_lines: int) -> _Progress | None:
        """Settle the next counted lines."""
        last = None
        for index_key, row in islice(self._positions(progress.after), slice_lines):
            last = index_key
            if row.made != "group" and row.state in PENDING:
                if progress.reason_code and not row.reason_code:
                    row = replace(row, reason_code=progress.reason_code)
                self.settling.settle(row)
        if last is not None:
            return replace(progress, after=last)
        return None if self._facts.settled else replace(progress, phase=GROUPS, after="")

    def groups(self, progress: _Progress) -> _Progress | None:
        """Settle the next counted place of serial-managed goods."""
        for index_key, row in self._positions(progress.after):
            if row.made == "group" and row.state == "open":
                self.pieces.settle_group(row, progress.closing)
                return replace(progress, after=index_key)
        return replace(progress, phase=UNREAD, after="") if self._facts.uncounted == "zero" else None

    def unread(self, progress: _Progress, slice_stock: int) -> _Progress | None:
        """Settle what nobody read, over the next stock rows."""
        last = None
        zone = self.outcomes.time_zone
        moment = self._facts.moment(progress.closing, zone)
        passing = GoneThrough(self._inventory, self._list, self._facts, progress.closing, moment, None)
        for key, stock in islice(self._view.prefix(STOCK, "", progress.after), slice_stock):
            last = key
            if self._facts.covers(stock.warehouse, stock.location) and not self._held(key):
                self._unread(key, stock, passing)
        note_gone_through(self.outcomes.changes, replace(passing, walked=last), self._continuation.time_ms)
        return None if last is None else replace(progress, after=last)

    def _positions(self, after: str) -> Iterator[tuple[str, PositionRow]]:
        prefix = f"{keys.join(self._inventory, self._list)}|"
        for index_key, key in self._view.trail(LIST_POSITIONS.name, prefix, after):
            row = self._view.get(POSITIONS, key)
            if row is not None:
                yield index_key, row

    def _held(self, key: str) -> bool:
        """Whether a line of the inventory is about a stock row, or about a piece in it."""
        return any(row.inventory == self._inventory for _, row in self._view.prefix(POSITIONS, f"{key}|"))

    def _unread(self, key: str, stock: StockRow, passing: GoneThrough) -> None:
        row = passing.line(place_of(stock), "zero", "open")
        first, moment = passing.first, passing.moment
        if self.settling.is_serial_managed(row):
            self.pieces.missing(row, first, moment, passing.closing)
            return
        seen = later_counts(self.outcomes.changes, key, first)
        if seen is not None and seen.first.moment <= moment:
            return  # by another inventory
        removed = lowest_book(self._view, key, stock.stock, first, moment)
        if removed > 0:
            self.settling.settle(row)

    # what goes out

    def goes_on(self, before: _Progress, following: _Progress) -> Decision:
        """The results so far; the rest comes with the next turn."""
        results = tuple(self.outcomes.results)
        decision = self._decision(results, before.part, None)
        text = replace(following, part=before.part + (1 if results else 0)).text
        decision.barriers.append(Barrier(self._continuation.id, None, text))
        return decision

    def done(self, progress: _Progress, facts: ListFacts) -> Decision:
        """The last results, and that this partition has no more."""
        results = tuple(self.outcomes.results)
        decision = self._decision(results, progress.part, None)
        self._tell(decision, "settled", (), progress.part + (1 if results else 0), None)
        if progress.settlement > facts.settled:
            kept = facts_row(
                self._inventory, self._list, replace(facts, settled=progress.settlement), self._continuation.time_ms
            )
            decision.rows.append((STATE, list_row_key(self._inventory, self._list), kept))
        return decision

    def answered(self, line: str) -> Decision:
        """The answer for one line alone."""
        decision = self._decision(tuple(self.outcomes.results), 0, line)
        self._tell(decision, "settled", (), 1, line)
        return decision

    def _decision(self, results: tuple[LineResult, ...], part: int, line: str | None) -> Decision:
        changes = self.outcomes.changes
        decision = Decision(rows=changes.rows(), records=changes.records, claims=changes.claims)
        if results:
            self._tell(decision, "lines", results, part, line)
        return decision

    def _tell(
        self,
        decision: Decision,
        kind: Literal["lines", "settled"],
        results: tuple[LineResult, ...],
        part: int,
        line: str | None,
    ) -> None:
        result = CountResult(
            kind,
            self._inventory,
            self._list,
            self._continuation.partition,
            self._settlement,
            part,
            line,
            results,
            self._continuation.time_ms,
        )
        decision.records.append(Emit("count-results", keys.join(self._inventory), result))
