"""Stock by place, and the counters: how far each progressive is and how long it lasts."""

from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from processors.domain import keys
from processors.edge.console.rendering import page
from processors.edge.console.requests import PageRouter, reader_of
from processors.edge.console.searching import Filters, Register, add_search, place_and_item
from processors.edge.console.state import Console
from processors.edge.store import queries_console as store
from processors.edge.store.queries_console_now import codes_made_since

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
RATE_DAYS: Final = 7
NEARLY: Final = 0.9
"""The share of a progressive's range from which it is said to run out."""


@dataclass(frozen=True, slots=True)
class Counter:
    """One progressive over all its partitions. `capacity` None: without an end. `days_left` at the rate of a week."""

    code_type: str
    kind: str
    goods: str
    root: str
    last_code: str | None
    used: int
    assigned: int
    skipped: int
    free: str
    capacity: int | None
    per_day: float
    days_left: float | None
    updated_at: int

    @property
    def share(self) -> float:
        return self.used / self.capacity if self.capacity else 0.0


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    add_search(console, router, Register("stock", store.stock, exported))

    @router.get("/counters")
    def show_counters(request: Request) -> Response:
        reader = reader_of(console, request)
        since = console.now_ms() // HOUR_MS * HOUR_MS - RATE_DAYS * DAY_MS
        with console.store.read() as connection:
            rows = store.counters(connection)
            types = store.masters(connection, "code_type")
        registers = ("lot-register", "serial-register")
        made = console.figure("codes made", registers, since, lambda connection: codes_made_since(connection, since))
        found = counters(rows, types, made)
        return page(console, request, reader, "counters.html", found=found, nearly=NEARLY)

    return router


def exported(search: store.Search) -> Filters | None:
    """The same rows from the API, where it has such a filter."""
    if search.text or search.state == "negative":
        return None
    return {**place_and_item(search), **({} if search.state == "all" else {"open": "true"})}


def counters(
    rows: list[store.Row], types: dict[str, store.Row], made: dict[tuple[str, str, str, str], int]
) -> list[Counter]:
    """The rows of each counter as one, those that run out first on top.

    made: (kind, item class, item code, variant) → how many codes were made in the last `RATE_DAYS` days.
    """
    grouped: dict[tuple[Any, ...], list[store.Row]] = {}
    for row in rows:
        name = tuple(row[part] for part in ("kind", "code_type", "item_class", "item_code", "variant", "root_key"))
        grouped.setdefault(name, []).append(row)
    found = []
    for (kind, code_type, item_class, item_code, variant, root_key), parts in grouped.items():
        latest = max(parts, key=lambda row: row["updated_at"])
        used = max(row["next_ordinal"] for row in parts)
        capacity = capacity_of(types.get(f"{kind}|{code_type}"))
        per_day = made.get((kind, item_class or "", item_code or "", variant or ""), 0) / RATE_DAYS
        left = None if capacity is None or not per_day else max(capacity - used, 0) / per_day
        root = " · ".join(part for part in keys.split(root_key) if part) if root_key else ""
        found.append(
            Counter(
                code_type,
                kind,
                " ".join(part for part in (item_class, item_code, variant) if part),
                root,
                latest["last_code"],
                used,
                sum(row["assigned"] for row in parts),
                sum(row["skipped"] for row in parts),
                ", ".join(row["free"] for row in parts if row["free"]),
                capacity,
                per_day,
                left,
                latest["updated_at"],
            )
        )
    return sorted(found, key=lambda counter: (-counter.share, counter.kind, counter.code_type, counter.goods))


def capacity_of(code_type: store.Row | None) -> int | None:
    """How many codes a code type's progressive can give (domain.md §6); None where it has no end, or is unknown."""
    if code_type is None:
        return None
    lengths = {part["field"]: part["length"] for part in code_type["parts"] if part["field"] in ("number", "letters")}
    numbers = 1
    if "number" in lengths:
        if lengths["number"] is None:
            return None
        numbers = max(10 ** lengths["number"] - code_type["start_number"], 1)
    if "letters" not in lengths:
        return numbers if "number" in lengths else None
    if lengths["letters"] is None:
        return None
    first = 0
    for letter in code_type["start_letters"].rjust(lengths["letters"], "A"):
        first = first * 26 + ord(letter) - ord("A")
    return numbers * int(26 ** lengths["letters"] - first)
