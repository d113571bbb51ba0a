"""What counting tells the ledger: records of `count-lines` (`domain.count_lines.CountLine`)."""

from typing import Literal

from processors.counting.step import Step
from processors.domain import keys
from processors.domain.count_lines import CountLine
from processors.domain.count_registers import CountLineRow, CountListRow
from processors.domain.decision import Emit
from processors.domain.master import ListType

TOPIC = "count-lines"


def opened(step: Step, row: CountListRow, type: ListType) -> None:
    """Tell every partition of the ledger that a list counts from now on, and by which rules."""
    for partition in range(step.partitions):
        value = _control("opened", row, partition)
        value.warehouse, value.operator, value.as_of, value.counted_at = (
            row.warehouse,
            row.operator,
            row.as_of,
            row.opened_at,
        )
        value.locations = keys.split(row.locations) if row.locations else ()
        value.uncounted, value.beyond_tolerance = type.uncounted, type.beyond_tolerance
        value.tolerance_quantity, value.tolerance_percent = type.tolerance_quantity, type.tolerance_percent
        value.tolerance_value, value.compensate_late = type.tolerance_value, type.compensate_late
        _send_control(step, value, partition)


def settle(step: Step, row: CountListRow, closed_at: int, reason_code: str | None) -> None:
    """Ask every partition to settle the list, under the row's `settlement`. `closed_at`: the moment of closing."""
    for partition in range(step.partitions):
        value = _control("settle", row, partition)
        value.settlement, value.counted_at, value.as_of = row.settlement, closed_at, row.as_of
        value.warehouse, value.by, value.reason_code = row.warehouse, row.closed_by, reason_code
        _send_control(step, value, partition)


def drop(step: Step, row: CountListRow, by: str, reason_code: str | None) -> None:
    """Tell every partition that the list is cancelled."""
    for partition in range(step.partitions):
        value = _control("drop", row, partition)
        value.by, value.reason_code = by, reason_code
        _send_control(step, value, partition)


def line(step: Step, row: CountLineRow, recounted: bool = False) -> None:
    """Send a line as it was confirmed: the absolute quantity, its moments, its revision."""
    _send_line(step, _of_line("line", row, recounted=recounted))


def settle_line(
    step: Step,
    row: CountLineRow,
    settlement: int,
    approved: int | None = None,
    by: str | None = None,
    reason_code: str | None = None,
    recounted: bool = False,
) -> None:
    """Ask to settle one line alone, at its revision."""
    value = _of_line("settle_line", row, recounted=recounted)
    value.settlement, value.approved, value.by, value.reason_code = settlement, approved, by, reason_code
    _send_line(step, value)


def drop_line(step: Step, row: CountLineRow, by: str, reason_code: str | None) -> None:
    """Tell that a line is rejected."""
    value = _of_line("drop_line", row)
    value.by, value.reason_code = by, reason_code
    _send_line(step, value)


def _control(kind: Literal["opened", "settle", "drop"], row: CountListRow, partition: int) -> CountLine:
    return CountLine(
        kind,
        row.inventory,
        row.list,
        partition,
        settlement=None,
        line=None,
        revision=None,
        item_class=None,
        item_code=None,
        variant=None,
        warehouse=None,
        location=None,
        lot_code=None,
        serial_code=None,
        counted=None,
        unit=None,
        counted_from=None,
        counted_at=None,
        operator=None,
    )


def _of_line(
    kind: Literal["line", "settle_line", "drop_line"], row: CountLineRow, recounted: bool = False
) -> CountLine:
    return CountLine(
        kind,
        row.inventory,
        row.list,
        None,
        None,
        row.line,
        row.revision,
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
        recounted,
    )


def _send_control(step: Step, value: CountLine, partition: int) -> None:
    key = keys.join("control", value.inventory, value.list, str(partition))
    step.records.append(Emit(TOPIC, key, value, partition=partition))


def _send_line(step: Step, value: CountLine) -> None:
    step.records.append(Emit(TOPIC, keys.join(value.item_class or "", value.item_code or ""), value))
