"""Master data: one frozen value a record of `contract.md` §2, in its field order, and the view over all of them.

Decimals are millionths (`quantity`), days are day numbers (`calendar`). `kind` names stand as in the topic key
`<kind>|<id>`: company, item, code_type, lot_status, warehouse, template, list_type, barcode_rule, year_letter,
month_letter, account.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Company:
    """Company parameters; id `company`."""

    open_from: int | None = None
    open_to: int | None = None
    allow_negative_stock: bool = False
    lot_code_scope: Literal["item", "company"] = "item"
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Variant:
    variant: str
    description: str


@dataclass(frozen=True, slots=True)
class AlternativeUnit:
    """Quantity in the management unit = quantity × factor (`multiply`) or ÷ factor (`divide`)."""

    unit: str
    factor: int
    operator: Literal["multiply", "divide"]


@dataclass(frozen=True, slots=True)
class Barcode:
    barcode: str
    variant: str | None = None
    unit: str | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """An item; id `class|code`."""

    item_class: str
    item_code: str
    description: str
    variants: tuple[Variant, ...]
    item_type: str | None
    characteristic: str | None
    product_category: str | None
    unit: str
    alternative_units: tuple[AlternativeUnit, ...]
    barcodes: tuple[Barcode, ...]
    lot_managed: bool
    serial_managed: bool
    withdrawal_policy: Literal["manual", "fifo", "fefo"]
    lot_code_type: str | None = None
    lot_type: str | None = None
    initial_lot_status: str | None = None
    lot_validity_days: int | None = None
    expiry_rule: Literal["exact", "month_start", "month_end"] = "exact"
    expiry_editable: bool = True
    warn_days: int | None = None
    block_days: int | None = None
    single_supplier: bool = False
    serial_code_type: str | None = None
    serial_validity_days: int | None = None
    serial_generation: Literal["manual", "auto"] = "manual"
    unit_cost: int | None = None


@dataclass(frozen=True, slots=True)
class CodePart:
    """One part of a generated code: a field, its length in characters, the character that fills it on the left."""

    field: str
    length: int | None = None
    fill: str | None = None


@dataclass(frozen=True, slots=True)
class CodeType:
    """A rule for generated codes; id `lot|code` or `serial|code`."""

    kind: Literal["lot", "serial"]
    code: str
    description: str
    scope: Literal["item", "company"] = "item"
    start_number: int = 0
    start_letters: str = "A"
    fill_gaps: bool = False
    parts: tuple[CodePart, ...] = ()
    root: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LotStatus:
    code: str
    description: str
    available: bool
    available_for_mrp: bool


@dataclass(frozen=True, slots=True)
class Location:
    location: str
    description: str


@dataclass(frozen=True, slots=True)
class Warehouse:
    code: str
    description: str
    allow_negative_stock: bool = False
    check_location_stock: bool = False
    adjustment_load_template: str | None = None
    adjustment_unload_template: str | None = None
    locations: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A movement template (reason); id `warehouse|code`."""

    warehouse: str
    code: str
    description: str
    direction: Literal["load", "unload"]
    lot_management: bool = False
    create_serials: bool = False
    integrate_initial_quantity: bool = False
    lot_from_lot: bool = False
    allow_unavailable_lots: bool = False
    mandatory_document: bool = False
    mandatory_account: bool = False
    physical_inventory: bool = False
    traceability: bool = False
    default_location: str | None = None
    offset_warehouse: str | None = None
    offset_template: str | None = None


@dataclass(frozen=True, slots=True)
class ListType:
    code: str
    description: str
    maintain_location: bool = False
    uncounted: Literal["ignore", "zero"] = "ignore"
    tolerance_quantity: int | None = None
    tolerance_percent: int | None = None
    tolerance_value: int | None = None
    beyond_tolerance: Literal["accept", "recount", "approval"] = "accept"
    blind: bool = False
    compensate_late: bool = True


