"""For each refusal code of counting the shortest story that ends in it: the examples of the pages in docs/refusals."""

from collections.abc import Callable
from typing import Any, Final

from processors.domain import quantity
from processors.domain.calendar import parse_day
from processors.domain.decision import Decision
from processors.domain.master import Company
from processors.domain.refusals import Reason
from tests.counting.counting_story import PARTITIONS, Count
from tests.ledger.count_story import Counted
from tests.ledger.ledger_story import SALT, TODAY

Story = Callable[[], list[Reason]]


def read(action: str = "confirm", warehouse: str = "W2", **fields: Any) -> list[Reason]:
    """The reasons against a first read on a list of the warehouse with shelves."""
    count = Count()
    count.open(warehouse=warehouse)
    return reasons_of(count.take("scans", count.a_scan(action, **fields)))


def read_after(before: Callable[[Count], object], **fields: Any) -> list[Reason]:
    """The reasons against a read of salt on a list of the warehouse without, after something else."""
    count = Count()
    count.open()
    before(count)
    return reasons_of(count.take("scans", count.a_scan(**fields)))


def commanded(action: str, before: Callable[[Count], object] | None = None, **fields: Any) -> list[Reason]:
    """The reasons against a command, after something else."""
    count = Count()
    count.open()
    if before is not None:
        before(count)
    return reasons_of(count.command(action, **fields))


def reasons_of(decision: Decision) -> list[Reason]:
    assert decision.refusal is not None
    return list(decision.refusal.reasons)


def closed(count: Count) -> None:
    count.command("close_inventory")
    count.run()
    count.settled(partitions=range(PARTITIONS))


def closing(count: Count) -> None:
    count.command("close_list", list="L1")
    count.run()


def to_approve(count: Count) -> None:
    """A line of 5 where the books said 9 waits for its approval; meanwhile it is settled anew, against 8."""
    count.salt("5")
    closing(count)
    count.answer(count.result("1", "approval", "8"))
    count.settled()


def asked() -> list[Reason]:
    count = Count()
    count.open()
    count.salt("5")
    told = count.salt("2")
    assert told.code == "ask-add-or-replace"
    return [Reason(told.code, told.message)]


def too_old() -> list[Reason]:
    """The ledger's result of a line that was counted before the open period."""
    ledger = Counted(Company(open_from=TODAY + 1, open_to=parse_day("2026-12-31")))
    ledger.open()
    ledger.count(SALT, "5", 0)
    result = ledger.settle()["1"]
    assert result.reason == "line-too-old"
    return [Reason("line-too-old", result.reason, result.state)]


SALT_FIELDS: Final[dict[str, Any]] = {"item_class": "FOO", "item_code": "SALT"}

COUNT_STORIES: Final[dict[str, Story]] = {
    "list-type-unknown": lambda: commanded("open_list", list="L2", list_type="YEARLY", warehouse="W1"),
    "inventory-unknown": lambda: read(inventory="I9"),
    "inventory-closed": lambda: read_after(closed, **SALT_FIELDS, quantity="5"),
    "list-unknown": lambda: read(list="L9"),
    "list-not-open": lambda: read_after(closing, **SALT_FIELDS, quantity="5"),
    "not-the-operator": lambda: read(operator="ben"),
    "barcode-unknown": lambda: read("read", barcode="NOBODYS"),
    "barcode-invalid": lambda: read("read", barcode="4006381333932"),
    "item-needed": lambda: read(location="A", quantity="5"),
    "location-needed": lambda: read(**SALT_FIELDS, quantity="5"),
    "lot-needed": lambda: read(item_class="FOO", item_code="CHEESE", location="A", quantity="5"),
    "serial-needed": lambda: read(item_class="MAC", item_code="PUMP", location="A"),
    "quantity-needed": lambda: read(**SALT_FIELDS, location="A"),
    "ask-add-or-replace": asked,
    "serial-already-counted": lambda: read_after(
        lambda count: count.pump("P1"), item_class="MAC", item_code="PUMP", serial="P1"
    ),
    "line-unknown": lambda: commanded("reject_line", list="L1", line="7"),
    "line-changed": lambda: commanded(
        "approve_line", to_approve, list="L1", line="1", revision=1, difference=-4 * quantity.ONE
    ),
    "line-too-old": too_old,
    "template-missing": lambda: commanded("open_list", list="L2", list_type="FREE", warehouse="W3"),
}
