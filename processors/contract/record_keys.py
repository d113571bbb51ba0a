"""Key and route of every record (`contract.md` §1 to §3): the key is its identity, the route gives its partition."""

from collections.abc import Callable
from typing import Final, cast

from processors.contract.cluster_records import CounterEpoch, Meta
from processors.domain import keys
from processors.domain.count_lines import Adjustment, CountLine, CountResult, PositionRow
from processors.domain.count_registers import CountLineRow, CountListRow, InventoryRow, ScanFeedback
from processors.domain.events import Alert, HistoryEntry, LineageEdge, Posting, Reply
from processors.domain.master import MasterRecord, master_id
from processors.domain.movement import Movement, RegisterEdit
from processors.domain.progressives import Counter
from processors.domain.registers import CounterRow, LotRow, ReservationRow, SerialRow, StateRow, StockRow
from processors.domain.scans import CountCommand, Scan

KeyOf = Callable[[object], str | None]


def item_key(value: Movement | RegisterEdit | Posting | HistoryEntry | LineageEdge | Adjustment) -> str:
    """`class|code`: the route of everything about an item."""
    return keys.join(value.item_class, value.item_code)


def master_key(value: MasterRecord) -> str:
    """`<kind>|<id>`."""
    return keys.join(*master_id(value))


def reply_key(value: Reply) -> str:
    return keys.join(value.request_id)


def alert_key(value: Alert) -> str:
    """`inventory` for an alert of a count, else `class|code`."""
    if value.inventory is not None:
        return keys.join(value.inventory)
    return keys.join(value.item_class or "", value.item_code or "")


def stock_key(row: StockRow) -> str:
    """`class|code|variant|warehouse|location|lot`."""
    return keys.join(
        row.item_class, row.item_code, row.variant or "", row.warehouse, row.location or "", row.lot_code or ""
    )


def lot_key(row: LotRow) -> str:
    """`class|code|variant|lot_code`."""
    return keys.join(row.item_class, row.item_code, row.variant, row.lot_code)


def serial_key(row: SerialRow) -> str:
    """`class|code|variant|lot_code|serial_code`."""
    return keys.join(row.item_class, row.item_code, row.variant, row.lot_code or "", row.serial_code)


def reservation_key(row: ReservationRow) -> str:
    """`class|code|variant|warehouse|location|lot|serial|document_type|document_number`."""
    return keys.join(
        row.item_class,
        row.item_code,
        row.variant or "",
        row.warehouse,
        row.location or "",
        row.lot_code or "",
        row.serial_code or "",
        row.document_type,
        row.document_number,
    )


def counter_key(row: CounterRow) -> str:
    """`counter|partition`: the counter's own key is one part, so its inner `|` are escaped."""
    item = (row.item_class or "", row.item_code or "", row.variant or "") if row.scope == "item" else None
    return keys.join(Counter(row.kind, row.code_type, item, row.root_key).key, str(row.partition))


def state_key(row: StateRow) -> str:
    """`kind|class|code|id` for a row of an item, else `kind|id`."""
    if row.item_class is None or row.item_code is None:
        return keys.join(row.kind, row.id)
    return keys.join(row.kind, row.item_class, row.item_code, row.id)


def inventory_key(value: CountCommand | Scan | CountResult | InventoryRow | ScanFeedback) -> str:
    """`inventory`: the route of everything about a count."""
    return keys.join(value.inventory)


def inventory_route(row: CountListRow | CountLineRow) -> str:
    """Lists and lines lie where their inventory lies."""
    return keys.join(row.inventory)


def list_key(row: CountListRow) -> str:
    """`inventory|list`."""
    return keys.join(row.inventory, row.list)


def line_key(row: CountLineRow) -> str:
    """`inventory|list|line`."""
    return keys.join(row.inventory, row.list, row.line)


def feedback_key(value: ScanFeedback) -> str:
    return keys.join(value.scan_id)


def count_line_key(value: CountLine) -> str:
    """`class|code` for a line, `control|inventory|list|partition` for what concerns a partition of the ledger."""
    if value.partition is not None:
        return keys.join("control", value.inventory, value.list, str(value.partition))
    return keys.join(value.item_class or "", value.item_code or "")


def count_line_partition(value: CountLine) -> int | None:
    """The partition that a control record names; None for a line: its key tells."""
    return value.partition


def position_key(row: PositionRow) -> str:
    """`class|code|variant|warehouse|location|lot|serial|inventory|list|line`."""
    return keys.join(
        row.item_class,
        row.item_code,
        row.variant or "",
        row.warehouse,
        row.location or "",
        row.lot_code or "",
        row.serial_code or "",
        row.inventory,
        row.list,
        row.line,
    )


def meta_key(row: Meta) -> str:
    return keys.join(row.name)


def epoch_key(record: CounterEpoch) -> str:
    """What compaction may leave: the newest epoch, its newest sign of life, the newest owner of each partition."""
    match record.kind:
        case "epoch":
            return "epoch"
        case "owner":
            return keys.join("owner", str(record.partition))
        case _:
            return "progress"


def row_route(row: StockRow | LotRow | SerialRow | ReservationRow | PositionRow) -> str:
    """Rows lie where their item's movements lie."""
    return keys.join(row.item_class, row.item_code)


def state_route(row: StateRow) -> str | None:
    """The item's route; None for a row of the partition itself, which its task puts into its own partition."""
    if row.item_class is None or row.item_code is None:
        return None
    return keys.join(row.item_class, row.item_code)


def no_route(_: object) -> None:
    """The partition does not follow from the value: the row names it (counters), or the request does (replies)."""
    return


def of(function: Callable[..., str | None]) -> KeyOf:
    """A key function of one record class as one of any value: the manifest pairs each with its own record classes."""
    return cast(KeyOf, function)


ROW_KEYS: Final[dict[type, KeyOf]] = {
    StockRow: of(stock_key),
    LotRow: of(lot_key),
    SerialRow: of(serial_key),
    ReservationRow: of(reservation_key),
    CounterRow: of(counter_key),
    StateRow: of(state_key),
    InventoryRow: of(inventory_key),
    CountListRow: of(list_key),
    CountLineRow: of(line_key),
    PositionRow: of(position_key),
}
