"""What must be true when all documents have arrived and all lists are closed: books are what stands on the shelves.

Nothing here knows how the product does it. What was counted is known for the moment of the count; from there on, only
what documents say. So each row must hold: what stood there at its newest settled count, and what really moved since.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from processors.domain.count_registers import CountLineRow
from tests.model.count_deeds import ITEMS, ZEROS, list_of
from tests.model.count_lines import START_MS, as_of_end, sent
from tests.model.count_world import Ending, run
from tests.model.naive_codes import Form
from tests.model.product import amount
from tests.model.shelves import Goods, Place, Row, Shelves, place_of, sides


def problems(deeds: list[Form], ending: Ending) -> Iterator[str]:
    """Everything that is not as it must be, told to a reader."""
    yield from ending.problems
    yield from _twice(ending)
    yield from _sums(ending)
    yield from _reads(ending)
    truth = Truth(deeds, ending)
    yield from truth.counted()
    yield from truth.documents()
    yield from truth.stock()
    yield from truth.serials()


def _twice(ending: Ending) -> Iterator[str]:
    """Nothing has two effects, whatever arrived again."""
    ids: dict[str, list[str]] = {
        "posting": [it.entry_id for it in ending.postings],
        "adjustment": [f"{it.kind} {it.adjustment_id}" for it in ending.adjustments],
        "movement taken": [it.request_id for it in ending.replies if it.status == "done"],
    }
    for what, them in ids.items():
        for id, count in Counter(them).items():
            if count > 1:
                yield f"{what} {id} is there {count} times"
    internal = [code for codes in ending.letters.values() for code in codes if code == "internal-error"]
    if internal:
        yield f"{len(internal)} internal errors"


def _sums(ending: Ending) -> Iterator[str]:
    """The stock register holds what its postings say."""
    sums: dict[Any, int] = defaultdict(int)
    for it in ending.postings:
        sums[it.item_code, it.lot_code, (it.warehouse, it.location)] += it.quantity
    for row in ending.stock:
        key = (row.item_code, row.lot_code, (row.warehouse, row.location))
        if row.stock != sums.pop(key, 0) or row.stock != row.loaded - row.unloaded:
            yield f"stock of {key} is {row.stock}, loaded {row.loaded}, unloaded {row.unloaded}; not its postings"
    for key, left in sums.items():
        if left:
            yield f"{key} has postings of {left} and no stock row"


def _reads(ending: Ending) -> Iterator[str]:
    """The same read gets the same answer."""
    said: dict[str, Any] = {}
    for it in ending.feedback:
        told = (it.status, it.code)
        if said.setdefault(it.scan_id, told) != told and it.status != "refused":
            yield f"read {it.scan_id} is answered {told} after {said[it.scan_id]}"


class Truth:
    """What the shelves and the documents say of the rows at the end."""

    def __init__(self, deeds: list[Form], ending: Ending) -> None:
        self.plain: Ending | None = None
        self.deeds, self.ending, self.shelves = deeds, ending, Shelves(deeds)
        self.moves = [deed for deed in deeds if deed["do"] == "move" and deed["id"] in ending.taken]
        self.moves = [deed for deed in self.moves if f"{deed['id']}-undone" not in ending.taken]
        self.settled = [row for row in ending.lines if row.state == "settled"]
        self.sent = sent(deeds, self.shelves)
        self.accepted = {it.scan_id for it in ending.feedback if it.status == "accepted"}
        self.opened = {deed["list"]: deed for deed in deeds if deed["do"] == "list"}
        self.reported = {_row(it) for it in ending.adjustments if it.kind == "late_report"}

    def moment(self, row: CountLineRow) -> int:
        """The moment that a line speaks of."""
        return min(row.counted_at - START_MS, as_of_end(self.deeds, list_of(self.deeds, row.list)))

    def counted(self) -> Iterator[str]:
        """What was read is what stood there; every line has come to an end; a newer count is in the way of an older."""
        for row in self.ending.lines:
            name = f"line {row.list}/{row.line} of {_row(row)} {row.serial_code or ''}"
            state = next(it.state for it in self.ending.lists if it.list == row.list)
            if row.state not in ("settled", "superseded", "rejected", "cancelled") and state != "cancelled":
                yield f"{name} stays {row.state}"
            if row.line.startswith(("z-", "m-")):
                continue
            there = self.there(_row(row), row.serial_code, self.moment(row))
            if amount(row.counted) != there:
                yield f"{name} says {amount(row.counted)}, there stood {there} at {self.moment(row)}"
            newer = [it for it in self.settled if self.moment(it) >= self.moment(row) and it is not row
                     and it.serial_code == row.serial_code and (row.serial_code or _row(it) == _row(row))]  # fmt: skip
            goods = (*_row(row)[:2], row.serial_code)
            place, at = _row(row)[2], self.moment(row)
            gone = self._was_looked_for(goods, place, at) or (row.serial_code and self._was_passed(goods, place, at))
            newer += self.ending.lines if gone else []
            if row.state == "superseded" and not newer and row.reason != "moved-since":
                yield f"{name} is superseded by nothing"

    def there(self, row: Row, serial: str | None, at: int) -> Fraction:
        if serial is None:
            return self.shelves.row(row, at)
        return self.shelves.there((*row[:2], serial), row[2], at)

    def documents(self) -> Iterator[str]:
        """All that really moved is taken in the end, and all that did not is undone, unless goods came up unseen."""
        if self.reported or any(deed["do"] == "drift" and deed.get("to") for deed in self.deeds):
            return
        for deed in self.deeds:
            if deed["do"] != "move":
                continue
            if deed.get("real", True) and deed["id"] not in self.ending.taken and self.is_taken_without_counts(deed):
                yield f"movement {deed['id']} is never taken: {self.reasons(deed['id'])}"
            undone = f"{deed['id']}-undone"
            if not deed.get("real", True) and deed["id"] in self.ending.taken and undone not in self.ending.taken:
                yield f"reversal of {deed['id']} is never taken: {self.reasons(undone)}"

    def is_taken_without_counts(self, deed: Form) -> bool:
        """Whether documents alone would let a movement in: not where each of two waits for the other's goods."""
        if self.plain is None:
            self.plain = run([it for it in self.deeds if it["do"] in ("company", "move")], 1)
        return deed["id"] in self.plain.taken

    def reasons(self, id: str) -> list[str]:
        replies = [reply for reply in self.ending.replies if reply.request_id == id]
        return [reason.code for reason in replies[-1].reasons] if replies else []

    def stock(self) -> Iterator[str]:
        """Every row: its newest settled count, and what moved since."""
        there = {_row(row): amount(row.stock) for row in self.ending.stock}
        rows = set(there)
        for deed in self.deeds:
            if deed["do"] in ("move", "drift", "count"):
                places = [deed[name] for name in ("from", "to", "place") if deed.get(name)]
                rows |= {(deed["item"], deed.get("lot"), place_of(place)) for place in places}
        for row in sorted(rows, key=repr):
            if ITEMS[row[0]][1] or row in self.reported or self.is_beyond_zero(row):
                continue
            count = self._newest(row)
            wanted, why = Fraction(0), "never counted"
            if count is not None:
                wanted = self.shelves.row(row, count)
                why = f"{wanted} counted at {count}"
            for deed in self.moves:
                if count is None or deed["at"] > count:
                    for goods, place, quantity in sides(deed):
                        wanted += quantity if (*goods[:2], place) == row else 0
            if there.get(row, 0) != wanted:
                yield f"stock of {row} is {there.get(row, 0)}, and should be {wanted} ({why})"

    def _newest(self, row: Row) -> int | None:
        """The moment of the newest settled count of a row; where unread goods count as gone, that of passing by."""
        lines = [it for it in self.settled if _row(it) == row]
        moments = [self._passed(it.list, row) if it.line.startswith("z-") else self.moment(it) for it in lines]
        held = {it.inventory for it in self.ending.lines if _row(it) == row}
        for name, opened in self.opened.items():
            closed = any(it.list == name and it.state == "closed" for it in self.ending.lists)
            if (
                opened["type"] in ZEROS
                and self._is_in_scope(opened, row)
                and opened["inventory"] not in held
                and closed
            ):
                moments.append(self._passed(name, row))
        return max(moments, default=None)

    def _passed(self, name: str, row: Row) -> int:
        """When the one who went through a whole scope came by a row."""
        walk = next(deed for deed in self.deeds if deed["do"] == "walk" and deed["list"] == name)
        turns = [turn for turn, (item, lot, place) in enumerate(walk["rows"]) if (item, lot, place_of(place)) == row]
        return int(walk["at"]) + int(walk["step"]) * turns[0]

    def _is_in_scope(self, opened: Form, row: Row) -> bool:
        places = map(place_of, opened["places"])
        return (
            opened["warehouse"] == row[2][0]
            and (opened["whole"] or row[2] in places)
            and row[2] in self._walked(opened)
        )

    def _walked(self, opened: Form) -> list[Place]:
        walks = [deed for deed in self.deeds if deed["do"] == "walk" and deed["list"] == opened["list"]]
        return [place_of(place) for walk in walks for _, _, place in walk["rows"]]

    def is_beyond_zero(self, row: Row) -> bool:
        """What lists that take unread goods for gone cannot know: goods that came up unseen, documents never taken."""
        zero = [it for it in self.opened.values() if it["type"] in ZEROS and self._is_in_scope(it, row)]
        if not zero:
            return False
        moves = [deed for deed in self.deeds if deed["do"] == "move"]
        moves = [deed for deed in moves if any((*goods[:2], place) == row for goods, place, _ in sides(deed))]
        refused = any(deed.get("real", True) and deed["id"] not in self.ending.taken for deed in moves)
        return self.came_up(row) or refused

    def came_up(self, row: Row) -> bool:
        """Whether goods were ever put into a row that nobody wrote down."""
        drifts = [deed for deed in self.deeds if deed["do"] == "drift" and deed.get("to")]
        return any((deed["item"], deed.get("lot"), place_of(deed["to"])) == row for deed in drifts)

    def serials(self) -> Iterator[str]:
        """Every serial is where it was found last, or where a document has taken it since; rows hold their serials."""
        where: dict[Goods, Place | None] = {}
        items = {row[0] for row in self.reported}
        goods = {it for deed in self.deeds if deed["do"] in ("move", "drift") and ITEMS[deed["item"]][1]
                 for it, _, _ in sides(deed)}  # fmt: skip
        for it in sorted(goods, key=repr):
            where[it] = self._place(it)
        for row in self.ending.serials:
            key = (row.item_code, row.lot_code, row.serial_code)
            place = (row.warehouse, row.location) if row.state == "in_stock" else None
            if key[0] not in items and place != where.get(key):
                yield f"serial {key} is registered at {place}, and should be at {where.get(key)}"
        for stock in self.ending.stock:
            row_ = _row(stock)
            if ITEMS[row_[0]][1] and row_[0] not in items:
                held = [it for it, place in where.items() if (*it[:2], place) == row_]
                if amount(stock.stock) != len(held):
                    yield f"stock of {row_} is {amount(stock.stock)}, and should be {held}"

    def _place(self, goods: Goods) -> Place | None:
        """Settled lines of a serial and documents of it, one after the other; a place that was gone through unread."""
        own = [it for it in self.settled if (it.item_code, it.lot_code, it.serial_code) == goods]
        steps: list[tuple[int, int, Any]] = [(self.moment(it), 1, it) for it in own]
        steps += [(deed["at"], 0, deed) for deed in self.moves if any(it == goods for it, _, _ in sides(deed))]
        place: Place | None = None
        since = 0
        for at, rank, step in sorted(steps, key=lambda step: step[:2]):
            before = place
            if rank and step.counted:
                place = (step.warehouse, step.location)
            elif rank:
                place = None if place == (step.warehouse, step.location) else place
            else:
                place = place_of(step["to"]) if step.get("to") else None
            since = since if place == before else at
        if place is not None and (self._was_looked_for(goods, place, since) or self._was_passed(goods, place, since)):
            return None
        return place

    def _was_passed(self, goods: Goods, place: Place, at: int) -> bool:
        """Whether a list that takes unread goods for gone went through a place, and read nothing of the row."""
        row = (*goods[:2], place)
        read = {it.inventory for it in self.ending.lines if _row(it) == row and not it.line.startswith("m-")}
        held = self._readers(goods)
        closed = {it.list for it in self.ending.lists if it.state == "closed"}
        return any(
            it["type"] in ZEROS and name in closed and it["at"] >= at and self._is_in_scope(it, row)
            and it["inventory"] not in read | held
            for name, it in self.opened.items()
        )  # fmt: skip

    def _was_looked_for(self, goods: Goods, place: Place, at: int) -> bool:
        """Whether the place of an unread serial was gone through after a moment, and lists had that settled."""
        settled = {it.list for it in self.settled} | {it.list for it in self.ending.lists if it.state == "closed"}
        held = self._readers(goods)
        first: dict[str, int] = {}
        for when, topic, scan in self.sent:
            row = (scan.get("item_code"), scan.get("lot"), (self._warehouse(scan), scan.get("location")))
            counts = topic == "scans" and "serial" in scan and scan["scan_id"] in self.accepted
            if counts and row == (*goods[:2], place) and scan["inventory"] not in held and scan["list"] in settled:
                first.setdefault(scan["list"], when)
        return any(when >= at for when in first.values())

    def _readers(self, goods: Goods) -> set[str]:
        """Inventories that have read a serial, wherever, or in which somebody has said that it is not missing."""
        lines = [it for it in self.ending.lines if not it.line.startswith("m-") or it.state == "rejected"]
        return {it.inventory for it in lines if (it.item_code, it.lot_code, it.serial_code) == goods}

    def _warehouse(self, scan: Form) -> str | None:
        return self.opened[scan["list"]]["warehouse"] if "list" in scan else None


def _row(it: Any) -> Row:
    return it.item_code, it.lot_code, (it.warehouse, it.location)
