"""At the end the books say what stands on the shelves."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.checker.history import Violation
from tests.faults.counts.judge.facts import Case, row_of


def shelves_are_the_stock(case: Case) -> Iterator[Violation]:
    """Stock is the sum of its postings, and what stands on the shelf now; pieces are where they stand."""
    name = "shelves-are-the-stock"
    there: Counter[str] = Counter()
    for (row, _), quantity in case.things.items():
        there[row] += quantity
    for record, row in case.history.newest("stock-register"):
        key = (record.key or b"").decode()
        posted = sum(each.quantity for each in case.by_row[key])
        if row["stock"] != posted:
            yield Violation(name, record.place, f"{key}: {row['stock']} in stock, {posted} posted")
        if row["stock"] != there[key]:
            yield Violation(name, record.place, f"{key}: {row['stock']} in stock, {there[key]} on the shelf")
    for key in there.keys() - {(k.decode()) for k in case.history.rows.get("stock-register", {})}:
        if there[key]:
            yield Violation(name, ("stock-register", -1, -1), f"{key}: {there[key]} on the shelf, no row")
    pieces = {thing for thing, quantity in case.things.items() if thing[1] is not None and quantity}
    for record, value in case.history.newest("serial-register"):
        thing = (row_of(value), value["serial_code"])
        if (value["state"] == "in_stock") and thing not in pieces:
            yield Violation(name, record.place, f"{thing} is in stock, and not on the shelf")
        pieces.discard(thing)
    for thing in pieces:
        yield Violation(name, ("serial-register", -1, -1), f"{thing} is on the shelf, and not in stock")
