"""What documents have reserved: rows that commit stock, lots and serials without moving them (`domain.md` §3).

A reservation commits at one place: warehouse, location, lot, serial. What of it is open is committed − consumed, and is
part of `committed` of its stock row and its lot.
"""

from dataclasses import replace

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.lots import lot_key
from processors.domain.movement import Movement
from processors.domain.refusals import Reason
from processors.domain.registers import ReservationRow
from processors.domain.stock import empty_row
from processors.domain.stock_keys import stock_key
from processors.domain.view import RESERVATIONS, RESERVATIONS_OF

Document = tuple[str, str]
"""Type and number."""


def document_key(row: ReservationRow) -> str | None:
    """Index key of `RESERVATIONS_OF`: item, variant and document."""
    return keys.join(row.item_class, row.item_code, row.variant or "", row.document_type, row.document_number)


def reservation_key(row: ReservationRow) -> str:
    """Key of a reservation."""
    return keys.join(
        row.item_class,
        row.item_code,
        row.variant or "",
        row.warehouse,
        row.location or "",
        row.lot_code or "",
        row.serial_code or "",
        row.document_type,
        row.document_number,
    )


def document_of(movement: Movement, reasons: list[Reason]) -> Document | None:
    """The document that reserves or releases; `document-missing` where it is not named."""
    if movement.document_type and movement.document_number:
        return movement.document_type, movement.document_number
    name = "document_type" if not movement.document_type else "document_number"
    if not any(reason.code == "document-missing" for reason in reasons):
        message = f"action {movement.action} is for a document; give its type and number"
        reasons.append(Reason("document-missing", message, name))
    return None


class Commitments:
    """The reservations of one item and variant, as one decision changes them."""

    __slots__ = ("_changes", "_item", "_movement_id", "_scope_key", "_time_ms", "_unit", "_variant")

    def __init__(
        self,
        changes: Changes,
        scope_key: str,
        item: tuple[str, str],
        variant: str,
        unit: str,
        movement_id: str,
        time_ms: int,
    ) -> None:
        self._changes, self._scope_key, self._item, self._variant = changes, scope_key, item, variant
        self._unit, self._movement_id, self._time_ms = unit, movement_id, time_ms

    def of(self, document: Document) -> list[tuple[str, ReservationRow]]:
        """Open reservations of a document with their keys, ascending by key."""
        changed = self._changes.reservations
        members = self._changes.view.members(
            RESERVATIONS_OF, f"{self._scope_key}|{keys.join(document[0], document[1])}"
        )
        found = []
        for key in sorted({*members, *changed}):
            row = changed[key] if key in changed else self._changes.view.get(RESERVATIONS, key)
            if row is None or row.committed == row.consumed:
                continue
            if (row.document_type, row.document_number) == document:
                found.append((key, row))
        return found

    def commit(
        self,
        document: Document,
        warehouse: str,
        location: str | None,
        lot_code: str | None,
        serial_code: str | None,
        amount: int,
    ) -> None:
        """Reserve an amount at a place, on top of what the document has reserved there."""
        row = ReservationRow(
            *self._item,
            self._variant or None,
            warehouse,
            location,
            lot_code,
            serial_code,
            *document,
            amount,
            0,
            self._time_ms,
            self._time_ms,
        )
        key = reservation_key(row)
        changed = self._changes.reservations
        old = changed[key] if key in changed else self._changes.view.get(RESERVATIONS, key)
        if old is not None:
            row = replace(old, committed=old.committed + amount, updated_at=self._time_ms)
        changed[key] = row
        self._add(row, amount)

    def consume(self, key: str, row: ReservationRow, amount: int) -> None:
        """The document has taken an amount of what it reserved."""
        self._changes.reservations[key] = replace(row, consumed=row.consumed + amount, updated_at=self._time_ms)
        self._add(row, -amount)

    def give_back(self, key: str, amount: int) -> None:
        """What the document took is undone: it is reserved again."""
        row = self._row(key)
        if row is None:
            return
        self._changes.reservations[key] = replace(row, consumed=row.consumed - amount, updated_at=self._time_ms)
        self._add(row, amount)

    def release(self, key: str, row: ReservationRow, amount: int) -> None:
        """An amount is reserved no longer; a reservation of which nothing is left or was taken is gone."""
        left = replace(row, committed=row.committed - amount, updated_at=self._time_ms)
        self._changes.reservations[key] = left if left.committed else None
        self._add(row, -amount)

    def _row(self, key: str) -> ReservationRow | None:
        changed = self._changes.reservations
        return changed[key] if key in changed else self._changes.view.get(RESERVATIONS, key)

    def _add(self, at: ReservationRow, amount: int) -> None:
        """Change what is committed of the stock and of the lot at a reservation's place."""
        changes, time_ms = self._changes, self._time_ms
        key = stock_key(self._scope_key, at.warehouse, at.location, at.lot_code)
        stock = changes.stock_row(key) or empty_row(
            self._item, self._variant, at.warehouse, at.location, at.lot_code, self._unit, self._movement_id, time_ms
        )
        changes.stock[key] = replace(stock, committed=stock.committed + amount, updated_at=time_ms)
        if at.lot_code is not None:
            lot = changes.lot_row(lot_key(self._scope_key, at.lot_code))
            assert lot is not None, f"lot {at.lot_code} of a reservation"
            changes.lots[lot_key(self._scope_key, at.lot_code)] = replace(
                lot, committed=lot.committed + amount, updated_at=time_ms
            )
