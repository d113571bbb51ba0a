"""The naive ledger where goods are counted: books at a moment, adjustments, and movements that come late.

Every settled count stays. A movement that happened before one and arrives after it is posted as any, together with its
opposite at the earliest such count (`architecture.md` §6.6).
"""

from fractions import Fraction
from typing import Any, ClassVar

from tests.model.naive_codes import Form
from tests.model.naive_events import millis
from tests.model.naive_ledger import NaiveLedger
from tests.model.naive_movement import Change
from tests.model.naive_reversal import Reversal
from tests.model.naive_values import Answer, Leg, Piece

Row = tuple[str, str, str | None, str, str | None, str | None]
"""Class, code, variant, warehouse, location, lot: a stock row."""
Key = tuple[Any, ...]
"""Class, code, variant, lot, serial: a piece."""


class Late(Change):
    """What a movement, or its reversal, has to leave as it was counted."""

    ledger: "CountedLedger"

    def later(self, row: Row) -> list[Form]:
        """Settled counts of a whole row at or after this, the earliest first."""
        counts = self.ledger.counts_of(row)
        found = [it for it in counts if it["moment"] >= self.at]
        for passed in self.ledger.passing(row, self.at):
            # What another inventory has counted meanwhile somebody has seen.
            if not any(passed["first"] <= it["moment"] <= passed["last"] for it in [*counts, *found]):
                found.append(_empty(passed, row))
        return sorted(found, key=lambda it: it["moment"])

    def correct_row(self, row: Row, amount: Fraction, counts: list[Form], fits: bool) -> None:
        """Take a late amount back at the earliest count; what a line of unread goods leaves of it, at the next one.

        A line of unread goods says that the lowest book of its time was gone, and goes on to say so.
        """
        for count in counts:
            if count["made"] == "count":
                self.correct(count, row, amount, count["compensate"] or not fits)
                return
            removed = max(self.ledger.lowest(row, count["from"], count["moment"]), Fraction(0))
            change = count["removed"] - removed
            count["removed"] = removed
            if change:
                self.correct(count, row, -change, True)
            amount += change
            if not amount:
                return

    def covering(self, row: Row, serial: str, load: bool) -> Form | None:
        """The count that has settled where a piece is; one that comes to a place is settled by its reader too."""
        own = self.ledger.later_of_piece((*self.scope, row[5], serial), row, self.at, leaves=not load)
        if own and not load and not any(it["counted"] for it in own):
            # (choice) that it was not here explains the leaving of a piece that the books had, and have nowhere else
            known = self.ledger.serials.get((*self.scope, row[5], serial))
            if known is None or (known["state"] == "in_stock" and (known["warehouse"], known["location"]) != row[3:5]):
                return None
        if own:
            return own[0]
        groups = [it for it in self.ledger.groups if it["row"] == row and it["first"] >= self.at and load
                  and not self.ledger.is_held(it["inventory"], (*self.scope, row[5], serial))]  # fmt: skip
        groups += [it for it in self.ledger.passing(row, self.at) if it["first"] >= self.at and load
                   and not self.ledger.is_held(it["inventory"], (*self.scope, row[5], serial))]  # fmt: skip
        count = min(groups, key=lambda it: it["last"], default=None)
        if count is None:
            return None
        # (choice) what its place did not have is corrected, also where late movements are only reported
        return {
            "row": row, "serial": serial, "inventory": count["inventory"], "list": count["list"], "effects": [],
            "moment": count["last"], "at": count["last"], "unread": count.get("unread", 0),
            "made": "missing", "counted": Fraction(0), "state": "settled", "compensate": True,
        }  # fmt: skip

    def row_of(self, leg: Leg, lot: str | None) -> Row:
        return (*self.where, self.variant, leg.warehouse, leg.location, lot)

    def taken_back(self, row: Row) -> Fraction:
        """What the counts after this have adjusted, taken back."""
        counts = [it for it in self.ledger.settled() if it["moment"] >= self.at]
        return -sum((amount for it in counts for where, amount in it["effects"] if where == row), Fraction(0))

    def correct(self, count: Form, row: Row, amount: Fraction, corrects: bool, serial: str | None = None) -> None:
        kind = "correction" if corrects else "late_report"
        record = {"kind": kind, "row": row, "difference": -amount, "movement": self.m["movement_id"], "serial": serial,
                  "list": count["list"], "at": count["at"]}  # fmt: skip
        self.ledger.adjustments.append(record)
        if corrects:
            self.ledger.post(row, -amount, count["moment"], f"correction of {self.m['movement_id']}")
            count["effects"].append((row, -amount))
            known = [*self.ledger.positions, *self.ledger.explained]
            if not any(it is count for it in known):
                self.ledger.explained.append(count)
                if count["serial"] is None:
                    return
                self.ledger.note((*self.scope, row[5], serial), count["moment"], 1, None, None, gone=row[3:5])


