"""A serial is in at most one place, where its history says; as many are in stock as the stock row says."""

from collections import Counter
from collections.abc import Iterator

from tests.faults.checker.history import History, Record, Value, Violation, item_of, key_of
from tests.faults.checker.outcomes import Outcomes

NAME = "serials-in-one-place"


def serials_in_one_place(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    del outcomes
    lines: dict[str, list[tuple[Record, Value]]] = {}
    for record in history.of("register-history"):
        value = record.value
        if value is None or value["register"] != "serial":
            continue
        key = key_of(*(value[n] for n in ("item_class", "item_code", "variant", "lot_code", "serial_code")))
        line = lines.setdefault(key, [])
        before = line[-1] if line else None
        if value.get("reversed"):
            if before is None or before[1]["entry_id"] != value["entry_id"]:
                yield Violation(NAME, record.place, f"{key}: {value['entry_id']!r} is undone, and is not its last line")
            else:
                line.pop()
            continue
        if value["direction"] == "load":
            if before is not None and before[1]["direction"] == "load":
                yield Violation(NAME, record.place, f"{key} is loaded, and was in stock since {before[0].place}")
        elif before is None or before[1]["direction"] != "load":
            yield Violation(NAME, record.place, f"{key} is unloaded, and was not in stock")
        elif before[1]["warehouse"] != value["warehouse"]:
            yield Violation(
                NAME, record.place, f"{key} leaves {value['warehouse']}, and was in {before[1]['warehouse']}"
            )
        line.append((record, value))
    rows = history.rows.get("serial-register", {})
    last = {key: line[-1] for key, line in lines.items() if line}
    for key, (record, value) in last.items():
        row = rows.get(key.encode())
        if row is None or row.value is None:
            yield Violation(NAME, record.place, f"serial-register has no row {key}")
            continue
        place = _place(value) if value["direction"] == "load" else ("out", None, None)
        if (row.value["state"], row.value["warehouse"], row.value["location"]) != place:
            yield Violation(NAME, row.place, f"{key} is {row.value['state']} in the register, its history says {place}")
    for row_key, record in rows.items():
        if row_key.decode() not in last:
            yield Violation(NAME, record.place, f"a serial without a history: {row_key.decode()}")


def _place(value: Value) -> tuple[str, str | None, str | None]:
    return ("in_stock", value["warehouse"], value["location"])


def serials_are_the_stock(history: History, outcomes: Outcomes) -> Iterator[Violation]:
    """For a serial-managed item the serials in stock are as many as the pieces of the stock row."""
    del outcomes
    managed = {key for key, item in history.master("item").items() if item["serial_managed"]}
    pieces: Counter[str] = Counter()
    for _, row in history.newest("serial-register"):
        if row["state"] == "in_stock":
            names = ("item_class", "item_code", "variant", "warehouse", "location", "lot_code")
            pieces[key_of(*(row[name] for name in names))] += 1
    for record, row in history.newest("stock-register"):
        key = (record.key or b"").decode()
        if item_of(row) in managed and row["stock"] != pieces[key] * 1_000_000:
            yield Violation(
                "serials-are-the-stock", record.place, f"{row['stock']} millionths in stock, {pieces[key]} serials"
            )
