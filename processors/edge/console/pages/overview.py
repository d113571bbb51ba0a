"""The overview: what happens now; and the alerts."""

from typing import Final

from fastapi import APIRouter, Request, Response

from processors.edge.console.drawing import bars
from processors.edge.console.rendering import page
from processors.edge.console.requests import PageRouter, reader_of
from processors.edge.console.state import Console
from processors.edge.store.queries_console_counts import lists, progress
from processors.edge.store.queries_console_now import alerts, overview

STRETCH_MS: Final = 120_000
STRETCHES: Final = 30
RATE_STRETCHES: Final = 5
LISTS_MAX: Final = 8


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
            figures = overview(connection, today, since)
            open_lists = lists(connection, open_only=True)
            shown = [(row, progress(connection, row)) for row in open_lists[:LISTS_MAX]]
        labels = [reader.showing.clock(moment)[:5] for moment in since]
        recent = sum(figures.movements[-RATE_STRETCHES:])
        spent_ms = (RATE_STRETCHES - 1) * STRETCH_MS + max(now - last, 1)
        return page(
            console,
            request,
            reader,
            "overview.html",
            figures=figures,
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
            found = alerts(connection, after or None)
        return page(console, request, reader, "alerts.html", found=found, first=bool(after))

    return router
