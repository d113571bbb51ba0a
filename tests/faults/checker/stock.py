"""Stock is the sum of its postings, posting by posting and at the end; so is what a lot has loaded and unloaded."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.checker.history import History, Record, Violation, key_of
from tests.faults.checker.outcomes import Outcomes


@dataclass(slots=True)
class Sum:
    loaded: int = 0
    unloaded: int = 0
    first: int = 0
    last: Record | None = None

    def add(self, record: Record, quantity: int, undoes: bool) -> None:
        """Add a posting; one that undoes another takes back what that one loaded or unloaded."""
        if undoes:
            self.loaded += min(quantity, 0)
            self.unloaded -= max(quantity, 0)
        else:
            if self.last is None or self.is_nothing:
                self.first = quantity
            self.loaded += max(quantity, 0)
            self.unloaded += max(-quantity, 0)
        self.last = record

    @property
    def is_nothing(self) -> bool:
        """Nothing is left of it: all that was posted was undone."""
        return self.loaded == 0 == self.unloaded

    @property
    def stock(self) -> int:
        return self.loaded - self.unloaded


def stock_is_its_postings(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """Each posting says the stock it left, each row is the sum of its postings; below zero only where allowed."""
    del outcomes
    name = "stock-is-its-postings"
    sums: dict[str, Sum] = {}
    warehouses = history.master("warehouse")
    for record in history.of("postings"):
        value = record.value
        assert value is not None, "events are decoded"
        key = key_of(*(value[n] for n in ("item_class", "item_code", "variant", "warehouse", "location", "lot_code")))
        row = sums.setdefault(key, Sum())
        row.add(record, value["quantity"], value.get("reverses") is not None)
        if value["stock_after"] != row.stock:
            yield Violation(name, record.place, f"says {value['stock_after']} are left, its postings say {row.stock}")
        warehouse = warehouses.get(key_of(value["warehouse"]), {})
        allowed = history.company.get("allow_negative_stock") and warehouse.get("allow_negative_stock")
        if row.stock < 0 and value["quantity"] < 0 and (value["lot_code"] is not None or not allowed):
            yield Violation(name, record.place, f"takes {key} below zero")
    yield from _compare(name, history, "stock-register", sums)


def lots_are_their_postings(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """What a lot has loaded and unloaded is the sum of the postings that name it."""
    del outcomes
    sums: dict[str, Sum] = {}
    for record in history.of("postings"):
        value = record.value
        if value is not None and value["lot_code"] is not None:
            key = key_of(*(value[n] for n in ("item_class", "item_code", "variant", "lot_code")))
            sums.setdefault(key, Sum()).add(record, value["quantity"], value.get("reverses") is not None)
    yield from _compare("lots-are-their-postings", history, "lot-register", sums)


def _compare(name: str, history: History, topic: str, sums: dict[str, Sum]) -> Iterator[Violation]:
    rows = history.rows.get(topic, {})
    for key, found in sums.items():
        record = rows.get(key.encode())
        if record is None or record.value is None:
            if found.is_nothing and topic == "lot-register":
                continue  # a reversal left it without documents
            assert found.last is not None, "a sum has postings"
            yield Violation(name, found.last.place, f"{topic} has no row {key}")
            continue
        row = record.value
        if (row["loaded"], row["unloaded"], row["stock"]) != (found.loaded, found.unloaded, found.stock):
            yield Violation(
                name,
                record.place,
                f"{key}: the row says {row['loaded']} loaded, {row['unloaded']} unloaded, {row['stock']} left; its "
                f"postings {found.loaded}, {found.unloaded}, {found.stock}",
            )
        if row.get("initial_quantity", found.first) != found.first:
            yield Violation(
                name, record.place, f"{key}: began with {row['initial_quantity']}, the first load {found.first}"
            )
    for row_key, record in rows.items():
        if row_key.decode() not in sums:
            yield Violation(name, record.place, f"a row without a posting: {row_key.decode()}")