@dataclass(frozen=True, slots=True)
class BarcodeToken:
    target: str
    length: int | None = None
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class BarcodeRule:
    """A tokenizer rule; id = prefix."""

    prefix: str
    separator: str
    tokens: tuple[BarcodeToken, ...]


@dataclass(frozen=True, slots=True)
class YearLetter:
    value: int
    letter: str


@dataclass(frozen=True, slots=True)
class MonthLetter:
    value: int
    letter: str


@dataclass(frozen=True, slots=True)
class Account:
    code: str
    sub_account: str | None
    description: str
    short_name: str
    kind: Literal["customer", "supplier"]


MasterRecord = (
    Company
    | Item
    | CodeType
    | LotStatus
    | Warehouse
    | Template
    | ListType
    | BarcodeRule
    | YearLetter
    | MonthLetter
    | Account
)


@dataclass(slots=True)
class MasterData:
    """All accepted master data, by the ids of `contract.md` §2. Changed only by whoever reads `master-register`."""

    company: Company = field(default_factory=Company)
    items: dict[tuple[str, str], Item] = field(default_factory=dict)
    code_types: dict[tuple[str, str], CodeType] = field(default_factory=dict)
    lot_statuses: dict[str, LotStatus] = field(default_factory=dict)
    warehouses: dict[str, Warehouse] = field(default_factory=dict)
    templates: dict[tuple[str, str], Template] = field(default_factory=dict)
    list_types: dict[str, ListType] = field(default_factory=dict)
    barcode_rules: dict[str, BarcodeRule] = field(default_factory=dict)
    year_letters: dict[int, str] = field(default_factory=dict)
    month_letters: dict[int, str] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    barcodes: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Barcode → the item (class, code) that has it; follows from `items`."""

    def copy(self) -> "MasterData":
        """A copy that can be changed by itself: what the judge decides a batch of master data against."""
        return MasterData(
            self.company,
            dict(self.items),
            dict(self.code_types),
            dict(self.lot_statuses),
            dict(self.warehouses),
            dict(self.templates),
            dict(self.list_types),
            dict(self.barcode_rules),
            dict(self.year_letters),
            dict(self.month_letters),
            dict(self.accounts),
            dict(self.barcodes),
        )

    def put(self, record: MasterRecord) -> None:
        """Take an accepted record over, in place of the one with the same id."""
        match record:
            case Company():
                self.company = record
            case Item():
                key = (record.item_class, record.item_code)
                if (before := self.items.get(key)) is not None:
                    for barcode in before.barcodes:
                        self.barcodes.pop(barcode.barcode, None)
                self.items[key] = record
                self.barcodes.update((barcode.barcode, key) for barcode in record.barcodes)
            case CodeType():
                self.code_types[record.kind, record.code] = record
            case LotStatus():
                self.lot_statuses[record.code] = record
            case Warehouse():
                self.warehouses[record.code] = record
            case Template():
                self.templates[record.warehouse, record.code] = record
            case ListType():
                self.list_types[record.code] = record
            case BarcodeRule():
                self.barcode_rules[record.prefix] = record
            case YearLetter():
                self.year_letters[record.value] = record.letter
            case MonthLetter():
                self.month_letters[record.value] = record.letter
            case Account():
                self.accounts[record.code] = record


def master_id(record: MasterRecord) -> tuple[str, ...]:
    """Key parts of a master record: kind first, then its id (`contract.md` §2)."""
    match record:
        case Company():
            return ("company", "company")
        case Item():
            return ("item", record.item_class, record.item_code)
        case CodeType():
            return ("code_type", record.kind, record.code)
        case LotStatus():
            return ("lot_status", record.code)
        case Warehouse():
            return ("warehouse", record.code)
        case Template():
            return ("template", record.warehouse, record.code)
        case ListType():
            return ("list_type", record.code)
        case BarcodeRule():
            return ("barcode_rule", record.prefix)
        case YearLetter():
            return ("year_letter", str(record.value))
        case MonthLetter():
            return ("month_letter", str(record.value))
        case Account():
            return ("account", record.code)
