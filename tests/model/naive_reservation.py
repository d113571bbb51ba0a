"""Goods reserved by a document, and let go again: what is available changes, what stands there does not."""

from fractions import Fraction
from typing import Any

from tests.model.naive_events import line
from tests.model.naive_movement import Change, first_document
from tests.model.naive_values import Answer, Leg, Piece


class Reservation(Change):
    """Commits lots, serials or plain stock to a document."""

    def check(self) -> None:
        """Checked like the unload that it is for; the template is that of the unload."""
        template = self.ledger.templates.get((self.m["warehouse"], self.m.get("template", "")), {})
        if not self._document():
            self.reasons.add("document-missing")
        if self.m.get("into_lot") is not None:
            self.reasons.add("field-invalid")
        self.post()
        if template and template["direction"] != "unload":
            self.reasons.add("field-invalid")

    def keep(self) -> Answer:
        for leg in self.legs[:1]:
            for piece in leg.pieces:
                self._commit(leg, piece)
        return Answer("done", (), *self.answer, None, (self.m["movement_id"],))

    def _commit(self, leg: Leg, piece: Piece) -> None:
        """Reserve a piece, serial by serial where it has any."""
        ledger, document = self.ledger, self._document()
        assert document is not None
        place = (*self.where, self.variant, leg.warehouse, leg.location, piece.lot)
        ledger.stock.setdefault(place, {"loaded": Fraction(0), "unloaded": Fraction(0)})
        for serial in piece.serials or (None,):
            row = ledger.reservations.setdefault(
                (*place, serial, *document), {"committed": Fraction(0), "consumed": Fraction(0)}
            )
            row["committed"] += 1 if serial else piece.quantity
            if serial:
                key = (*self.scope, piece.lot, serial)
                ledger.serials[key].update(reserved=True, reserved_for="|".join(document))
                ledger.documents[key].append({"direction": "reserve", **self.m})
                first_document(ledger.serials[key], ledger.documents[key])
        if piece.lot is not None:
            self._tell_line(leg, "reserve", (*self.scope, piece.lot), piece.quantity)
        for serial in piece.serials:
            self._tell_line(leg, "reserve", (*self.scope, piece.lot, serial), Fraction(1))


class Release(Change):
    """Lets go what a document has reserved."""

    released: list[tuple[Any, Fraction]]

    def check(self) -> None:
        """What the document has reserved: all of it, or the serials, lots or quantity that are named."""
        m, factor = self.m, self._factor() if self.item else None
        self.released = []
        self._moment()
        self._papers({})
        if not self.item:
            self.reasons.add("item-unknown")
        if not self._document():
            self.reasons.add("document-missing")
        if self.reasons - {"movement-id-reused"}:
            return
        rows = [
            (key, row["committed"] - row["consumed"])
            for key, row in sorted(self.ledger.reservations.items(), key=_in_order)
            if (*key[:2], key[2] or "") == self.scope and key[7:] == self._document()
            and row["committed"] > row["consumed"]
            and m.get("warehouse") in (None, key[3]) and m.get("location") in (None, key[4])
        ]  # fmt: skip
        serials = {serial for line in [m, *m.get("lots", [])] for serial in line.get("serials", [])}
        if serials:
            self.released = [row for row in rows if row[0][6] in serials]
            if {row[0][6] for row in self.released} != serials:
                self.reasons.add("reservation-unknown")
        elif m.get("lots"):
            for lot in m["lots"]:
                of_lot = [row for row in rows if row[0][5] == lot["lot_code"]]
                self.released += self._part(of_lot, self._quantity(lot["quantity"], factor))
        elif m.get("quantity"):
            self.released = self._part(rows, self._quantity(m["quantity"], factor))
        else:
            self.released = rows
        if not self.released and not self.reasons:
            self.reasons.add("reservation-unknown")

    def _part(self, rows: list[tuple[Any, Fraction]], wanted: Fraction) -> list[tuple[Any, Fraction]]:
        if self.item.get("serial_managed") and wanted.denominator != 1:
            self.reasons.add("quantity-not-whole")
        if sum(amount for _, amount in rows) < wanted:
            self.reasons.add("reservation-unknown")
        parts = []
        for key, amount in rows:
            if min(amount, wanted) > 0:
                parts.append((key, min(amount, wanted)))
            wanted -= min(amount, wanted)
        return parts

    def keep(self) -> Answer:
        lots: dict[str, list[Any]] = {}
        for key, amount in self.released:
            self._end(key, amount)
            if key[6] is not None:
                serial = (*self.scope, key[5], key[6])
                row, documents = self.ledger.serials[serial], self.ledger.documents[serial]
                row.update(reserved=False, reserved_for=None)
                documents[:] = [it for it in documents if it["direction"] != "reserve"
                                or (it["document_type"], it["document_number"]) != self._document()]  # fmt: skip
                first_document(row, documents)
            template = {"code": self.m.get("template") or ""}
            if key[5] is not None or key[6] is not None:
                of: Any = (*self.scope, key[5], key[6]) if key[6] is not None else (*self.scope, key[5])
                # (choice) packages are those of a movement of goods
                leg = Leg("release", key[3], key[4], template, ())
                row = (self.ledger.lots if key[6] is None else self.ledger.serials)[of]
                it = line({**self.m, "packages": None}, leg, "release", self.item["unit"], row, of, amount, self.at)
                self.ledger.told(self.where).tell("register-history", it, self.now)
            if key[5] is not None:
                told = lots.setdefault(key[5], [Fraction(0), []])
                told[0] += amount
                told[1] += [key[6]] if key[6] else []
        serials = tuple(key[6] for key, _ in self.released if key[6] and key[5] is None)
        released = tuple((lot, it[0], False, None, tuple(it[1])) for lot, it in lots.items())
        return Answer("done", (), released, serials, None, (self.m["movement_id"],))


def _in_order(reservation: tuple[Any, Any]) -> str:
    """(choice) Reservations are let go in the order of their keys as text."""
    return "|".join(part or "" for part in reservation[0])
