"""Lots for an unload that names none: by the item's withdrawal policy, or by its serials (`domain.md` §3 check 8)."""

from collections.abc import Callable, Iterator
from typing import Final

from processors.domain import keys, quantity
from processors.domain.changes import Changes
from processors.domain.dates import DAY_MAX, DAY_MIN
from processors.domain.form import listed
from processors.domain.intake import Intake
from processors.domain.legs import Leg
from processors.domain.lines import Line
from processors.domain.lots import lot_key, unusable
from processors.domain.master import LotStatus
from processors.domain.refusals import Reason
from processors.domain.registers import LotRow
from processors.domain.view import LOTS, SERIAL_LOTS, SERIALS, STOCK

Order = Callable[[LotRow], tuple[int, str]]
ORDERS: Final[dict[str, Order]] = {
    "fifo": lambda lot: (DAY_MIN if lot.start_date is None else lot.start_date, lot.lot_code),
    "fefo": lambda lot: (DAY_MAX + 1 if lot.expiry_date is None else lot.expiry_date, lot.lot_code),
}
"""Which lot goes first: by start or by expiry date (those that never expire last), ties by lot code."""


def withdraw(
    changes: Changes,
    intake: Intake,
    leg: Leg,
    statuses: dict[str, LotStatus],
    own: dict[str, int],
    reasons: list[Reason],
) -> list[Line]:
    """The lines that an unload takes its quantity from; adds why there are none.

    `own`: lot code → what the movement's document has reserved of it there, which goes before all else.
    """
    item = intake.item
    if item.serial_managed:
        return _by_serials(changes, intake, leg, reasons)
    order = ORDERS.get(item.withdrawal_policy)
    if order is None and sum(own.values()) < intake.quantity:
        reasons.append(
            Reason(
                "withdrawal-manual",
                f"item {item.item_code!r} is withdrawn by hand; name the lots to unload, or set its policy to fifo "
                "or fefo",
                "lots",
            )
        )
        return []
    free = _free(changes, intake, leg)
    codes = [code for code in {**own, **free} if own.get(code, 0) > 0 or free.get(code, 0) > 0]
    usable = sorted(_usable(changes, intake, leg, statuses, codes), key=order or _by_code)
    wanted, taken = intake.quantity, dict[str, int]()
    for amounts in (own, free):
        for lot in usable:
            code = lot.lot_code
            part = min(max(amounts.get(code, 0), 0), wanted)
            if part:
                taken[code] = taken.get(code, 0) + part
                wanted -= part
    there = intake.quantity - wanted
    if not wanted:
        return [Line(code, True, amount, (), 0, None, None) for code, amount in taken.items()]
    reasons.append(
        Reason(
            "stock-insufficient",
            f"{quantity.text(intake.quantity)} {item.unit} asked of item {item.item_code!r} in warehouse "
            f"{leg.warehouse.code!r}, {quantity.text(there)} there in lots that may be used on that date; unload less, "
            "or load what is missing first",
            "quantity",
        )
    )
    return []


def _by_code(lot: LotRow) -> tuple[int, str]:
    return 0, lot.lot_code


def _free(changes: Changes, intake: Intake, leg: Leg) -> dict[str, int]:
    """Lot code → what is free of it in the warehouse, and at the location where it is checked."""
    free: dict[str, int] = {}
    for _, row in changes.view.prefix(STOCK, f"{intake.scope_key}|{keys.part(leg.warehouse.code)}|"):
        if row.lot_code is None or (leg.warehouse.check_location_stock and row.location != leg.location):
            continue
        free[row.lot_code] = free.get(row.lot_code, 0) + row.stock - row.committed
    return free


def _usable(
    changes: Changes, intake: Intake, leg: Leg, statuses: dict[str, LotStatus], codes: list[str]
) -> Iterator[LotRow]:
    day, any_lot = intake.movement.effective_date, leg.template.allow_unavailable_lots
    for code in codes:
        lot = changes.view.get(LOTS, lot_key(intake.scope_key, code))
        if lot is None or lot.closed:
            continue
        if any_lot or not unusable(lot, day, statuses):
            yield lot


def _by_serials(changes: Changes, intake: Intake, leg: Leg, reasons: list[Reason]) -> list[Line]:
    """The lots in which the named serials stand; a serial that stands in none, or in several, is told."""
    movement, view = intake.movement, changes.view
    lots: dict[str, list[str]] = {}
    nowhere: list[str] = []
    for serial in dict.fromkeys(movement.serials):
        places = []
        for key in view.members(SERIAL_LOTS, f"{intake.scope_key}|{keys.part(serial)}"):
            row = view.get(SERIALS, key)
            if row is None or row.lot_code is None or row.state != "in_stock":
                continue
            if row.warehouse == leg.warehouse.code:
                places.append(row.lot_code)
        if len(places) == 1:
            lots.setdefault(places[0], []).append(serial)
        elif places:
            reasons.append(
                Reason(
                    "lot-missing",
                    f"serial {serial!r} is in stock in lots {listed(places)}; name the lot that it goes from",
                    "lots",
                )
            )
        else:
            nowhere.append(serial)
    if nowhere:
        reasons.append(
            Reason(
                "serial-not-in-stock",
                f"not in stock in warehouse {leg.warehouse.code!r}: {listed(nowhere)}; name serials that are",
                "serials",
            )
        )
    pieces, rest = divmod(intake.quantity, quantity.ONE)
    if rest:
        reasons.append(
            Reason(
                "quantity-not-whole",
                f"expected whole pieces of a serial-managed item, got {quantity.text(intake.quantity)} "
                f"{intake.item.unit}",
                "quantity",
            )
        )
    elif pieces != len(movement.serials):
        reasons.append(
            Reason(
                "serial-count-differs",
                f"expected {pieces} serials, got {len(movement.serials)}; name each piece's serial",
                "serials",
            )
        )
    return [
        Line(code, True, len(serials) * quantity.ONE, tuple(serials), 0, None, None) for code, serials in lots.items()
    ]
