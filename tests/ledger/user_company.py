"""A company as its users know it: master data and movements as lines of `lotstream simulate`, and what they give."""

import json
from typing import Any

from click.testing import CliRunner

from processors.cli import main

Line = dict[str, Any]

WAREHOUSES = (
    {"code": "01", "description": "Main warehouse"},
    {"code": "02", "description": "Shop"},
)
TEMPLATES = (
    {"code": "PUR", "description": "Purchase", "direction": "load", "lot_management": True, "create_serials": True,
     "mandatory_document": True, "mandatory_account": True},
    {"code": "PRD", "description": "Production", "direction": "load", "lot_management": True, "create_serials": True},
    {"code": "RET", "description": "Customer's return", "direction": "load", "lot_management": True,
     "mandatory_document": True},
    {"code": "SAL", "description": "Sale", "direction": "unload", "lot_management": True, "mandatory_document": True},
)  # fmt: skip
DAY_PARTS = [{"field": "insert_year", "length": 2}, {"field": "insert_month"}, {"field": "insert_day"},
             {"field": "number", "length": 3, "fill": "0"}]  # fmt: skip
DAY_ROOT = ["insert_year", "insert_month", "insert_day"]


def master(record: str, **value: Any) -> Line:
    return {"topic": "master-data", "record": record, "value": value}


def company(*more: Line, **fields: Any) -> list[Line]:
    """Master data of a small company whose period is open from March on; `fields` of the company, `more` records."""
    return [
        master("Company", **{"open_from": "2026-03-01", "open_to": "2026-12-31", "time_zone": "Europe/Rome"} | fields),
        *(master("Account", code=code, description=name, short_name=name[:5].upper(), kind=kind)
          for code, name, kind in (("S1", "Mill Rossi", "supplier"), ("C1", "Corner shop", "customer"))),
        *(master("LotStatus", code=code, description=code, available=code == "OK", available_for_mrp=True)
          for code in ("OK", "HOLD")),
        *(master("Warehouse", **warehouse) for warehouse in WAREHOUSES),
        *(master("Template", warehouse=warehouse["code"], **template)
          for warehouse in WAREHOUSES for template in TEMPLATES),
        *more,
    ]  # fmt: skip


def code_type(kind: str, code: str, *parts: Any, **fields: Any) -> Line:
    """A part is a field's name, or name and length, filled with zeros."""
    forms = [{"field": part} if isinstance(part, str) else {"field": part[0], "length": part[1], "fill": "0"}
             for part in parts]  # fmt: skip
    return master("CodeType", kind=kind, code=code, description=code, parts=forms, **fields)


def item(code: str, **fields: Any) -> Line:
    values: Line = {
        "item_class": "FG", "item_code": code, "description": code.capitalize(), "unit": "KG", "lot_managed": False,
        "serial_managed": False, "withdrawal_policy": "manual", "expiry_rule": "exact", "serial_generation": "manual",
    }  # fmt: skip
    return master("Item", **values | fields)


def movement(movement_id: str, code: str, template: str, quantity: str, day: str, **fields: Any) -> Line:
    """A movement in warehouse 01 that arrives at nine o'clock UTC of its effective day, or at `time`."""
    time = fields.pop("time", f"{day}T09:00:00Z")
    value = {
        "movement_id": movement_id, "action": "post", "item_class": "FG", "item_code": code, "template": template,
        "warehouse": "01", "quantity": quantity, "effective_date": day,
    } | fields  # fmt: skip
    return {"topic": "movements", "value": {name: it for name, it in value.items() if it is not None}, "time": time}


def reversal(movement_id: str, code: str, reverses: str, day: str) -> Line:
    return _of_item(movement_id, code, day, action="reverse", reverses=reverses)


def release(movement_id: str, code: str, day: str, **document: Any) -> Line:
    """All that a document has reserved of an item is let go."""
    return _of_item(movement_id, code, day, action="release", **document)


def _of_item(movement_id: str, code: str, day: str, **fields: Any) -> Line:
    value = {"movement_id": movement_id, "item_class": "FG", "item_code": code, "effective_date": day} | fields
    return {"topic": "movements", "value": value, "time": f"{day}T09:00:00Z"}


def edit(edit_id: str, register: str, code: str, day: str, changes: Line, **fields: Any) -> Line:
    value = {"edit_id": edit_id, "register": register, "item_class": "FG", "item_code": code, "edited_by": "quality",
             "changes": changes} | fields  # fmt: skip
    return {"topic": "register-edits", "value": value, "time": f"{day}T10:00:00Z"}


class Told:
    """What `lotstream simulate` prints for some lines: the records, and the registers at the end."""

    def __init__(self, *lines: Line) -> None:
        self.records = _simulated(lines)
        self.rows = _simulated(lines, "--registers")

    def replies(self) -> list[Line]:
        return [record["value"] for record in self.records if record["topic"] == "replies"]

    def answers(self) -> list[str]:
        """Of each request its status, or the codes of its refusal."""
        return [" ".join(reason["code"] for reason in reply["reasons"]) or reply["status"] for reply in self.replies()]

    def why(self, request_id: str) -> list[str]:
        """The messages of a refusal."""
        return [reason["message"] for reply in self.replies() if reply["request_id"] == request_id
                for reason in reply["reasons"]]  # fmt: skip

    def values(self, topic: str) -> list[Line]:
        return [record["value"] for record in self.records if record["topic"] == topic]

    def register(self, topic: str) -> dict[str, Line]:
        return {row["key"]: row["value"] for row in self.rows if row["topic"] == topic}

    def dead_letters(self) -> list[str]:
        """What of each refused movement the dead letter says first."""
        return [record["headers"]["error-code"] for record in self.records if record["topic"].endswith("dead-letters")]


def _simulated(lines: tuple[Line, ...], *options: str) -> list[Line]:
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    result = CliRunner().invoke(main, ["simulate", "-", *options], input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]