class LateChange(Late):
    """A movement, perhaps of goods that have been counted since."""

    def _free(self, warehouse: str, location: Any, lot: str | None) -> Fraction:
        """(choice) Where late movements are reported, and not taken back, what stands there now is there too."""
        row = (*self.where, self.variant, warehouse, location, lot)
        free, counts = super()._free(warehouse, location, lot), self.later(row)
        if self.item.get("serial_managed"):
            return free  # pieces say for themselves whether they are there
        before = free + self.taken_back(row)
        return max(free, before) if counts and not counts[0]["compensate"] else before

    def _may_leave(self, leg: Leg, number: int, piece: Piece) -> None:
        row = self.row_of(leg, piece.lot)
        left = [serial for serial in piece.serials if not self.covering(row, serial, False)]
        if piece.serials and not left:
            known = self.ledger.lots.get((*self.scope, piece.lot or ""), {})
            self.reasons |= {"lot-closed"} if known.get("closed") else set()
            return  # it takes nothing that a count has not seen go
        super()._may_leave(leg, number, piece._replace(quantity=Fraction(len(left))) if piece.serials else piece)

    def _typed_lot(self, code: str, lot: Form, template: Form) -> None:
        row = self.ledger.lots.get((*self.scope, code))
        if row is not None and row.get("counted"):
            self.new_lots[code] = self._lot_row(lot)  # the first document of goods that only counts knew
            return
        super()._typed_lot(code, lot, template)

    def _typed_serial(self, lot: str | None, serial: str) -> None:
        template = self.ledger.templates[self.m["warehouse"], self.m["template"]]
        location = self.m.get("location") or template.get("default_location")
        row: Row = (*self.where, self.variant, self.m["warehouse"], location, lot)
        if not self.covering(row, serial, True):
            super()._typed_serial(lot, serial)

    def _serial_may_move(self, leg: Leg, piece: Piece, serial: str) -> None:
        if not self.covering(self.row_of(leg, piece.lot), serial, leg.direction == "load"):
            super()._serial_may_move(leg, piece, serial)

    def _move(self, leg: Leg, piece: Piece) -> None:
        row, load = self.row_of(leg, piece.lot), leg.direction == "load"
        amount = piece.quantity if load else -piece.quantity
        counts = [] if piece.serials else self.later(row)
        enough = load or Change._free(self, leg.warehouse, leg.location, piece.lot) >= piece.quantity
        fits = enough or self._may_be_negative(leg, piece)
        self.staying = {serial: self._stays(row, serial, leg) for serial in piece.serials}
        super()._move(leg, piece)
        self.correct_row(row, amount, counts, fits)
        for serial, (count, stays) in self.staying.items():
            if count is not None:
                self.correct(count, row, Fraction(1 if load else -1), stays, serial)

    def _stays(self, row: Row, serial: str, leg: Leg) -> tuple[Form | None, bool]:
        """The count that covers a piece, and whether the piece stays as it was counted."""
        count = self.covering(row, serial, leg.direction == "load")
        if count is None:
            return None, False
        known = self.ledger.serials.get((*self.scope, row[5], serial))
        standing = known is not None and known["state"] == "in_stock"
        here = known is not None and (known["warehouse"], known["location"]) == row[3:5]
        possible = not standing if leg.direction == "load" else standing and here
        moved_on = standing != bool(count["counted"])  # by a document, since it was counted
        return count, count["compensate"] or moved_on or not possible

    def _move_serial(self, leg: Leg, key: Any) -> None:
        place = (leg.warehouse, leg.location) if leg.direction == "load" else None
        self.ledger.note(key, self.at, 0, place, self.m["movement_id"])
        before = self.ledger.serials.get(key)
        kept = None if before is None else {name: before[name] for name in ("state", "warehouse", "location")}
        super()._move_serial(leg, key)
        if self.staying[key[4]][1]:
            self.ledger.serials[key].update(kept or {"state": "out", "warehouse": None, "location": None})


