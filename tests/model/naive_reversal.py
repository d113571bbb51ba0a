"""An earlier movement undone, once, while its goods are where it left them."""

from fractions import Fraction
from typing import Any

from tests.model.naive_codes import Form
from tests.model.naive_movement import Change, first_document
from tests.model.naive_values import Answer, Leg, Piece


class Reversal(Change):
    """Everything as if the movement had not been; a lot or serial that is left without documents is gone."""

    undone: Form | None = None

    def check(self) -> None:
        self._moment()
        if self.m.get("lots") or self.m.get("serials"):
            self.reasons.add("field-invalid")
        self._papers({})
        if self.m.get("reverses") is None:
            self.reasons.add("field-invalid")
            return
        original = self.ledger.taken.get((*self.where, self.m["reverses"]))
        if original is None:
            self.reasons.add("movement-unknown")
        elif original["reversed"]:
            self.reasons.add("movement-already-reversed")
        elif not original["legs"] or (self.pin["since"] is not None and original["at"] < self.pin["since"]):
            self.reasons.add("reversal-impossible")  # it moved nothing, or in another unit or management than now
        else:
            self.undone = original
            self.answer = original["answer"].lots, original["answer"].serials
            self.variant = original["request"].get("variant")
            self.scope = (*self.where, self.variant or "")
            for leg in original["legs"]:
                for piece in leg.pieces:
                    self._may_be_undone(leg, piece)

    def _may_be_undone(self, leg: Leg, piece: Piece) -> None:
        """What a load brought must be there; serials must be where the movement left them."""
        brought = sum(1 for other in self.undone["legs"] if other.direction == "load") if self.undone else 0
        limited = leg.direction == "load" and not self._may_be_negative(leg, piece)
        if limited and self._free(leg.warehouse, leg.location, piece.lot) < piece.quantity:
            self.reasons.add("reversal-impossible")
        for serial in piece.serials:
            row = self.ledger.serials.get((*self.scope, piece.lot, serial))
            if leg.direction == "load":
                place = (leg.warehouse, leg.location)
                there = row is not None and (row["warehouse"], row["location"]) == place and not row["reserved"]
            else:
                # The other side of a transfer is undone first.
                there = row is not None and (row["state"] == "out" or brought > 0)
            if not there or row is None or row["cancelled"] or row["force_closed"]:
                self.reasons.add("reversal-impossible")

    def keep(self) -> Answer:
        ledger, original = self.ledger, self.undone
        assert original is not None
        original["reversed"] = True
        self.after: dict[Any, Any] = {}
        self._tell(original)
        for leg in sorted(original["legs"], key=lambda leg: leg.direction != "load"):
            for piece in leg.pieces:
                loaded = "loaded" if leg.direction == "load" else "unloaded"
                ledger.stock[*self.where, self.variant, leg.warehouse, leg.location, piece.lot][loaded] -= (
                    piece.quantity
                )
                for serial in piece.serials:
                    self._undo_serial(leg, (*self.scope, piece.lot, serial), original["request"])
        for kept, amount in original["consumed"]:
            m = original["request"]
            if kept[7:] != (m.get("document_type"), m.get("document_number")):  # taken from another document
                again = ledger.reservations.setdefault(kept, {"committed": Fraction(0), "consumed": Fraction(0)})
                again["committed"] += amount
            elif kept in ledger.reservations:
                ledger.reservations[kept]["consumed"] -= amount
            if kept[6] is not None:
                ledger.serials[*self.scope, kept[5], kept[6]].update(reserved=True, reserved_for="|".join(kept[7:]))
        for lot in {piece.lot for leg in original["legs"] for piece in leg.pieces if piece.lot is not None}:
            key = (*self.scope, lot)
            totals = ledger.lot_rows()[key]
            # (choice) the first load may have been the one undone: what is left of the loads bounds it
            ledger.lots[key]["initial_quantity"] = min(ledger.lots[key]["initial_quantity"], totals["loaded"])
            if not totals["loaded"] and not totals["unloaded"]:
                self._release(ledger.lots, key)
        legs = original["legs"]
        one = len(original["answer"].lots) <= 1
        return Answer("done", (), *self.answer, self._stock_after(self.posted) if one else None, self._ids(legs))

    def _tell(self, original: Form) -> None:
        """Each document line once more, marked; each posting and edge with the other sign. Loads come first."""
        told = self.ledger.told(self.where)
        order = [leg.direction for leg in original["legs"] for _ in leg.pieces]
        lines = [told.records["register-history"][number] for number in original["told"]]
        for number, it in sorted(
            zip(original["told"], lines, strict=True), key=lambda it: it[1]["direction"] != "load"
        ):
            # (choice) the status is that of the lot as it is now
            key = (*self.scope, it["lot_code"])
            status = self.ledger.lots[key]["status"] if it["register"] == "lot" else None
            told.tell("register-history", {**it, "status": status, "reversed": True}, self.now, number)
        for _, it in sorted(zip(order, original["posted"], strict=True), key=lambda it: it[0] != "load"):
            suffix = "/offset" if it["offset"] else ""
            at = (*self.where, self.variant, it["warehouse"], it["location"], it["lot_code"])
            self.after[at] = self.after.get(at, self._stands(at)) - it["quantity"]
            undone = {**it, "movement_id": self.m["movement_id"] + suffix, "quantity": -it["quantity"],
                      "stock_after": self.after[at], "reverses": it["movement_id"],
                      "user": self.m.get("user")}  # fmt: skip
            told.tell("postings", undone, self.now)
            self.posted.append(undone)
        for it in sorted(original["edges"], key=lambda it: it["role"] != "output"):
            told.tell("lineage", {**it, "quantity": -it["quantity"], "movement_id": self.m["movement_id"]}, self.now)

    def _stands(self, key: Any) -> Any:
        row = self.ledger.stock[key]
        return row["loaded"] - row["unloaded"]

    def _undo_serial(self, leg: Leg, key: Any, request: Form) -> None:
        row, documents = self.ledger.serials[key], self.ledger.documents[key]
        documents.remove({"direction": leg.direction, **request})
        if leg.direction == "load":
            row.update(state="out", warehouse=None, location=None)
        else:
            row.update(state="in_stock", warehouse=leg.warehouse, location=leg.location)
        first_document(row, documents)
        if not documents:
            self._release(self.ledger.serials, key)

    def _release(self, register: dict[Any, Form], key: Any) -> None:
        """A lot or serial without any document goes, and its code is free."""
        ordinal = register.pop(key)["ordinal"]
        counter = self.ledger.origin.pop(key, None)
        if counter is not None and self.ledger.code_types[counter[:2]].get("fill_gaps"):
            self.ledger.counters[counter]["free"].add(ordinal)
