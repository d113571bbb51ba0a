"""The company whose shelves are counted: one warehouse, four zones of shelves, goods with lots, with serials, with
neither."""

from dataclasses import dataclass
from typing import Literal

from tests.faults.checker.history import Value, key_of

Kind = Literal["plain", "lot", "serial"]
WAREHOUSE = "W1"
LOAD, UNLOAD = "L", "U"
FOUND, LOST = "IL", "IU"
"""Templates of adjustments."""
CLASS_OF: dict[Kind, str] = {"plain": "PLN", "lot": "LOT", "serial": "SER"}
UNIT_COST = 2_500_000
ZONES = "PQRS"
SHELVES = 3
"""Shelves of each zone."""
LIST_TYPES: dict[str, Value] = {
    "IG": {"uncounted": "ignore", "maintain_location": False},
    "MA": {"uncounted": "ignore", "maintain_location": True, "blind": True},
    "ZE": {"uncounted": "zero", "maintain_location": False},
}
UNKNOWN_BARCODE = "no such code"


@dataclass(frozen=True, slots=True)
class Item:
    kind: Kind
    number: int

    @property
    def item_class(self) -> str:
        return CLASS_OF[self.kind]

    @property
    def item_code(self) -> str:
        return f"{self.kind}{self.number:03d}"

    @property
    def key(self) -> str:
        return key_of(self.item_class, self.item_code)


@dataclass(frozen=True, slots=True)
class Place:
    """A stock row: goods of an item, of a lot or without, on a shelf."""

    item: Item
    location: str
    lot: str | None

    @property
    def key(self) -> str:
        """Key of the row in `stock-register`."""
        return key_of(self.item.item_class, self.item.item_code, None, WAREHOUSE, self.location, self.lot)


def shelves_of(*zones: str) -> list[str]:
    return [f"{zone}{number}" for zone in zones for number in range(1, SHELVES + 1)]


def master_data(items: list[Item]) -> list[tuple[str, str, Value]]:
    """Record, key and value of the master data, in an order in which each can be accepted."""
    templates = [(LOAD, "load", False), (UNLOAD, "unload", False), (FOUND, "load", True), (LOST, "unload", True)]
    return [
        ("Company", "company|company", {}),
        (
            "Warehouse",
            key_of("warehouse", WAREHOUSE),
            {
                "code": WAREHOUSE,
                "description": "the only one",
                "adjustment_load_template": FOUND,
                "adjustment_unload_template": LOST,
                "locations": [{"location": each, "description": each} for each in shelves_of(*ZONES)],
            },
        ),
        *(
            (
                "Template",
                key_of("template", WAREHOUSE, code),
                {
                    "warehouse": WAREHOUSE,
                    "code": code,
                    "description": code,
                    "direction": direction,
                    "lot_management": True,
                    "integrate_initial_quantity": direction == "load",
                    "physical_inventory": counts,
                },
            )
            for code, direction, counts in templates
        ),
        *(
            ("ListType", key_of("list_type", code), {"code": code, "description": code, **value})
            for code, value in LIST_TYPES.items()
        ),
        *(("BarcodeRule", key_of("barcode_rule", rule["prefix"]), rule) for rule in _rules()),
        *(("Item", key_of("item", each.item_class, each.item_code), _item(each)) for each in items),
    ]


def _rules() -> list[Value]:
    targets = {"Item": ["item_class", "item_code"], "Lot": ["lot"], "SN": ["serial"], "Loc": ["warehouse", "location"]}
    return [
        {"prefix": prefix, "separator": "-", "tokens": [{"target": target} for target in of]}
        for prefix, of in targets.items()
    ]


def _item(item: Item) -> Value:
    return {
        "item_class": item.item_class,
        "item_code": item.item_code,
        "description": item.item_code,
        "unit": "pc",
        "lot_managed": item.kind == "lot",
        "serial_managed": item.kind == "serial",
        "withdrawal_policy": "fifo" if item.kind == "lot" else "manual",
        "serial_generation": "manual",
        "unit_cost": UNIT_COST,
    }
