"""Lots for an unload that names none: by the item's withdrawal policy, or by its serials (`domain.md` §3 check 8)."""

from collections.abc import Iterable, Iterator
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
from processors.domain.stock_keys import stock_key
from processors.domain.view import LOTS, LOTS_BY_EXPIRY, LOTS_BY_START, SERIAL_LOTS, SERIALS, STOCK, STOCK_PLACES


def start_key(lot: LotRow) -> str | None:
    """Index key of `LOTS_BY_START`: first in, first out; ties by lot code. None without stock."""
    return _order_key(lot, DAY_MIN if lot.start_date is None else lot.start_date)


def expiry_key(lot: LotRow) -> str | None:
    """Index key of `LOTS_BY_EXPIRY`: first to expire, first out; those that never expire last. None without stock."""
    return _order_key(lot, DAY_MAX + 1 if lot.expiry_date is None else lot.expiry_date)


def same_order(before: LotRow, after: LotRow) -> bool:
    """True where a change of a lot leaves its place in both orders as it was."""
    return (
        before.stock > 0 < after.stock
        and before.closed == after.closed
        and before.start_date == after.start_date
        and before.expiry_date == after.expiry_date
    )


def _order_key(lot: LotRow, day: int) -> str | None:
    if lot.stock <= 0 or lot.closed:
        return None
    return f"{keys.join(lot.item_class, lot.item_code, lot.variant)}\0{day - DAY_MIN:08d}\0{lot.lot_code}"


ORDERS: Final = {"fifo": LOTS_BY_START, "fefo": LOTS_BY_EXPIRY}


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
    wanted, taken = intake.quantity, dict[str, int]()
    own_keys = {lot_key(intake.scope_key, code) for code in own}
    for reserved in (True, False) if own else (False,):
        # What the document reserved may be few of very many lots: they are looked up, not walked to.
        found = _reserved(changes, own_keys, order) if reserved else _in_order(changes, intake, order)
        for lot in _usable(changes, intake, leg, statuses, found):
            if not wanted:
                break
            code = lot.lot_code
            amount = own.get(code, 0) if reserved else _free(changes, intake, leg, code)
            part = min(max(amount, 0), wanted)
            if part:
                taken[code] = taken.get(code, 0) + part
                wanted -= part
    if not wanted:
        return [Line(code, True, amount, (), 0, None, None) for code, amount in taken.items()]
    there = intake.quantity - wanted
    kept = _kept_back(changes, intake, leg, statuses, own, order)
    more = f", and {quantity.text(kept)} in lots that are closed or may not be used then" if kept else ""
    reasons.append(
        Reason(
            "stock-insufficient",
            f"{quantity.text(intake.quantity)} {item.unit} asked of item {item.item_code!r} in warehouse "
            f"{leg.warehouse.code!r}, {quantity.text(there)} there in lots that may be used on that date{more}; unload "
            "less, or load what is missing first",
            "quantity",
        )
    )
    return []


def _reserved(changes: Changes, own_keys: set[str], order: str | None) -> Iterable[str]:
    """Keys of the lots that the document reserved, in the order of withdrawal (without one: of their codes)."""
    key_of = expiry_key if order == LOTS_BY_EXPIRY else start_key

    def place(key: str) -> tuple[str, str]:
        lot = changes.view.get(LOTS, key)
        return ("" if lot is None or order is None else key_of(lot) or "", key)

    return sorted(own_keys, key=place)


def _in_order(changes: Changes, intake: Intake, order: str | None) -> Iterable[str]:
    """Keys of all lots with stock, in the order of withdrawal, as they are asked for."""
    return () if order is None else changes.view.ordered(order, f"{intake.scope_key}\0")


def _free(changes: Changes, intake: Intake, leg: Leg, code: str) -> int:
    """What is free of a lot in the warehouse, and at the location where it is checked."""
    view, scope, warehouse = changes.view, intake.scope_key, leg.warehouse.code
    if leg.warehouse.check_location_stock:
        places: tuple[str, ...] = (stock_key(scope, warehouse, leg.location, code),)
    else:
        somewhere = view.members(STOCK_PLACES, f"{scope}|{keys.join(warehouse, code)}")
        places = (stock_key(scope, warehouse, None, code), *somewhere)
    rows = (view.get(STOCK, place) for place in places)
    return sum(row.stock - row.committed for row in rows if row is not None)


def _usable(
    changes: Changes, intake: Intake, leg: Leg, statuses: dict[str, LotStatus], found: Iterable[str]
) -> Iterator[LotRow]:
    day, any_lot = intake.movement.effective_date, leg.template.allow_unavailable_lots
    for key in found:
        lot = changes.view.get(LOTS, key)
        if lot is None or lot.closed:
            continue
        if any_lot or not unusable(lot, day, statuses):
            yield lot


def _kept_back(
    changes: Changes,
    intake: Intake,
    leg: Leg,
    statuses: dict[str, LotStatus],
    own: dict[str, int],
    order: str | None,
) -> int:
    """What is free, or reserved for the movement's document, of lots that may not be withdrawn on its day."""
    own_keys = {lot_key(intake.scope_key, code) for code in own}
    keys_there = dict.fromkeys([*_in_order(changes, intake, order), *own_keys])
    usable = {lot.lot_code for lot in _usable(changes, intake, leg, statuses, keys_there)}
    lots = [changes.view.get(LOTS, key) for key in keys_there]
    codes = [lot.lot_code for lot in lots if lot is not None and lot.lot_code not in usable]
    return sum(max(_free(changes, intake, leg, code), 0) + own.get(code, 0) for code in codes)


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
