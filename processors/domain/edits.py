"""A lot or a serial edited: taken whole with all its changes, or refused with every reason (`domain.md` §4, §5).

Reading order of what happens: the form, `edits_values` (what the changes say), the row that is meant, `edits_lot` or
`edits_serial` (what it becomes, with `edits_dates`).
"""

from dataclasses import dataclass, replace

from processors.domain import calendar, keys, quantity
from processors.domain.decision import Decision, Emit
from processors.domain.edits_lot import edited_lot
from processors.domain.edits_serial import edited_serial
from processors.domain.edits_values import read_changes
from processors.domain.events import HistoryEntry, Reply
from processors.domain.form import CODE_LENGTH_MAX, ID_LENGTH_MAX, listed
from processors.domain.lots import lot_key
from processors.domain.master import Item, MasterData
from processors.domain.message import Message
from processors.domain.moments import FUTURE_MS_MAX, TIME_MAX, local_day
from processors.domain.movement import RegisterEdit
from processors.domain.refusals import Reason
from processors.domain.registers import LotRow, SerialRow
from processors.domain.serials import serial_prefix
from processors.domain.view import LOTS, SERIAL_LOTS, SERIALS, View


@dataclass(slots=True)
class Edited:
    """An edit that is taken: its decision without the row of its id, its reply, its day in company time."""

    decision: Decision
    reply: Reply
    day: int


def edit(
    message: Message,
    request: RegisterEdit,
    view: View,
    master: MasterData,
    dropped_until: int | None,
    reasons: list[Reason],
) -> Edited | None:
    """The whole effect of an edit; None where `reasons` were found, of which some may stand there already.

    `dropped_until`: the latest day whose ids this task no longer knows. An edit is of the day of `edited_at`, else of
    its record.
    """
    if not _check_form(message, request, reasons):
        return None
    at = message.time_ms if request.edited_at is None else request.edited_at
    day = local_day(master.company.time_zone, at)
    _check_day(day, master.company.open_from, dropped_until, request, reasons)
    values = read_changes(request, reasons)
    item = master.items.get((request.item_class, request.item_code))
    if item is None:
        message_text = f"item {request.item_class!r} {request.item_code!r} is not in the master data; send it first"
        reasons.append(Reason("item-unknown", message_text, "item_code"))
        return None
    variant = request.variant or ""
    if variant and not any(known.variant == variant for known in item.variants):
        names = listed([known.variant for known in item.variants]) or "none"
        reasons.append(
            Reason("variant-unknown", f"expected a variant of the item ({names}), got {variant!r}", "variant")
        )
        return None
    scope_key = f"{message.key}|{keys.part(variant)}"
    found: tuple[str, LotRow | SerialRow] | None
    if request.register == "lot":
        found = _lot(request, scope_key, view, reasons)
    else:
        found = _serial(request, scope_key, view, reasons)
    if found is None:
        return None
    key, row = found
    decision = Decision()
    if isinstance(row, LotRow):
        lot = edited_lot(row, values, item, master, reasons)
        if lot != row:
            decision.rows.append((LOTS, key, replace(lot, updated_at=message.time_ms)))
    else:
        serial = edited_serial(row, values, item, view, reasons)
        if serial != row:
            decision.rows.append((SERIALS, key, replace(serial, updated_at=message.time_ms)))
        if serial.force_closed != row.force_closed:
            entry = _force_closed(message, request, key, serial, item, at)
            decision.records.append(Emit("register-history", message.key, entry))
    if reasons:
        return None
    reply = Reply(message.topic, request.edit_id, "done", (), (), (), None, (), message.time_ms)
    decision.records.insert(0, Emit("replies", keys.part(reply.request_id), reply, message.key))
    return Edited(decision, reply, day)


