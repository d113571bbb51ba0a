"""Reserved goods let go again by their document: they are available to all (`domain.md` §3)."""

from dataclasses import replace
from typing import Literal

from processors.domain import keys, quantity
from processors.domain.changes import Changes
from processors.domain.commitments import Commitments, Document, document_of
from processors.domain.decision import Decision, Emit
from processors.domain.documents import let_go
from processors.domain.events import HistoryEntry, Reply, ReplyLot
from processors.domain.form import check_head, listed
from processors.domain.intake import check_period
from processors.domain.lots import lot_key
from processors.domain.master import Item
from processors.domain.message import Message
from processors.domain.moments import happened_at, local_day
from processors.domain.movement import Movement
from processors.domain.posting import Circumstances, Posted
from processors.domain.refusals import Reason
from processors.domain.registers import ReservationRow
from processors.domain.serials import serial_prefix
from processors.domain.units import convert, unit_of
from processors.domain.view import SERIALS

Part = tuple[str, ReservationRow, int]
"""Key and row of a reservation, and how much of it is let go."""


def release(message: Message, movement: Movement, around: Circumstances, reasons: list[Reason]) -> Posted | None:
    """Let go what the movement's document has reserved of the item: all, or the lots, serials or quantity it names.

    A warehouse or location that is named restricts it. None where `reasons` were found.
    """
    if not check_head(movement, message.time_ms, reasons):
        return None
    item = around.master.items.get((movement.item_class, movement.item_code))
    if item is None:
        told = f"item {movement.item_class!r} {movement.item_code!r} is not in the master data; send it first"
        reasons.append(Reason("item-unknown", told, "item_code"))
    check_period(around.master.company, movement.effective_date, around.dropped_until, reasons)
    document = document_of(movement, reasons)
    if item is None or document is None:
        return None
    changes, variant = Changes(around.view), movement.variant or ""
    scope_key = f"{message.key}|{keys.part(variant)}"
    commitments = Commitments(
        changes,
        scope_key,
        (item.item_class, item.item_code),
        variant,
        item.unit,
        movement.movement_id,
        message.time_ms,
    )
    rows = [
        (key, row)
        for key, row in commitments.of(document)
        if movement.warehouse in (None, row.warehouse) and movement.location in (None, row.location)
    ]
    parts = _named(movement, item, rows, reasons)
    if not parts and not reasons:
        reasons.append(_unknown(f"document {' '.join(document)!r} has nothing reserved of this item there"))
    if reasons:
        return None
    for key, row, amount in parts:
        commitments.release(key, row, amount)
        if row.serial_code is not None:
            _free_serial(changes, _serial_key(scope_key, row), document, message.time_ms)
    return _done(message, movement, item, around, changes, parts, scope_key)


def _named(movement: Movement, item: Item, rows: list[tuple[str, ReservationRow]], reasons: list[Reason]) -> list[Part]:
    """Which reservations are let go, and how much of each; adds what was not reserved."""
    serials = dict.fromkeys(movement.serials)
    for lot in movement.lots:
        serials |= dict.fromkeys(lot.serials)
    if serials:
        parts = [(key, row, _open(row)) for key, row in rows if row.serial_code in serials]
        missing = sorted(serials.keys() - {row.serial_code for _, row, _ in parts})
        if missing:
            reasons.append(_unknown(f"not reserved for this document: serials {listed(missing)}", "serials"))
        return parts
    if movement.lots:
        parts = []
        for place, lot in enumerate(movement.lots):
            of_lot = [(key, row) for key, row in rows if row.lot_code == lot.lot_code]
            name = f"lots[{place}].quantity"
            parts += _amount(of_lot, _managed(item, movement.unit, lot.quantity, name, reasons), name, reasons)
        return parts
    if movement.quantity is not None:
        amount = _managed(item, movement.unit, movement.quantity, "quantity", reasons)
        return _amount(rows, amount, "quantity", reasons)
    return [(key, row, _open(row)) for key, row in rows]


def _amount(rows: list[tuple[str, ReservationRow]], wanted: int | None, name: str, reasons: list[Reason]) -> list[Part]:
    """An amount taken from reservations in the order of their keys."""
    if wanted is None:
        return []
    there, parts = sum(_open(row) for _, row in rows), list[Part]()
    if there < wanted:
        told = f"{quantity.text(wanted)} to let go, {quantity.text(there)} reserved for this document"
        reasons.append(_unknown(told, name))
        return []
    for key, row in rows:
        part = min(_open(row), wanted)
        if part:
            parts.append((key, row, part))
        wanted -= part
    return parts


