"""All pages as one router, with the static files and the stream of changes that keeps open pages living."""

import asyncio
import hashlib
import mimetypes
import time
from collections.abc import AsyncIterator
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sse_starlette import EventSourceResponse, ServerSentEvent

from processors.edge.api.problems import Problem
from processors.edge.api.roles import caller_of
from processors.edge.console.pages import (
    count,
    differences,
    entrance,
    inventories,
    letters,
    lots,
    overview,
    serials,
    stock,
    trace,
)
from processors.edge.console.rendering import HEADERS
from processors.edge.console.state import Console
from processors.edge.publishing import Publisher
from processors.edge.store.engine import Store

PAGES: Final = (overview, lots, serials, stock, trace, inventories, count, differences, letters, entrance)
STREAM_LIMIT_S: Final = 600.0
"""A stream ends then and the browser opens a new one: one that nobody reads any more does not stay."""
LOOK_S: Final = 1.0
PING_S: Final = 15


def router(store: Store, publisher: Publisher) -> APIRouter:
    """The console over a store, publishing what people ask for; for the app that `edge.api.app` builds."""
    static = _static()
    console = Console(store, publisher, _version(static))
    routes = APIRouter(include_in_schema=False)
    for each in PAGES:
        routes.include_router(each.routes(console))

    @routes.get("/static/{name}")
    def file(name: str) -> Response:
        if name not in static:
            raise Problem(404, "not-found", f"there is no file {name!r}")
        return _file(name, static[name], "public, max-age=31536000, immutable")

    @routes.get("/count-worker.js")
    def worker() -> Response:
        # At the root, because it may only keep pages below the place where it lies.
        return _file("count-worker.js", static["count-worker.js"], "no-cache")

    @routes.get("/session")
    def session(request: Request) -> Response:
        """204 while who asks may look; 401 once not any more."""
        caller_of(request)
        return Response(status_code=204, headers={"Cache-Control": "no-store"})

    @routes.get("/changes")
    async def changes(request: Request, at: int | None = None) -> Response:
        await run_in_threadpool(caller_of, request)
        return EventSourceResponse(_changes(console, at), ping=PING_S, headers={"Cache-Control": "no-store"})

    return routes


async def _changes(console: Console, at: int | None) -> AsyncIterator[ServerSentEvent]:
    """An event for each moment in which tables changed, with the topics that did.

    at: how far the page is that asks; where the tables are further, it is told so at once: `*`.
    """
    until = time.monotonic() + STREAM_LIMIT_S
    before = await run_in_threadpool(console.changes.positions)
    yield ServerSentEvent(comment="open")
    if at is not None and at != sum(before.values()):
        yield ServerSentEvent(event="changed", data="*")
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_S)
        now = await run_in_threadpool(console.changes.positions)
        moved = sorted(topic for topic, position in now.items() if before.get(topic) != position)
        before = now
        if moved:
            yield ServerSentEvent(event="changed", data=" ".join(moved))


def _static() -> dict[str, bytes]:
    """File name → content of everything in `static/`."""
    return {each.name: each.read_bytes() for each in (files(__package__) / "static").iterdir() if each.is_file()}


def _version(static: dict[str, bytes]) -> str:
    content = hashlib.blake2b(digest_size=6)
    for name in sorted(static):
        content.update(static[name])
    return content.hexdigest()


def _file(name: str, content: bytes, keep: str) -> Response:
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    return Response(content, media_type=kind, headers={**HEADERS, "Cache-Control": keep})
