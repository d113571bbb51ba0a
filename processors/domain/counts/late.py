"""Movements that come late: they happened before a count that is settled, and do not change the shelf.

Such a movement is posted as any, and in the same step its opposite as a correction at the earliest later count. It is
judged as if these counts had not adjusted anything. Where the list type only reports, it is reported instead, unless
it could not be posted then (architecture §6.6).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from processors.domain import keys
from processors.domain.changes import Changes
from processors.domain.count_lines import Adjustment, PositionRow
from processors.domain.counts.adjusting import Desk, adjustment_id, post_adjustment, value_of
from processors.domain.counts.gone_through import StockPlace, first_counts, first_passing, gone_through_until, place_of
from processors.domain.counts.positions import (
    LateMove,
    LaterCounts,
    counted_until,
    later_counts_of_serial,
    later_place,
    made_line,
    position_key,
    row_key,
)
from processors.domain.decision import Emit
from processors.domain.events import Alert
from processors.domain.layer import Layer
from processors.domain.moved import ADJUSTMENT, MOVEMENT, lowest_book
from processors.domain.quantity import ONE
from processors.domain.quantity import text as quantity_text
from processors.domain.refusals import Reason
from processors.domain.serials import serial_prefix
from processors.domain.stock_keys import stock_key
from processors.domain.view import SERIALS, STOCK


def late_serials(
    changes: Changes,
    scope_key: str,
    row_key: str,
    place: StockPlace,
    serials: Sequence[str],
    moment: int,
    load: bool,
) -> dict[str, LaterCounts]:
    """The serials of a line whose place a later count has settled: by a count of their own, or, where they come to a
    place that was counted without finding them, by that one."""
    until = max(counted_until(changes.view, scope_key) or 0, gone_through_until(changes.view, place.warehouse) or 0)
    if moment > until:
        return {}
    covered: dict[str, LaterCounts] = {}
    prefix = serial_prefix(scope_key, place.lot_code)
    for serial in serials:
        key = f"{prefix}{keys.part(serial)}"
        found = later_counts_of_serial(changes, key, row_key, moment, leaves=not load)
        if found is None and load:
            found = later_place(changes, row_key, key, moment)
            found = first_passing(changes, place, row_key, key, moment, found)
        elif found is not None and not load and not found.first.counted and _stands_elsewhere(changes, key, row_key):
            found = later_counts_of_serial(changes, key, None, moment)
        if found is not None:
            covered[serial] = found
    return covered


def _stands_elsewhere(changes: Changes, serial_key: str, row_key: str) -> bool:
    """Whether a piece is registered at another place: that it was not at this one explains nothing of it."""
    row = changes.serials.get(serial_key) or changes.view.get(SERIALS, serial_key)
    if row is None or row.state != "in_stock" or row.warehouse is None:
        return False
    scope = keys.join(row.item_class, row.item_code, row.variant)
    return stock_key(scope, row.warehouse, row.location, row.lot_code) != row_key


def must_stay(
    changes: Changes,
    scope_key: str,
    place: tuple[str, str | None],
    lot_code: str | None,
    late: Mapping[str, LaterCounts],
    load: bool,
    undoes: bool = False,
) -> frozenset[str]:
    """Of late serials those that stay where they are: whose movement is corrected, or could not be posted else.

    `place`: warehouse and location that the movement names. `undoes`: a movement that was only reported has moved the
    piece since, and its reversal brings it back.
    """
    staying = set()
    prefix = serial_prefix(scope_key, lot_code)
    for serial, counts in late.items():
        key = f"{prefix}{keys.part(serial)}"
        row = changes.serials.get(key) or changes.view.get(SERIALS, key)
        in_stock = row is not None and row.state == "in_stock"
        possible = not in_stock if load else row is not None and in_stock and (row.warehouse, row.location) == place
        moved_on = not undoes and in_stock != (counts.first.counted > 0)  # by a document, since the count
        if counts.first.compensate_late or moved_on or not possible:
            staying.add(serial)
    return frozenset(staying)


def settle_late(changes: Changes, desk: Desk, movement_id: str, moment: int, late: LateMove) -> list[Reason]:
    """Correct or report one late effect, of a movement that happened at `moment`; what keeps it from being posted."""
    moves = [(moment, MOVEMENT, late.amount)]
    reasons: list[Reason] = []
    while late.correct and late.counts.first.made == "zero":
        row = _known(changes, late.counts)
        correction = _unread(changes, row, moves)
        if correction:
            reasons += _settle(changes, desk, movement_id, late, correction)
        moves.append((row.moment, ADJUSTMENT, correction))
        # What explains what stood there unread is there from then on: the next count has seen it.
        following = first_counts(changes, place_of(row), row_key(row), row.moment + 1, row.moment)
        rest = late.amount + correction
        if following is None or rest == 0:
            return reasons
        stock = changes.stock_row(row_key(row))
        correct = following.first.compensate_late or (stock is not None and stock.stock < 0)
        late = replace(late, counts=following, amount=rest, correct=correct)
    return reasons + _settle(changes, desk, movement_id, late, -late.amount)


def _settle(changes: Changes, desk: Desk, movement_id: str, late: LateMove, correction: int) -> list[Reason]:
    row, key = _known(changes, late.counts), late.counts.key
    reasons: list[Reason] = []
    if late.correct and late.serial is not None and row.made == "group":
        row, key = _missing(desk, row, late.serial)
    if late.correct:
        number = row.corrections + 1
        id = f"{adjustment_id(row)}/correction/{number}"
        inner = Changes(Layer(changes))
        posted = post_adjustment(
            inner,
            desk,
            row,
            (late.warehouse, late.location, late.lot_code),
            correction,
            id,
            reasons,
            serial=late.serial,
            serial_stays=True,
        )
        if posted is None:
            return reasons
        changes.absorb(inner)
        changes.positions[key] = replace(
            row, adjusted=row.adjusted + correction, corrections=number, updated_at=desk.time_ms
        )
        template = posted.template
    else:
        id, template = f"{adjustment_id(row)}/late/{movement_id}", None
    changes.records.append(
        Emit(
            "adjustments",
            desk.item_key,
            Adjustment(
                id,
                "correction" if late.correct else "late_report",
                row.adjustment_id,
                row.inventory,
                row.list,
                row.line,
                row.item_class,
                row.item_code,
                row.variant,
                late.warehouse,
                late.location,
                late.lot_code,
                late.serial,
                row.counted,
                (row.book or 0) + late.amount,
                correction,
                desk.item.unit,
                "load" if correction > 0 else "unload",
                template,
                desk.item.unit_cost,
                value_of(correction, desk.item.unit_cost),
                row.reason_code,
                row.operator,
                row.counted_at,
                desk.time_ms,
                movement_id,
                None,
            ),
        )
    )
    changes.records.append(Emit("alerts", keys.join(row.inventory), _alert(desk, row, movement_id, late, id)))
    return reasons


def _known(changes: Changes, counts: LaterCounts) -> PositionRow:
    """The first count as it stands; it is new where a list went through the place and had no line."""
    return changes.position(counts.key) or counts.first


def _unread(changes: Changes, row: PositionRow, moves: list[tuple[int, int, int]]) -> int:
    """The correction at a line that took out what stood there unread: that is still the least that was there.

    `moves`: moment, rank and quantity of what is posted now.
    """
    key = row_key(row)
    before = changes.view.get(STOCK, key)
    stock = 0 if before is None else before.stock
    lowest = lowest_book(changes.view, key, stock, min(row.opened_at, row.moment), row.moment, moves)
    return -max(0, lowest) - row.adjusted


def _missing(desk: Desk, group: PositionRow, serial: str) -> tuple[PositionRow, str]:
    """A piece that a counted place did not have has a count of its own from now on, with its key: it was not there."""
    row = replace(
        group,
        serial_code=serial,
        line=made_line("m", group, serial),
        made="missing",
        counted=0,
        book=ONE,
        difference=-ONE,
        adjusted=0,
        corrections=0,
        updated_at=desk.time_ms,
    )
    return row, position_key(row)


def _alert(desk: Desk, row: PositionRow, movement_id: str, late: LateMove, id: str) -> Alert:
    what = (
        "corrected at it, so that stock is as it was counted"
        if late.correct
        else "not corrected, as the list type says"
    )
    return Alert(
        f"{id}/late",
        "late_movement",
        desk.item.item_class,
        desk.item.item_code,
        desk.variant or None,
        late.lot_code,
        late.serial,
        late.warehouse,
        late.location,
        row.inventory,
        row.list,
        f"movement {movement_id!r} of {quantity_text(abs(late.amount))} {desk.item.unit} happened before the count of "
        f"line {row.line} and came after it was settled: {what}",
        desk.time_ms,
    )
