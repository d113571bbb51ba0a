"""What a movement must look like before any register is asked: lengths, days, amounts."""

from collections import Counter
from typing import Final

from processors.domain import quantity
from processors.domain.dates import DAY_MAX, DAY_MIN
from processors.domain.moments import FUTURE_MS_MAX, TIME_MAX
from processors.domain.movement import Movement, MovementLot
from processors.domain.refusals import Reason

ID_LENGTH_MAX: Final = 100
CODE_LENGTH_MAX: Final = 50


def check_head(movement: Movement, time_ms: int, reasons: list[Reason]) -> bool:
    """Add what is wrong with id, days and moments; False where nothing else can be said about the movement."""
    if not 0 <= time_ms <= TIME_MAX:
        reasons.append(Reason("field-invalid", f"expected a record time from 1970 to 9999, got {time_ms} ms; set it"))
        return False
    if not 0 < len(movement.movement_id) <= ID_LENGTH_MAX:
        reasons.append(_length("movement_id", movement.movement_id, ID_LENGTH_MAX))
    return _check_days(movement, time_ms, reasons)


def check_form(movement: Movement, time_ms: int, pieces_max: int, reasons: list[Reason]) -> bool:
    """Add what is wrong with the fields of a posting; False where nothing else can be said about the movement.

    `pieces_max`: most serials and lot lines of one movement.
    """
    named = len(movement.lots) + len(movement.serials)
    for line in movement.lots:
        named += len(line.serials)
    if named > pieces_max:
        reasons.append(too_many(named, pieces_max))
        return False
    if not check_head(movement, time_ms, reasons):
        return False
    if movement.template is None or movement.warehouse is None or movement.quantity is None:
        for name in ("template", "warehouse", "quantity"):
            if getattr(movement, name) is None:
                reasons.append(_missing(movement, name))
    if movement.reverses is not None:
        reasons.append(
            Reason("field-invalid", "reverses belongs to action reverse only; leave it out to post", "reverses")
        )
    if movement.into_lot is not None and not 0 < len(movement.into_lot) <= CODE_LENGTH_MAX:
        reasons.append(_length("into_lot", movement.into_lot, CODE_LENGTH_MAX))
    if movement.quantity is not None and movement.quantity <= 0:
        reasons.append(_not_positive(movement.quantity, "quantity"))
    if movement.serials:
        together = movement.lots[0].serials if len(movement.lots) == 1 else ()
        _check_serials(movement.serials, "serials", reasons, together)
    return not movement.lots or _check_lots(movement.lots, reasons)


def too_many(pieces: int, pieces_max: int) -> Reason:
    """The movement is too large to be taken in one step."""
    return Reason(
        "too-many-pieces",
        f"expected at most {pieces_max} serials and lots in one movement, got {pieces}; split the movement",
    )


def _check_days(movement: Movement, time_ms: int, reasons: list[Reason]) -> bool:
    day = movement.effective_date
    readable = DAY_MIN <= day <= DAY_MAX
    if not readable:
        reasons.append(_no_day(day, "effective_date"))
    if movement.document_date is not None and not DAY_MIN <= movement.document_date <= DAY_MAX:
        reasons.append(_no_day(movement.document_date, "document_date"))
    moment = movement.occurred_at
    if moment is None:
        return readable
    if moment < 0:
        reasons.append(Reason("field-invalid", f"expected a moment since 1970, got {moment} ms", "occurred_at"))
    elif moment > time_ms + FUTURE_MS_MAX:
        reasons.append(
            Reason(
                "time-in-future",
                f"occurred_at lies {(moment - time_ms) // 1000} s after the record's time, at most "
                f"{FUTURE_MS_MAX // 1000} s are taken; correct the sender's clock or the moment",
                "occurred_at",
            )
        )
    return readable


def _check_lots(lots: tuple[MovementLot, ...], reasons: list[Reason]) -> bool:
    readable = True
    seen: dict[str, int] = {}
    for place, line in enumerate(lots):
        code = line.lot_code
        if code is not None:
            if not 0 < len(code) <= CODE_LENGTH_MAX:
                reasons.append(_length(f"lots[{place}].lot_code", code, CODE_LENGTH_MAX))
            first = seen.setdefault(code, place)
            if first != place:
                reasons.append(
                    Reason(
                        "field-invalid",
                        f"lot {code!r} stands in line {first} already; put its quantity into that line",
                        f"lots[{place}].lot_code",
                    )
                )
        if line.quantity <= 0:
            reasons.append(_not_positive(line.quantity, f"lots[{place}].quantity"))
        if line.serials:
            _check_serials(line.serials, f"lots[{place}].serials", reasons)
        if line.supplier_lot is not None and len(line.supplier_lot) > CODE_LENGTH_MAX:
            reasons.append(_length(f"lots[{place}].supplier_lot", line.supplier_lot, CODE_LENGTH_MAX))
        if line.customer_lot is not None and len(line.customer_lot) > CODE_LENGTH_MAX:
            reasons.append(_length(f"lots[{place}].customer_lot", line.customer_lot, CODE_LENGTH_MAX))
        start, expiry = line.start_date, line.expiry_date
        if start is not None and not DAY_MIN <= start <= DAY_MAX:
            reasons.append(_no_day(start, f"lots[{place}].start_date"))
            readable = False
        if expiry is not None and not DAY_MIN <= expiry <= DAY_MAX:
            reasons.append(_no_day(expiry, f"lots[{place}].expiry_date"))
            readable = False
    return readable


def _check_serials(serials: tuple[str, ...], name: str, reasons: list[Reason], together: tuple[str, ...] = ()) -> None:
    if "" in serials or len(max(serials, key=len)) > CODE_LENGTH_MAX:
        for place, serial in enumerate(serials):
            if not 0 < len(serial) <= CODE_LENGTH_MAX:
                reasons.append(_length(f"{name}[{place}]", serial, CODE_LENGTH_MAX))
    serials += together
    if len(set(serials)) != len(serials):
        repeated = [serial for serial, times in Counter(serials).items() if times > 1]
        reasons.append(
            Reason("serial-repeated", f"{listed(repeated)} named more than once; name each serial once", name)
        )


def listed(codes: list[str], most: int = 5) -> str:
    """Codes for a message: the first few, and how many more."""
    more = len(codes) - most
    shown = ", ".join(codes[:most])
    return f"{shown} and {more} more" if more > 0 else shown


def _missing(movement: Movement, name: str) -> Reason:
    return Reason("field-invalid", f"action {movement.action} needs {name}, which is missing", name)


def _length(name: str, got: str, length_max: int) -> Reason:
    return Reason("field-invalid", f"expected 1 to {length_max} characters, got {len(got)}: {got[:60]!r}", name)


def _no_day(day: int, name: str) -> Reason:
    return Reason("field-invalid", f"expected a day of the years 1 to 9999, got day number {day}", name)


def _not_positive(got: int, name: str) -> Reason:
    return Reason(
        "quantity-not-positive",
        f"expected a quantity above 0, got {quantity.text(got)}; the template gives the direction, not a sign",
        name,
    )