class LateReversal(Late, Reversal):
    """A movement undone, which may have happened before a count."""

    @property
    def at(self) -> int:
        if self.undone_movement is None:
            return millis(self.now)
        return int(self.undone_movement["posted"][0]["occurred_at"])

    @property
    def undone_movement(self) -> Form | None:
        return self.ledger.taken.get((*self.where, self.m.get("reverses") or ""))

    def _free(self, warehouse: str, location: Any, lot: str | None) -> Fraction:
        row = (*self.where, self.variant, warehouse, location, lot)
        free, counts = super()._free(warehouse, location, lot), self.later(row)
        if self.item.get("serial_managed"):
            return free
        before = free + self.taken_back(row)
        return max(free, before) if counts and not counts[0]["compensate"] else before

    def _may_be_undone(self, leg: Leg, piece: Piece) -> None:
        row, came = self.row_of(leg, piece.lot), leg.direction != "load"
        left = tuple(serial for serial in piece.serials if not self.covering(row, serial, came))
        quantity = Fraction(len(left)) if piece.serials else piece.quantity
        super()._may_be_undone(leg, piece._replace(serials=left, quantity=quantity))

    def keep(self) -> Answer:
        original = self.undone
        assert isinstance(original, dict)
        plan: list[tuple[Form, Row, Fraction, bool, str | None]] = []
        self.rows: list[tuple[Row, Fraction, list[Form], bool]] = []
        self.staying: dict[Any, bool] = {}
        for leg in original["legs"]:
            for piece in leg.pieces:
                self._plan(leg, piece, plan)
        answer = super().keep()
        self.ledger.forget(self.m["reverses"])
        for row, amount, counts, fits in self.rows:
            self.correct_row(row, amount, counts, fits)
        for count, row, amount, corrects, serial in plan:
            self.correct(count, row, amount, corrects, serial)
        return answer

    def _plan(self, leg: Leg, piece: Piece, plan: list[Any]) -> None:
        row, came = self.row_of(leg, piece.lot), leg.direction != "load"
        sign = 1 if came else -1
        if not piece.serials:
            counts = self.later(row)
            free = Change._free(self, leg.warehouse, leg.location, piece.lot)
            fits = came or free >= piece.quantity or self._may_be_negative(leg, piece)
            self.rows.append((row, sign * piece.quantity, counts, fits))
        for serial in piece.serials:
            count = self.covering(row, serial, came)
            known = self.ledger.serials.get((*self.scope, piece.lot, serial))
            standing = known is not None and known["state"] == "in_stock"
            if count is not None:
                stays = count["compensate"] or standing == came
                self.staying[(*self.scope, piece.lot, serial)] = stays
                plan.append((count, row, Fraction(sign), stays, serial))

    def _undo_serial(self, leg: Leg, key: Any, request: Form) -> None:
        kept = {name: self.ledger.serials[key][name] for name in ("state", "warehouse", "location")}
        super()._undo_serial(leg, key, request)
        if self.staying.get(key) and key in self.ledger.serials:
            self.ledger.serials[key].update(kept)


