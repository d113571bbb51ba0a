"""Lots whose day has come, on the company's calendar: to be warned of, blocked, expired (`domain.md` §4)."""

from collections.abc import Iterable

from processors.domain import keys, quantity
from processors.domain.calendar import day_text
from processors.domain.events import Alert
from processors.edge.store.queries_alerts import LotDays


def due(lots: Iterable[LotDays], day: int, at: int) -> list[Alert]:
    """One alert for each lot that has come to a stage by `day` (day number): the gravest that it has reached.

    at: the alert's time, milliseconds UTC. The id is derived from the lot, the stage and the stage's own day: the same
    on every later day, another one where somebody changes the date.
    """
    return [alert for lot in lots if (alert := _of(lot, day, at)) is not None]


def _of(lot: LotDays, day: int, at: int) -> Alert | None:
    name = f"lot {lot.lot_code} of {keys.join(lot.item_class, lot.item_code)}"
    name += f", variant {lot.variant}," if lot.variant else ""
    left = f"{quantity.text(lot.stock)} in stock"
    expires = "" if lot.expiry_date is None else f" (it expires on {day_text(lot.expiry_date)})"
    if lot.expiry_date is not None and lot.expiry_date < day:
        return _alert(lot, "lot_expired", lot.expiry_date, f"{name} expired on {day_text(lot.expiry_date)}: {left}", at)
    if lot.block_from is not None and lot.block_from <= day:
        message = f"{name} is blocked from {day_text(lot.block_from)}{expires}: {left}"
        return _alert(lot, "lot_blocked", lot.block_from, message, at)
    if lot.warn_from is not None and lot.warn_from <= day:
        return _alert(lot, "lot_expiring", lot.warn_from, f"{name} will expire{expires}: {left}; use it first", at)
    return None


def _alert(lot: LotDays, kind: str, stage_day: int, message: str, at: int) -> Alert:
    lot_key = keys.join(lot.item_class, lot.item_code, lot.variant, lot.lot_code)
    return Alert(
        f"{kind}/{lot_key}/{lot.generation}/{day_text(stage_day)}",
        kind,  # type: ignore[arg-type]  # one of the three above
        lot.item_class,
        lot.item_code,
        lot.variant or None,
        lot.lot_code,
        None,
        None,
        None,
        None,
        None,
        message,
        at,
    )
