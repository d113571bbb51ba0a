"""The overview: what happens now; and the alerts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, Response

from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.edge.api.blind import sight_of
from processors.edge.console.drawing import bars
from processors.edge.console.pages.inventories import progress_of
from processors.edge.console.rendering import page
from processors.edge.console.requests import PageRouter, reader_of
from processors.edge.console.state import Console
from processors.edge.store import queries_console_now as store
from processors.edge.store.queries_console import Row
from processors.edge.store.queries_console_counts import lists
from processors.edge.store.sight import Sight

STRETCH_MS: Final = 120_000
STRETCHES: Final = 30
RATE_STRETCHES: Final = 5
OPEN_STRETCHES: Final = 2
"""So many stretches of time are counted again; those before are full, unless the projection is that far behind."""
AHEAD_MS: Final = 3_600_000
"""The last stretch has also what was posted by a clock that is ahead of this one."""
LISTS_MAX: Final = 8
REFUSALS: Final = tuple(name for name in MANIFEST if name.endswith(DEAD_LETTERS))


@dataclass(frozen=True, slots=True)
class Figures:
    """What stands on the overview, each figure as of the last change of its own table (`console.kept`)."""

    open_lots: int
    serials_in_stock: int
    negative: int
    due: store.DueLots
    movements: Sequence[int]
    refusals: Sequence[Row]
    alerts: Sequence[Row]


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    @router.get("/")
    def show(request: Request) -> Response:
        reader = reader_of(console, request)
        now = console.now_ms()
        today = reader.showing.today(now)
        last = now // STRETCH_MS * STRETCH_MS
        since = [last - place * STRETCH_MS for place in range(STRETCHES - 1, -1, -1)]
        with console.store.read() as connection:
            sight = sight_of(connection, reader.caller)
            open_lists = lists(connection, open_only=True, sight=sight)
        figures = _figures(console, sight, today, since)
        shown = [(row, progress_of(console, row, sight)) for row in open_lists[:LISTS_MAX]]
        labels = [reader.showing.clock(moment)[:5] for moment in since]
        recent = sum(figures.movements[-RATE_STRETCHES:])
        spent_ms = (RATE_STRETCHES - 1) * STRETCH_MS + max(now - last, 1)
        return page(
            console,
            request,
            reader,
            "overview.html",
            figures=figures,
            due=figures.due,
            today=today,
            lists=shown,
            waiting=sum(row["pending"] for row in open_lists if row["state"] == "reviewing"),
            rate=recent * 60_000 / spent_ms,
            chart=bars(figures.movements, labels, reader.words("Postings of the last hour")),
        )

    @router.get("/alerts")
    def show_alerts(request: Request, after: str = "") -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            found = store.alerts(connection, after or None, sight_of(connection, reader.caller))
        return page(console, request, reader, "alerts.html", found=found, first=bool(after))

    return router


def _figures(console: Console, sight: Sight, today: int, since: Sequence[int]) -> Figures:
    tag, hour, figure = sight.tag, since[0], console.figure
    return Figures(
        figure(("open lots", tag), ["lot-register"], None, lambda it: store.open_lots(it, sight)),
        figure(("serials in stock", tag), ["serial-register"], None, lambda it: store.serials_in_stock(it, sight)),
        figure(("negative stock", tag), ["stock-register"], None, lambda it: store.negative_stock(it, sight)),
        figure(("due lots", tag), ["lot-register"], today, lambda it: store.due_lots(it, today, sight)),
        [_movements(console, sight, begin, since[-1]) for begin in since],
        figure(("refusals", tag), REFUSALS, hour, lambda it: store.refusals_since(it, hour, sight)),
        figure(("alerts", tag), ["alerts"], None, lambda it: store.latest_alerts(it, sight)),
    )


def _movements(console: Console, sight: Sight, begin: int, last: int) -> int:
    """The postings of one stretch of time. One that is over and done is counted once."""
    end = begin + (STRETCH_MS if begin < last else AHEAD_MS)
    open_from = last - OPEN_STRETCHES * STRETCH_MS - console.changes.lag().behind_ms
    return console.figure(
        ("postings", begin, sight.tag),
        ["postings"] if begin >= open_from else [],
        begin == last,
        lambda it: store.postings_between(it, begin, end, sight),
    )
