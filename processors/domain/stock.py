"""Stock per warehouse, location and lot: one row for each, one posting for each change (`domain.md` §3)."""

from processors.domain import keys, quantity
from processors.domain.changes import Changes
from processors.domain.counts.gone_through import StockPlace, first_counts, gone_through_until
from processors.domain.counts.positions import LateMove
from processors.domain.decision import Emit
from processors.domain.events import Posting
from processors.domain.intake import Intake, too_large
from processors.domain.legs import Leg
from processors.domain.lines import Line
from processors.domain.refusals import Reason
from processors.domain.registers import StockRow
from processors.domain.stock_keys import stock_key
from processors.domain.view import STOCK_PLACES


def place_key(row: StockRow) -> str | None:
    """Index key of `STOCK_PLACES`: `class|code|variant|warehouse|lot` of a row at a location, else None."""
    if row.location is None:
        return None
    return keys.join(row.item_class, row.item_code, row.variant or "", row.warehouse, row.lot_code or "")


def move_stock(
    changes: Changes,
    intake: Intake,
    leg: Leg,
    line: Line,
    reasons: list[Reason],
    late: list[LateMove] | None = None,
    staying: int = 0,
) -> StockRow | None:
    """Change the stock row of a line and publish its posting; adds why it cannot be, and gives None then.

    `late` is told where the movement happened before a count of this row that is settled: its opposite has to be posted
    too, or it has to be reported. `staying`: how much of the line a later count has settled, piece by piece.
    """
    key = stock_key(intake.scope_key, leg.warehouse.code, leg.location, line.lot_code)
    old, amount, load = changes.stock_row(key), line.quantity, leg.load
    if old is None:
        loaded = unloaded = stock = committed = 0
        last_moved_at, last_counted_at = intake.occurred_at, None
    else:
        loaded, unloaded, stock, committed = old.loaded, old.unloaded, old.stock, old.committed
        last_moved_at, last_counted_at = max(old.last_moved_at, intake.occurred_at), old.last_counted_at
    counts = None
    if late is not None and not intake.item.serial_managed:
        until = gone_through_until(changes.view, leg.warehouse.code)
        if until is None or (last_counted_at is not None and last_counted_at > until):
            until = last_counted_at
        if until is not None and intake.occurred_at <= until:
            counts = first_counts(changes, place_moved(intake, leg, line.lot_code), key, intake.occurred_at)
    correct = counts is not None and counts.first.compensate_late
    if load:
        loaded += amount
        stock += amount
    else:
        if not leg.adjustment and not (leg.negative and not line.lotted and not intake.item.serial_managed):
            free = held(changes, intake, leg, line.lot_code)
            if counts is not None and (correct or free < amount):
                correct = True
                free -= counts.adjusted  # as if they had not adjusted anything
            if free < amount - staying:
                reasons.append(insufficient(intake, leg, line, free))
                return None
        unloaded += amount
        stock -= amount
    if loaded > quantity.MAX or unloaded > quantity.MAX:
        reasons.append(too_large(max(loaded, unloaded), "quantity"))
        return None
    movement, item = intake.movement, intake.item
    row = StockRow(
        item.item_class,
        item.item_code,
        intake.variant or None,
        leg.warehouse.code,
        leg.location,
        line.lot_code,
        loaded,
        unloaded,
        stock,
        committed,
        item.unit,
        leg.movement_id,
        last_moved_at,
        intake.time_ms,
        last_counted_at,
    )
    changes.stock[key] = row
    changes.moved[key] = changes.moved.get(key, 0) + (amount if load else -amount)
    leg.postings += 1
    posting = Posting(
        f"{leg.entry_prefix}{leg.postings}",
        leg.movement_id,
        leg.template.code,
        item.item_class,
        item.item_code,
        row.variant,
        row.warehouse,
        row.location,
        line.lot_code,
        amount if load else -amount,
        item.unit,
        movement.unit_cost,
        stock,
        intake.occurred_at,
        intake.time_ms,
        leg.offset,
        None,
        leg.movement_id if leg.adjustment else None,
        movement.document_type,
        movement.document_number,
        movement.document_date,
        movement.account,
        movement.project,
        movement.user,
    )
    changes.records.append(Emit("postings", intake.item_key, posting))
    if counts is not None and late is not None:
        moved = amount if load else -amount
        late.append(LateMove(counts, moved, leg.warehouse.code, leg.location, line.lot_code, None, correct))
    return row


def place_moved(intake: Intake, leg: Leg, lot_code: str | None) -> StockPlace:
    """The stock row that a leg moves of a lot."""
    item = intake.item
    return StockPlace(
        item.item_class, item.item_code, intake.variant or None, leg.warehouse.code, leg.location, lot_code, item.unit
    )


def held_in_warehouse(changes: Changes, scope_key: str, warehouse: str, lot_code: str | None) -> int:
    """Stock less what is committed, over all locations of the warehouse."""
    places = {stock_key(scope_key, warehouse, None, lot_code)}
    places.update(
        changes.view.members(STOCK_PLACES, f"{scope_key}|{keys.join(warehouse, lot_code or '')}"),
        (key for key, row in changes.stock.items() if row.warehouse == warehouse and row.lot_code == lot_code),
    )
    rows = (changes.stock_row(key) for key in places)
    return sum(row.stock - row.committed for row in rows if row is not None)


def empty_row(
    item: tuple[str, str],
    variant: str,
    warehouse: str,
    location: str | None,
    lot_code: str | None,
    unit: str,
    movement_id: str,
    time_ms: int,
) -> StockRow:
    """The row of a place where nothing has been yet; `item` is class and code."""
    return StockRow(
        *item, variant or None, warehouse, location, lot_code, 0, 0, 0, 0, unit, movement_id, time_ms, time_ms
    )


def held(changes: Changes, intake: Intake, leg: Leg, lot_code: str | None) -> int:
    """What a leg finds free: stock less what is committed, at its location where that is checked, else in all."""
    # Where all stock lies in one place, its row says it all; a location that does not exist says nothing.
    if not leg.warehouse.check_location_stock and (leg.warehouse.locations or leg.location is not None):
        return held_in_warehouse(changes, intake.scope_key, leg.warehouse.code, lot_code)
    row = changes.stock_row(stock_key(intake.scope_key, leg.warehouse.code, leg.location, lot_code))
    return 0 if row is None else row.stock - row.committed


def insufficient(intake: Intake, leg: Leg, line: Line, free: int) -> Reason:
    """Less than a line asks for is there and free."""
    goods = f"lot {line.lot_code!r}" if line.lot_code is not None else f"item {intake.item.item_code!r}"
    where = f"warehouse {leg.warehouse.code!r}"
    if leg.location is not None and leg.warehouse.check_location_stock:
        where += f", location {leg.location!r}"
    return Reason(
        "stock-insufficient",
        f"{quantity.text(line.quantity)} {intake.item.unit} asked of {goods} in {where}, {quantity.text(free)} there; "
        "unload less, or load what is missing first",
        line.field if line.lot_code is not None else "quantity",
    )
