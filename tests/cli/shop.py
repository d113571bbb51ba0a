"""A shop whose goods are counted: its master data, its movements, and a whole count of it as inputs."""

from datetime import datetime
from typing import Any

from processors.embedded import demo

Line = dict[str, Any]

_ITEM: Line = {
    "item_class": "CNT", "description": "goods", "unit": "KG", "lot_managed": False, "serial_managed": False,
    "withdrawal_policy": "manual", "expiry_rule": "exact", "serial_generation": "manual", "unit_cost": "2",
}  # fmt: skip


def _warehouse(code: str) -> list[Line]:
    """A warehouse with a template for each way of goods, and one for each way of differences."""
    templates = (("IN", "load", False), ("OUT", "unload", False), ("MOR", "load", True), ("LES", "unload", True))
    return [
        {"record": "Warehouse", "value": {"code": code, "description": code, "adjustment_load_template": "MOR",
                                          "adjustment_unload_template": "LES"}},
        *({"record": "Template", "value": {"warehouse": code, "code": template, "description": template,
                                           "direction": direction, "lot_management": True,
                                           "physical_inventory": counts}}
          for template, direction, counts in templates),
    ]  # fmt: skip


MASTER: list[Line] = [
    *_warehouse("SHOP"),
    *_warehouse("YARD"),
    {"record": "Item", "value": {**_ITEM, "item_code": "NUT", "barcodes": [{"barcode": "4006381333962"}]}},
    {"record": "Item", "value": {**_ITEM, "item_code": "OIL", "lot_managed": True,
                                 "barcodes": [{"barcode": "04006381333979"}]}},
    {"record": "Item", "value": {**_ITEM, "item_code": "TEA"}},
    {"record": "Item", "value": {**_ITEM, "item_code": "RYE"}},
    {"record": "Item", "value": {**_ITEM, "item_code": "BUN"}},
    {"record": "Item", "value": {**_ITEM, "item_code": "GUN", "serial_managed": True}},
    {"record": "ListType", "value": {"code": "FREELY", "description": "Posts all", "uncounted": "ignore",
                                     "beyond_tolerance": "accept"}},
    {"record": "ListType", "value": {"code": "ASKING", "description": "Asks", "uncounted": "ignore",
                                     "tolerance_quantity": "1", "beyond_tolerance": "approval"}},
    {"record": "ListType", "value": {"code": "AGAIN", "description": "Again", "uncounted": "ignore", "blind": True,
                                     "tolerance_quantity": "1", "beyond_tolerance": "recount"}},
    {"record": "ListType", "value": {"code": "ZERO", "description": "All of it", "uncounted": "zero",
                                     "beyond_tolerance": "accept"}},
]  # fmt: skip


def a_movement(id: str, template: str, quantity: str, item: str = "NUT", lot: str | None = None) -> Line:
    """A load or unload of the shop: of the company's today, so that it happens when it is sent."""
    lots = [] if lot is None else [{"lot_code": lot, "quantity": quantity}]
    return {"topic": "movements", "value": {
        "movement_id": id, "action": "post", "template": template, "warehouse": "SHOP", "quantity": quantity,
        "item_class": "CNT", "item_code": item, "lots": lots,
        "effective_date": datetime.now(demo.ZONE).date().isoformat(),
    }}  # fmt: skip


def a_count() -> list[Line]:
    """Lines of `simulate`: goods are loaded, counted on two lists, moved meanwhile and late, and both lists closed."""
    count: Line = {"inventory": "YEAR", "by": "boss"}
    scan: Line = {"inventory": "YEAR", "operator": "ann", "device": "gun"}
    lines: list[Line] = []

    def add(topic: str, value: Line) -> None:
        lines.append({"topic": topic, "value": value})

    def move(id: str, template: str, quantity: str, **more: Any) -> None:
        value = a_movement(id, template, quantity, "RYE")["value"]
        add("movements", {**value, "warehouse": "YARD", "effective_date": "2026-06-15", **more})

    def command(id: str, action: str, **more: Any) -> None:
        add("counts", {**count, "command_id": id, "action": action, **more})

    def read(id: str, list_: str, action: str, **more: Any) -> None:
        add("scans", {**scan, "scan_id": id, "list": list_, "action": action, "scanned_at": "2026-06-15T12:00:00Z",
                      "sent_at": "2026-06-15T12:00:00Z", **more})  # fmt: skip

    rye = {"item_class": "CNT", "item_code": "RYE"}
    move("Y-1", "IN", "50")
    move("Y-2", "IN", "2", item_code="GUN", serials=["G1", "G2"])
    command("Y-C1", "open_inventory")
    command("Y-C2", "open_list", list="A", list_type="FREELY", warehouse="YARD", operator="ann")
    command("Y-C3", "open_list", list="B", list_type="AGAIN", warehouse="YARD", operator="ann")
    command("Y-C4", "open_list", list="B", list_type="NONE", warehouse="YARD", operator="ann")
    read("Y-S1", "A", "confirm", **rye, quantity="47")
    move("Y-3", "OUT", "20")
    read("Y-S2", "A", "confirm", item_class="CNT", item_code="GUN", serial="G1")
    read("Y-S3", "A", "read", barcode="nobody knows it")
    read("Y-S1", "A", "confirm", **rye, quantity="47")
    read("Y-S4", "B", "confirm", item_class="CNT", item_code="BUN", quantity="9")
    command("Y-C5", "close_list", list="A", reason_code="SPILT")
    move("Y-4", "OUT", "1", occurred_at="2026-06-15T11:00:00Z")
    command("Y-C6", "close_list", list="B")
    read("Y-S5", "B", "confirm", item_class="CNT", item_code="BUN", quantity="8")
    return lines
