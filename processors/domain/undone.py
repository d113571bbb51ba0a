"""What a reversal tells: the opposite postings, and the document lines of the movement once more, marked reversed."""

from typing import Literal

from processors.domain.effects import Accepted, Effect
from processors.domain.events import HistoryEntry, Posting
from processors.domain.movement import Movement
from processors.domain.registers import LotRow, SerialRow, StockRow


def posting_undone(
    accepted: Accepted, reversal: Movement, effect: Effect, row: StockRow, entry_id: str, amount: int
) -> Posting:
    """The opposite of a posting of `accepted`, at the same moment: `row` is the stock row after it."""
    original = accepted.movement
    suffix = "/offset" if effect.offset else ""
    return Posting(
        entry_id,
        reversal.movement_id + suffix,
        effect.template,
        row.item_class,
        row.item_code,
        row.variant,
        row.warehouse,
        row.location,
        row.lot_code,
        -amount if effect.load else amount,
        row.unit,
        original.unit_cost,
        row.stock,
        accepted.moment,
        row.updated_at,
        effect.offset,
        original.movement_id + suffix,
        None,
        original.document_type,
        original.document_number,
        original.document_date,
        original.account,
        original.project,
        reversal.user,
    )


def line_undone(
    accepted: Accepted, effect: Effect, row: LotRow | SerialRow, entry_id: str, amount: int, unit: str
) -> HistoryEntry:
    """A document line of a lot or serial as it was, under its id, marked; the status is the lot's as it is now."""
    original, serial = accepted.movement, isinstance(row, SerialRow)
    register: Literal["lot", "serial"] = "serial" if serial else "lot"
    return HistoryEntry(
        entry_id,
        register,
        row.item_class,
        row.item_code,
        original.variant or None,
        row.lot_code,
        row.serial_code if isinstance(row, SerialRow) else None,
        row.generation,
        "load" if effect.load else "unload",
        False,  # a piece closed by force does not move
        amount,
        unit,
        None if serial else original.packages,
        accepted.at,
        accepted.moment,
        row.status if isinstance(row, LotRow) else None,
        original.document_type,
        original.document_number,
        original.document_date,
        effect.warehouse,
        effect.location,
        effect.template,
        original.account,
        original.project,
        original.movement_id + ("/offset" if effect.offset else ""),
        True,
    )
