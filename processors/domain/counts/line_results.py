"""What is told to counting of a line that was settled, or of why it was not."""

from typing import Literal

from processors.domain.count_lines import LineResult, PositionRow

Outcome = Literal["settled", "superseded", "refused", "recount", "approval"]


def result_of(row: PositionRow, state: Outcome) -> LineResult:
    """The result of a line; `row` has its state already."""
    return LineResult(
        row.line,
        row.revision,
        state,
        row.reason,
        row.item_class,
        row.item_code,
        row.variant,
        row.warehouse,
        row.location,
        row.lot_code,
        row.serial_code,
        row.counted,
        row.unit,
        row.counted_from,
        row.counted_at,
        row.operator,
        row.book,
        row.difference,
        row.value,
        row.adjustment_id,
        row.moved_during_count,
    )
