"""What the naive ledger tells beside its registers: postings, document lines, edges; in the order in which they come.

Moments are milliseconds, quantities fractions, days dates, as `product.events` has the topics' records.
"""

from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.model.naive_codes import Form
from tests.model.naive_values import Leg

TOPICS = ("postings", "register-history", "lineage", "alerts")
DOCUMENT = ("document_type", "document_number", "document_date")


def happened(m: Form, now: datetime, zone: str) -> int:
    """The moment of a movement: its own; else the end of its effective day if that is before today; else now."""
    if m.get("occurred_at"):
        return millis(datetime.fromisoformat(m["occurred_at"]))
    day = date.fromisoformat(m["effective_date"])
    if day < now.astimezone(ZoneInfo(zone)).date():
        return millis(datetime.combine(day + timedelta(1), time(), ZoneInfo(zone))) - 1
    return millis(now)


def millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def posting(m: Form, leg: Leg, unit: str, lot: str | None, quantity: Fraction, after: Fraction, at: int) -> Form:
    """One stock row touched; the moments of being posted and reversed are filled in by the caller."""
    return {
        "movement_id": m["movement_id"] + leg.suffix, "template": leg.template["code"],
        "item_class": m["item_class"], "item_code": m["item_code"], "variant": m.get("variant"),
        "warehouse": leg.warehouse, "location": leg.location, "lot_code": lot,
        "quantity": quantity if leg.direction == "load" else -quantity, "unit": unit,
        "unit_cost": fraction(m.get("unit_cost")), "stock_after": after, "occurred_at": at,
        "offset": leg.side == "offset",
        "reverses": None, "adjustment_id": None, **document(m), "account": m.get("account"),
        "project": m.get("project"), "user": m.get("user"),
    }  # fmt: skip


def line(m: Form, leg: Leg, direction: str, unit: str, row: Form, key: Any, quantity: Fraction, at: int) -> Form:
    """One document line in the life of a lot (`key` of four) or of a serial (of five)."""
    lot = len(key) == 4
    return {
        "register": "lot" if lot else "serial", "item_class": key[0], "item_code": key[1], "variant": key[2] or None,
        "lot_code": key[3], "serial_code": None if lot else key[4], "generation": row["generation"],
        "direction": direction, "force_closed": False, "quantity": quantity, "unit": unit,
        "packages": m.get("packages") if lot else None, "occurred_at": at,
        "status": row["status"] if lot else None, **document(m), "warehouse": leg.warehouse,
        "location": leg.location, "template": leg.template["code"], "account": m.get("account"),
        "project": m.get("project"), "movement_id": m["movement_id"] + leg.suffix, "reversed": False,
    }  # fmt: skip


def edge(m: Form, role: str, lot: str | None, serial: str | None, quantity: Fraction, at: int) -> Form:
    """One side of a transformation."""
    own = "|".join(
        str(m[name]).replace("\\", "\\\\").replace("|", "\\|") for name in ("item_class", "item_code", "movement_id")
    )
    return {
        "transformation_id": m.get("transformation_id") or own, "role": role, "item_class": m["item_class"],
        "item_code": m["item_code"], "variant": m.get("variant"), "lot_code": lot, "serial_code": serial,
        "quantity": quantity, "movement_id": m["movement_id"], "account": m.get("account"), "occurred_at": at,
    }  # fmt: skip


def forced(e: Form, key: Any, row: Form, unit: str, at: int) -> Form:
    """The document line of a serial that is closed by force, or opened again."""
    return {
        "register": "serial", "item_class": key[0], "item_code": key[1], "variant": key[2] or None, "lot_code": key[3],
        "serial_code": key[4], "generation": row["generation"], "direction": "unload", "force_closed": True,
        "quantity": Fraction(1), "unit": unit, "packages": None, "occurred_at": at, "status": None,
        **document({}), "warehouse": row["warehouse"] or "", "location": row["location"], "template": "",
        "account": None, "project": None, "movement_id": e["edit_id"], "reversed": not row["force_closed"],
    }  # fmt: skip


def document(m: Form) -> Form:
    day = m.get("document_date")
    return {**{name: m.get(name) for name in DOCUMENT}, "document_date": date.fromisoformat(day) if day else None}


def fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


class Told:
    """The records of one item, topic by topic. A document line told once more keeps the number of its first telling."""

    def __init__(self) -> None:
        self.records: dict[str, list[Form]] = {topic: [] for topic in TOPICS}
        self.forced: dict[Any, int] = {}
        """Key and generation of a serial closed by force → its line."""

    def tell(self, topic: str, record: Form, now: datetime, first: int | None = None) -> int:
        """Add a record; gives its number. `first`: the number of the line that it tells once more."""
        records = self.records[topic]
        number = len(records) if first is None else first
        if topic == "postings":
            record["posted_at"] = millis(now)
        elif topic == "register-history":
            record["inserted_at"] = record.get("inserted_at", millis(now))
            record["line"] = number
        records.append(record)
        return number
