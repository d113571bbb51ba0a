"""What the alerts ask of the store: lots with their days, counters, code types, and which alerts there are already."""

import json
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select, union

from processors.contract.json_form import from_json
from processors.domain.calendar import DAY_MS
from processors.domain.master import CodeType
from processors.domain.progressives import Counter
from processors.domain.registers import CounterRow
from processors.edge.store.tables import in_stock, table_of

IDS_MAX = 500
"""So many ids are asked for at once."""


class LotDays(NamedTuple):
    """A lot in stock, with the days that matter (day numbers); `variant` is empty for an item without."""

    item_class: str
    item_code: str
    variant: str
    lot_code: str
    generation: int
    stock: int
    warn_from: int | None
    block_from: int | None
    expiry_date: int | None


def lots_due(connection: Connection, day: int) -> list[LotDays]:
    """The lots in stock, and not closed, that are warned of, blocked or expired on `day`, in the order of keys."""
    # One look-up for each stage, in its own index: asked with `or`, every lot that there ever was would be read.
    lots = table_of("lot-register").c
    columns = [lots.record_key, *(lots[name] for name in LotDays._fields)]
    stages = (lots.warn_from <= day, lots.block_from <= day, lots.expiry_date < day)
    found = union(*(select(*columns).where(in_stock(lots), stage) for stage in stages)).order_by("record_key")
    return [LotDays._make(row[1:]) for row in connection.execute(found)]


def time_zone(connection: Connection) -> str:
    """The company's time zone; UTC where there is no company yet."""
    master = table_of("master-register").c
    record = connection.execute(select(master.record).where(master.kind == "company")).scalar()
    return "UTC" if record is None else str(json.loads(record)["time_zone"])


def code_types(connection: Connection) -> dict[tuple[str, str], CodeType]:
    """All code types, by kind and code."""
    master = table_of("master-register").c
    records = connection.execute(select(master.record).where(master.kind == "code_type")).scalars()
    found = [from_json(CodeType, json.loads(record)) for record in records]
    return {(each.kind, each.code): each for each in found}


def counter_rows(connection: Connection) -> list[CounterRow]:
    """All rows of the counter register."""
    counters = table_of("counter-register").c
    names = CounterRow.__dataclass_fields__
    return [CounterRow(*row) for row in connection.execute(select(*(counters[name] for name in names)))]


def codes_made(connection: Connection, counter: Counter, now_ms: int, days: int) -> int:
    """How many lots or serials got a generated code of this type (and item) in the last `days`.

    Of all roots: the registers do not keep the root, so the rate of a progressive with a root is at most this.
    """
    if counter.kind == "lot":
        rows = table_of("lot-register").c
        code_type: ColumnElement[str] = rows.code_type
    else:
        rows = table_of("serial-register").c
        code_type = rows.serial_code_type
    asked = select(func.count()).where(code_type == counter.code_type, rows.ordinal.is_not(None))
    asked = asked.where(rows.created_at > now_ms - days * DAY_MS)
    if counter.item is not None:
        item_class, item_code, variant = counter.item
        asked = asked.where(rows.item_class == item_class, rows.item_code == item_code, rows.variant == variant)
    return int(connection.execute(asked).scalar_one())


def known_alerts(connection: Connection, alert_ids: Collection[str]) -> set[str]:
    """Which of these alerts the topic has."""
    alerts, asked, found = table_of("alerts").c, list(alert_ids), set[str]()
    for start in range(0, len(asked), IDS_MAX):
        some = asked[start : start + IDS_MAX]
        found.update(connection.execute(select(alerts.alert_id).where(alerts.alert_id.in_(some))).scalars())
    return found