def _managed(item: Item, unit: str | None, value: int, name: str, reasons: list[Reason]) -> int | None:
    """A quantity in the management unit; None, with the reason, where there is none."""
    known = unit_of(item, unit or None)
    if isinstance(known, str):
        reasons.append(Reason("unit-unknown", known, "unit"))
        return None
    if value <= 0:
        told = f"expected a quantity above 0 to let go, got {quantity.text(value)}; leave it out to let go of all"
        reasons.append(Reason("quantity-not-positive", told, name))
        return None
    amount = value if known is None else convert(known, value)
    if amount is None or (item.serial_managed and not quantity.is_whole(amount)):
        told = f"{quantity.text(value)} {unit or item.unit} is no quantity that can be reserved; give it in {item.unit}"
        reasons.append(Reason("quantity-not-whole", told, name))
        return None
    return amount


def _open(row: ReservationRow) -> int:
    return row.committed - row.consumed


def _unknown(what: str, field: str | None = None) -> Reason:
    return Reason("reservation-unknown", f"{what}; name what the document reserved, or nothing to let go of all", field)


def _serial_key(scope_key: str, row: ReservationRow) -> str:
    return f"{serial_prefix(scope_key, row.lot_code)}{keys.part(row.serial_code or '')}"


def _generation_and_status(changes: Changes, scope_key: str, row: ReservationRow) -> tuple[int, str | None]:
    if row.serial_code is not None:
        serial = changes.serials.get(_serial_key(scope_key, row))
        return (1, None) if serial is None else (serial.generation, None)
    lot = changes.lot_row(lot_key(scope_key, row.lot_code or ""))
    return (1, None) if lot is None else (lot.generation, lot.status)


def _free_serial(changes: Changes, key: str, document: Document, time_ms: int) -> None:
    row = changes.view.get(SERIALS, key)
    if row is None:
        return
    free = changes.serials[key] = replace(row, reserved=False, reserved_for=None, updated_at=time_ms)
    let_go(changes, key, free, document)


def _done(
    message: Message,
    movement: Movement,
    item: Item,
    around: Circumstances,
    changes: Changes,
    parts: list[Part],
    scope_key: str,
) -> Posted:
    time_zone = around.master.company.time_zone
    today = local_day(time_zone, message.time_ms)
    moment = happened_at(movement.occurred_at, movement.effective_date, message.time_ms, today, time_zone)
    prefix = f"{message.key}|{keys.part(movement.movement_id)}|"
    lots: dict[str, tuple[int, list[str]]] = {}
    serials: list[str] = []
    records: list[Emit] = []
    for _, row, amount in parts:
        if row.lot_code is not None:
            before, pieces = lots.get(row.lot_code, (0, []))
            lots[row.lot_code] = (before + amount, pieces)
            if row.serial_code is not None:
                pieces.append(row.serial_code)
        elif row.serial_code is not None:
            serials.append(row.serial_code)
        if row.lot_code is not None or row.serial_code is not None:
            entry_id = f"{prefix}{len(records) + 1}"
            generation, status = _generation_and_status(changes, scope_key, row)
            entry = _entry(entry_id, message, movement, item, row, amount, moment, generation, status)
            records.append(Emit("register-history", message.key, entry))
    reply = Reply(
        message.topic,
        movement.movement_id,
        "done",
        (),
        tuple([ReplyLot(code, amount, False, None, tuple(pieces)) for code, (amount, pieces) in lots.items()]),
        tuple(serials),
        None,
        (movement.movement_id,),
        message.time_ms,
    )
    answer = Emit("replies", keys.part(reply.request_id), reply, message.key)
    return Posted(Decision(changes.rows(), [answer, *records], [], [], []), reply, "")


def _entry(
    entry_id: str,
    message: Message,
    movement: Movement,
    item: Item,
    row: ReservationRow,
    amount: int,
    moment: int,
    generation: int,
    status: str | None,
) -> HistoryEntry:
    """The document line of what is let go, of the lot or, where there is one, of the serial."""
    register: Literal["lot", "serial"] = "lot" if row.serial_code is None else "serial"
    return HistoryEntry(
        entry_id,
        register,
        item.item_class,
        item.item_code,
        movement.variant or None,
        row.lot_code,
        row.serial_code,
        generation,
        "release",
        False,
        amount,
        item.unit,
        None,
        message.time_ms,
        moment,
        status,
        row.document_type,
        row.document_number,
        movement.document_date,
        row.warehouse,
        row.location,
        movement.template or "",
        movement.account,
        movement.project,
        movement.movement_id,
        False,
    )
