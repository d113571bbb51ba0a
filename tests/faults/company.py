"""The company that the load generator moves goods for: items of every kind, and the codes that its rules give.

Codes are composed here once more, for the two rules that are used: class and a number of six digits.
"""

from dataclasses import dataclass
from typing import Literal

from tests.faults.checker.history import Value, key_of

Scope = Literal["item", "company"]
Kind = Literal["lot", "serial", "both", "company-serial", "plain", "clash", "gap-lot", "gap-serial", "gap-company"]
WAREHOUSE = "W1"
LOAD, ADD, UNLOAD = "L", "A", "U"
"""Templates: load; load that adds to a lot; unload."""
CLASS_OF: dict[Kind, str] = {
    "lot": "LOT",
    "serial": "SER",
    "both": "BTH",
    "company-serial": "CSR",
    "plain": "PLN",
    "clash": "CLA",
    "gap-lot": "GLT",
    "gap-serial": "GSR",
    "gap-company": "GCS",
}
SERIAL_TYPE: dict[Kind, str] = {
    "serial": "SI",
    "both": "SI",
    "company-serial": "SC",
    "gap-serial": "SIG",
    "gap-company": "SCG",
}
"""Code types of serials: `SI` an item's, `SC` the company's; with G, gaps are filled."""
SHARES: dict[Kind, int] = {
    "lot": 28,
    "serial": 13,
    "both": 5,
    "company-serial": 12,
    "plain": 20,
    "clash": 4,
    "gap-lot": 8,
    "gap-serial": 5,
    "gap-company": 5,
}
"""Items of each kind among a hundred."""


@dataclass(frozen=True, slots=True)
class ItemName:
    kind: Kind
    number: int

    @property
    def item_class(self) -> str:
        return CLASS_OF[self.kind]

    @property
    def item_code(self) -> str:
        return f"{self.kind}-{self.number:04d}"

    @property
    def key(self) -> str:
        return key_of(self.item_class, self.item_code)

    @property
    def lots(self) -> bool:
        return self.kind in ("lot", "both", "clash", "gap-lot")

    @property
    def serials(self) -> bool:
        return self.kind in SERIAL_TYPE

    @property
    def fills_gaps(self) -> bool:
        return self.kind.startswith("gap-")

    def lot_code(self, ordinal: int) -> str:
        """What the items' lot rule composes."""
        return f"{self.item_class}{ordinal:06d}"

    def serial_code(self, ordinal: int) -> str:
        """What the items' serial rule composes."""
        match self.kind:
            case "company-serial":
                return f"{ordinal:09d}"
            case "gap-company":
                return f"{ordinal:08d}"
            case _:
                return f"{self.item_class}{ordinal:06d}"


def items(count: int, lot_scope: Scope = "item") -> list[ItemName]:
    """About `count` items, each kind by its share, two of each at least.

    Where lot codes are unique across the company, there is one code type of lots only: two could give the same code.
    """
    kinds = [kind for kind in SHARES if lot_scope == "item" or kind != "gap-lot"]
    return [ItemName(kind, n) for kind in kinds for n in range(max(2, count * SHARES[kind] // 100))]


def master_data(names: list[ItemName], lot_scope: Scope) -> list[tuple[str, str, Value]]:
    """Record, key and value of the master data, in an order in which each can be accepted."""
    number: Value = {"field": "number", "length": 6, "fill": "0"}
    parts: list[Value] = [{"field": "item_class", "length": None, "fill": None}, number]
    return [
        ("Company", "company|company", {"lot_code_scope": lot_scope}),
        (
            "Warehouse",
            key_of("warehouse", WAREHOUSE),
            {"code": WAREHOUSE, "description": "the only one"},
        ),
        *(
            (
                "Template",
                key_of("template", WAREHOUSE, code),
                {
                    "warehouse": WAREHOUSE,
                    "code": code,
                    "description": code,
                    "direction": "unload" if code == UNLOAD else "load",
                    "lot_management": True,
                    "create_serials": code != UNLOAD,
                    "integrate_initial_quantity": code == ADD,
                },
            )
            for code in (LOAD, ADD, UNLOAD)
        ),
        _code_type("lot", "LT", parts),
        *([_code_type("lot", "LTG", parts, fill_gaps=True)] if lot_scope == "item" else []),
        _code_type("serial", "SI", parts),
        _code_type("serial", "SIG", parts, fill_gaps=True),
        _code_type("serial", "SC", [{"field": "number", "length": 9, "fill": "0"}], "company"),
        _code_type("serial", "SCG", [{"field": "number", "length": 8, "fill": "0"}], "company", fill_gaps=True),
        *(("Item", key_of("item", name.item_class, name.item_code), _item(name)) for name in names),
    ]


def _code_type(
    kind: str, code: str, parts: list[Value], scope: Scope = "item", fill_gaps: bool = False
) -> tuple[str, str, Value]:
    value: Value = {"kind": kind, "code": code, "description": code, "scope": scope, "parts": parts}
    return ("CodeType", key_of("code_type", kind, code), {**value, "fill_gaps": fill_gaps})


def _item(name: ItemName) -> Value:
    serial_type = SERIAL_TYPE.get(name.kind)
    return {
        "item_class": name.item_class,
        "item_code": name.item_code,
        "description": name.item_code,
        "unit": "pc",
        "lot_managed": name.lots,
        "serial_managed": name.serials,
        "withdrawal_policy": "fifo" if name.lots and not name.serials else "manual",
        "lot_code_type": ("LTG" if name.fills_gaps else "LT") if name.lots else None,
        "serial_code_type": serial_type,
        "serial_generation": "auto" if serial_type else "manual",
    }