class CountedLedger(NaiveLedger):
    """The naive ledger with counted lines: `positions` are lines of lists, as `naive_counting` makes them."""

    kinds: ClassVar[dict[str, type[Change]]] = {**NaiveLedger.kinds, "post": LateChange, "reverse": LateReversal}

    def __init__(self) -> None:
        super().__init__()
        self.positions: list[Form] = []
        self.groups: list[Form] = []
        """Places of pieces that were gone through: row, moments of the first and last read, inventory."""
        self.explained: list[Form] = []
        """What a place that was gone through did not have, and whose documents came later: it was not there."""
        self.passed: list[Form] = []
        """Lists that took what nobody read for gone: their scope, from when on and until when."""
        self.adjustments: list[Form] = []
        self.journey: dict[Key, list[Form]] = {}
        """What moved a piece: moment, rank, the place where it is from then on, the movement."""

    def settled(self) -> list[Form]:
        return [*(it for it in self.positions if it["state"] == "settled"), *self.explained]

    def counts_of(self, row: Row) -> list[Form]:
        """Settled counts of a whole row."""
        return [it for it in self.settled() if it["serial"] is None and it["row"] == row]

    def passing(self, row: Row, moment: int) -> list[Form]:
        """Lists that went through a row's place at a moment or later, of inventories that have no line of the row."""
        lines = [it for it in [*self.positions, *self.explained] if it["row"] == row and it["state"] != "cancelled"
                 and (it["serial"] is None or it["made"] == "count")]  # fmt: skip
        found = [it for it in self.passed if it["warehouse"] == row[3] and it["last"] >= moment
                 and (not it["locations"] or row[4] in it["locations"])
                 and it["inventory"] not in [line["inventory"] for line in lines]]  # fmt: skip
        return sorted(
            ({**it, "unread": it["last"], "row": row} for it in found), key=lambda it: (it["last"], it["list"])
        )

    # Settling

    def settle(self, line: Form, it: Form) -> None:
        """Compare a line with the book at its moment, and adjust what differs; `it` is its list."""
        line["compensate"] = it["type"].get("compensate_late", True)
        if line["serial"]:
            self._settle_piece(line, it)
            return
        if any(other["moment"] >= line["moment"] for other in self.counts_of(line["row"])):
            line["state"] = "superseded"
            return
        line["book"] = self.book(line["row"], line["moment"])
        if line["made"] == "zero":
            line["removed"] = max(self.lowest(line["row"], line["from"], line["moment"]), Fraction(0))
            line["counted"] = line["book"] - line["removed"]
        line["difference"] = line["counted"] - line["book"]
        line["moved"] = line["made"] == "count" and self.moved_between(line["row"], line["from"], line["at"])
        if not self._asks(line, it) and not self._lacks(line, line["row"], line["difference"]):
            self._adjust(line, line["row"], line["difference"])
            line["state"] = "settled"

    def _settle_piece(self, line: Form, it: Form) -> None:
        key = _key(line)
        if self.later_of_piece(key, line["row"], line["moment"]):
            line["state"] = "superseded"
            return
        since = [it for it in self.groups if it["row"] == line["row"] and it["first"] >= line["moment"]]
        if line["made"] == "count" and line["counted"] and any(not self.is_held(it["inventory"], key) for it in since):
            line["state"] = "superseded"  # its place was gone through since, and it was not there
            return
        row, place = line["row"], self.place_at(key, line["moment"])
        here = (row[3], row[4])
        line["book"] = Fraction(place == here)
        line["difference"] = line["counted"] - line["book"]
        if line["difference"] and self.documented_after(key, line["moment"]):
            line["state"] = "superseded"
        elif not self._asks(line, it) and not self._lacks_of_piece(line, row, place):
            if line["counted"] and place is not None and place != here:
                # A newer count may have taken it out there already.
                if self._is_at(key, place):
                    self._adjust(line, (*row[:3], *place, row[5]), Fraction(-1))
                self._adjust(line, row, Fraction(1))
            else:
                self._adjust(line, row, line["difference"])
            line["state"] = "settled"
            self._put(key, line, here if line["counted"] else None)

    def _lacks(self, line: Form, row: Row, difference: Fraction) -> bool:
        """Whether the warehouse has no template for an adjustment."""
        name = "adjustment_load_template" if difference > 0 else "adjustment_unload_template"
        if difference and not self.warehouses[row[3]][name]:
            line["state"] = "refused"
            return True
        return False

    def _lacks_of_piece(self, line: Form, row: Row, place: Any) -> bool:
        elsewhere = line["counted"] and place is not None and place != (row[3], row[4])
        out = (
            bool(elsewhere)
            and self._is_at(_key(line), place)
            and self._lacks(line, (*row[:3], *place, row[5]), Fraction(-1))
        )
        return out or self._lacks(line, row, line["difference"])

    def _is_at(self, key: Key, place: Any) -> bool:
        row = self.serials.get(key)
        return row is not None and row["state"] == "in_stock" and (row["warehouse"], row["location"]) == place

    def _put(self, key: Key, line: Form, place: Any) -> None:
        """A piece is where it was counted."""
        if not line["difference"]:
            return
        row = line["row"]
        self.note(key, line["moment"], 1, place, None, gone=None if place else row[3:5])
        if key not in self.serials:
            self.serials[key] = {"reserved": False, "reserved_for": None, "cancelled": False, "force_closed": False,
                                 "generation": 1}  # fmt: skip
            self.documents[key] = [{"direction": "load", "movement_id": "counted"}]
        at = place or (None, None)
        self.serials[key].update(state="in_stock" if place else "out", warehouse=at[0], location=at[1])

    def _asks(self, line: Form, it: Form) -> bool:
        """Whether somebody has to look at a difference first."""
        difference, book, rule = line["difference"], line["book"], it["type"]
        if not difference:
            return False
        if line["approved"] is not None:
            if line["approved"] == difference:
                return False
            line.update(state="approval", approved=None)
            return True
        cost = self.items[line["row"][:2]].get("unit_cost")
        limits = {name: rule.get(f"tolerance_{name}") for name in ("quantity", "percent", "value")}
        size = abs(difference)
        beyond = (
            (limits["quantity"] is not None and size > Fraction(limits["quantity"]))
            or (limits["percent"] is not None and size * 100 > Fraction(limits["percent"]) * abs(book))
            or (limits["value"] is not None and cost is not None and size * Fraction(cost) > Fraction(limits["value"]))
        )
        asks = rule.get("beyond_tolerance", "accept")
        if asks == "accept" or line["recounted"] or not beyond:
            return False
        line["state"] = asks
        return True

    def _adjust(self, line: Form, row: Row, difference: Fraction) -> None:
        if not difference:
            return
        lot = (*row[:2], row[2] or "", row[5])
        if row[5] is not None and lot not in self.lots:
            self.lots[lot] = {  # type: ignore[index]
                "counted": True, "closed": False, "available": True, "status": None, "block_from": None,
                "supplier": None, "generation": 1, "initial_quantity": difference, "ordinal": None, "start_date": None,
                "expiry_date": None, "code_type": None, "lot_type": None,
            }  # fmt: skip
        self.post(row, difference, line["moment"], "count")
        line["effects"].append((row, difference))
        record = {"kind": "difference", "row": row, "difference": difference, "movement": None}
        self.adjustments.append({**record, "serial": line["serial"], "list": line["list"], "at": line["at"]})

    def post(self, row: Row, amount: Fraction, moment: int, why: str) -> None:
        """Change a row at the moment of a count."""
        stock = self.stock.setdefault(row, {"loaded": Fraction(0), "unloaded": Fraction(0)})
        stock["loaded" if amount > 0 else "unloaded"] += abs(amount)
        names = ("item_class", "item_code", "variant", "warehouse", "location", "lot_code")
        self.told(row[:2]).records["postings"].append(
            {**dict(zip(names, row, strict=True)), "quantity": amount, "occurred_at": moment, "adjustment_id": why}
        )

    # What the books say

    def _posted(self, row: Row) -> list[tuple[int, int, Fraction]]:
        """Moment, rank (0: a movement, 1: of a count) and amount of all that was posted to a row, in order of time."""
        names = ("item_class", "item_code", "variant", "warehouse", "location", "lot_code")
        told = self.told(row[:2]).records["postings"]
        of = [it for it in told if tuple(it[name] for name in names) == row]
        return sorted((it["occurred_at"], int(it["adjustment_id"] is not None), it["quantity"]) for it in of)

    def book(self, row: Row, moment: int) -> Fraction:
        """What movements and earlier counts say of a row: movements at the very moment count, adjustments do not."""
        return sum((it[2] for it in self._posted(row) if it[:2] <= (moment, 0)), Fraction(0))

    def lowest(self, row: Row, opened: int, closed: int) -> Fraction:
        """The lowest book from opening to closing."""
        moments = {it[0] for it in self._posted(row) if opened <= it[0] < closed}
        return min(self.book(row, moment) for moment in {opened, closed, *moments, *(it + 1 for it in moments)})

    def moved_between(self, row: Row, first: int, last: int) -> bool:
        sums: dict[int, list[Fraction]] = {}
        for moment, rank, amount in self._posted(row):
            if first < moment <= last and rank == 0:
                sums.setdefault(moment, []).append(amount)
        return any(sum(amounts) != 0 or len(amounts) % 2 for amounts in sums.values())

    def rows(self) -> list[Row]:
        """All stock rows, in order of their keys."""
        return sorted(self.stock, key=lambda row: "|".join(part or "" for part in row))  # type: ignore[arg-type]

    # Pieces

    def note(self, key: Key, moment: int, rank: int, place: Any, movement: str | None, gone: Any = None) -> None:
        """A piece is at a place from a moment on. `gone`: the place at which it was found missing, if it was there."""
        steps = self.journey.setdefault(key, [])
        steps.append({"when": (moment, rank, len(steps)), "place": place, "movement": movement, "gone": gone})

    def forget(self, movement: str) -> None:
        """A movement that is undone was none."""
        for steps in self.journey.values():
            steps[:] = [step for step in steps if step["movement"] != movement]

    def place_at(self, key: Key, moment: int) -> Any:
        place: Any = None
        for step in sorted(self.journey.get(key, ()), key=lambda step: step["when"]):  # type: ignore[no-any-return]
            if step["when"][:2] <= (moment, 0) and step["gone"] in (None, place):
                place = step["place"]
        return place

    def documented_after(self, key: Key, moment: int) -> bool:
        return any(step["movement"] is not None and step["when"][0] > moment for step in self.journey.get(key, ()))

    def later_of_piece(self, key: Key, row: Row, moment: int, leaves: bool = False) -> list[Form]:
        """Settled counts at or after a moment that say where a piece was, or that it was not in a row.

        `leaves`: one that nobody read may have left before somebody came to it, until the list closed.
        """
        found = [it for it in self.settled() if it["serial"] and _key(it) == key]
        found = [it for it in found if max(it["moment"], it["unread"] if leaves else 0) >= moment]
        found = [it for it in found if it["counted"] or it["row"] == row]
        return sorted(found, key=lambda it: it["moment"])

    def is_held(self, inventory: str, key: Key) -> bool:
        """Whether an inventory has read a piece."""
        lines = [it for it in self.positions if it["serial"] and it["made"] == "count" and it["state"] != "cancelled"]
        return any(it["inventory"] == inventory and _key(it) == key for it in lines)

    def standing(self, row: Row, first: int, last: int) -> list[str]:
        """Pieces that stood at a place from one moment to another, and that no document has moved since."""
        keys = [key for key in self.serials if key[:3] == (*row[:2], row[2] or "") and key[3] == row[5]]
        return sorted(
            key[4] for key in keys
            if self.place_at(key, first) == self.place_at(key, last) == (row[3], row[4])
            and not self.documented_after(key, first)
        )  # fmt: skip


def _empty(passed: Form, row: Row) -> Form:
    """The line of a row where nobody read anything, and which held nothing by the books."""
    return {
        "inventory": passed["inventory"], "list": passed["list"], "made": "zero", "row": row, "serial": None,
        "counted": Fraction(0), "from": passed["first"], "at": passed["last"], "moment": passed["last"],
        "state": "settled", "effects": [], "removed": Fraction(0), "unread": passed["last"],
        "compensate": passed["compensate"],
    }  # fmt: skip


def _key(line: Form) -> Key:
    row = line["row"]
    return (*row[:2], row[2] or "", row[5], line["serial"])
