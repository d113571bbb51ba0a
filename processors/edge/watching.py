"""For whoever starts and watches the process: `/livez`, `/readyz`, `/metrics`, and what every request took."""

import time
from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from processors.edge.api.app import PREFIX
from processors.edge.api.roles import Role, needs
from processors.edge.measures import Measures, Standing
from processors.edge.projection.supervision import Projection
from processors.edge.store.queries_offsets import Lag

STREAM: Final = b"text/event-stream"
OTHER: Final = "other"
"""The route of requests that came to none: files of the console, and addresses that there are not."""


def router(projection: Projection, measures: Measures) -> APIRouter:
    """The routes. The first two tell no data and need no token; `/metrics` needs a viewer's, where the edge has any."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/livez", response_class=Response)
    def live() -> Response:
        return JSONResponse({"status": "alive"})

    @routes.get("/readyz", response_class=Response)
    def ready(request: Request) -> Response:
        status, seen = projection.status, request.app.state.store.lag()
        form = {
            "status": status.state,
            "restarts": status.restarts,
            "records_behind": seen.records,
            "held": [{"topic": each.topic, "partition": each.partition, "offset": each.offset} for each in seen.held],
            "message": status.error or seen.message,
        }
        return JSONResponse(form, 200 if _works(projection) and seen.looked_at is not None else 503)

    @routes.get("/metrics", response_class=Response, dependencies=[Depends(needs(Role.VIEWER))])
    def metrics(request: Request) -> Response:
        text = measures.text(_standing(projection, request.app.state.store.lag()))
        return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


def _works(projection: Projection) -> bool:
    return projection.status.state in ("following", "standing by")


def _standing(projection: Projection, lag: Lag) -> Standing:
    return Standing(
        {each.topic: each.records for each in lag.topics},
        {each.topic: each.behind_ms / 1000 for each in lag.topics},
        [(each.topic, each.partition, each.offset) for each in lag.held],
        None if lag.looked_at is None else max(time.time() - lag.looked_at / 1000, 0.0),
        projection.leads,
        _works(projection),
    )


class Measuring:
    """Tells of every request its route, status and time; of a live stream that it is open."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app, self._measures = app, measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, streams = time.perf_counter(), 500, False

        async def noted(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                kind = dict(message["headers"]).get(b"content-type", b"")
                if not streams and kind.startswith(STREAM):
                    streams = True
                    self._measures.stream(1)
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            if streams:
                self._measures.stream(-1)
            else:
                self._measures.requested(scope["method"], _route(scope), status, time.perf_counter() - began)


def _route(scope: Scope) -> str:
    """The pattern of the path, as the description of the API names it."""
    found: str | None = getattr(scope.get("route"), "path", None)
    if found is None:
        return OTHER
    # A route knows its path within its router.
    return found if not scope["path"].startswith(PREFIX) or found.startswith(PREFIX) else PREFIX + found