def _check_form(message: Message, request: RegisterEdit, reasons: list[Reason]) -> bool:
    """Add what is wrong with the edit itself; False where nothing else can be said about it."""
    if not 0 <= message.time_ms <= TIME_MAX:
        text = f"expected a record time from 1970 to 9999, got {message.time_ms} ms; set it"
        reasons.append(Reason("field-invalid", text))
        return False
    _check_length("edit_id", request.edit_id, ID_LENGTH_MAX, reasons)
    _check_length("edited_by", request.edited_by, ID_LENGTH_MAX, reasons)
    at, readable = request.edited_at, True
    if at is not None and at < 0:
        reasons.append(Reason("field-invalid", f"expected a moment since 1970, got {at} ms; correct it", "edited_at"))
        readable = False
    elif at is not None and at > message.time_ms + FUTURE_MS_MAX:
        text = f"edited_at lies {(at - message.time_ms) // 1000} s after the record's time, at most "
        mend = f"{FUTURE_MS_MAX // 1000} s are taken; correct the sender's clock or the moment"
        reasons.append(Reason("time-in-future", text + mend, "edited_at"))
        readable = at <= TIME_MAX
    if request.register not in ("lot", "serial"):
        text = f"expected register lot or serial, got {request.register!r}; name one"
        reasons.append(Reason("field-invalid", text, "register"))
        return False
    if request.register == "lot":
        _check_length("lot_code", request.lot_code or "", CODE_LENGTH_MAX, reasons)
        if request.serial_code is not None:
            text = "a lot is edited, but a serial is named; leave it out, or edit register serial"
            reasons.append(Reason("field-invalid", text, "serial_code"))
    else:
        _check_length("serial_code", request.serial_code or "", CODE_LENGTH_MAX, reasons)
        if request.lot_code is not None:
            _check_length("lot_code", request.lot_code, CODE_LENGTH_MAX, reasons)
    return readable


def _check_length(name: str, text: str, length_max: int, reasons: list[Reason]) -> None:
    if not 0 < len(text) <= length_max:
        message = f"expected 1 to {length_max} characters, got {len(text)}: {text[:60]!r}"
        reasons.append(Reason("field-invalid", message, name))


def _check_day(
    day: int, open_from: int | None, dropped_until: int | None, request: RegisterEdit, reasons: list[Reason]
) -> None:
    """The edit is of a day whose ids are still known: else a second arrival could not be told from a first."""
    last_closed = max((limit for limit in (_before(open_from), dropped_until) if limit is not None), default=None)
    if last_closed is not None and day <= last_closed:
        message = f"expected an edit of a day after {calendar.day_text(last_closed)}, which is closed, got "
        text = f"{message}{calendar.day_text(day)}; send it under a new id, as of today"
        reasons.append(Reason("date-outside-period", text, None if request.edited_at is None else "edited_at"))


def _before(day: int | None) -> int | None:
    return None if day is None else day - 1


def _lot(request: RegisterEdit, scope_key: str, view: View, reasons: list[Reason]) -> tuple[str, LotRow] | None:
    key = lot_key(scope_key, request.lot_code or "")
    row = view.get(LOTS, key)
    if row is None:
        message = f"item {request.item_code!r} has no lot {request.lot_code!r}; load it first"
        reasons.append(Reason("lot-unknown", message, "lot_code"))
        return None
    return key, row


def _serial(request: RegisterEdit, scope_key: str, view: View, reasons: list[Reason]) -> tuple[str, SerialRow] | None:
    """The serial of the lot that is named; of none, the one serial of that code, in whatever lot it is."""
    code = keys.part(request.serial_code or "")
    if request.lot_code is not None:
        places = [f"{serial_prefix(scope_key, request.lot_code)}{code}"]
    else:
        places = list(view.members(SERIAL_LOTS, f"{scope_key}|{code}"))
    found = [(key, row) for key in places if (row := view.get(SERIALS, key)) is not None]
    if len(found) == 1:
        return found[0]
    if found:
        lots = listed([row.lot_code or "no lot" for _, row in found])
        message = f"serial {request.serial_code!r} stands in several lots ({lots}); name the lot that is meant"
        reasons.append(Reason("lot-missing", message, "lot_code"))
        return None
    where = "" if request.lot_code is None else f" in lot {request.lot_code!r}"
    message = f"item {request.item_code!r} has no serial {request.serial_code!r}{where}; load it first"
    reasons.append(Reason("serial-unknown", message, "serial_code"))
    return None


def _force_closed(
    message: Message, request: RegisterEdit, key: str, row: SerialRow, item: Item, at: int
) -> HistoryEntry:
    """The document line of a serial that is closed by force; opened again, the same line once more, reversed."""
    return HistoryEntry(
        f"{message.key}|force-closed|{keys.part(key)}|{row.generation}",
        "serial",
        row.item_class,
        row.item_code,
        row.variant or None,
        row.lot_code,
        row.serial_code,
        row.generation,
        "unload",
        True,
        quantity.ONE,
        item.unit,
        None,
        message.time_ms,
        at,
        None,
        None,
        None,
        None,
        row.warehouse or "",
        row.location,
        "",
        None,
        None,
        request.edit_id,
        not row.force_closed,
    )
