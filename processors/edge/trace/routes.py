"""The API of traces and recalls: `/api/v1/trace/…` and `/api/v1/recall/…`, for viewers and up."""

import time
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from processors.domain import keys
from processors.domain.lineage_graph import Direction, Goods
from processors.edge.api.blind import sight_of
from processors.edge.api.description import READ_PROBLEMS, problem
from processors.edge.api.freshness import COUNTED_BLIND, fresh, lag_form, not_modified
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role, caller_of, needs
from processors.edge.store import queries_trace
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import Lag
from processors.edge.store.queries_trace import Connection
from processors.edge.store.sight import Sight
from processors.edge.trace import epcis
from processors.edge.trace.balance import known_of
from processors.edge.trace.collecting import without_collections
from processors.edge.trace.forms import network_form, recall_json
from processors.edge.trace.network import walk
from processors.edge.trace.recall import recall
from processors.edge.trace.recall_rows import write_csv

PREFIX: Final = "/api/v1"
TOPICS: Final = (
    "lineage", "register-history", "adjustments", "stock-register", "lot-register", "serial-register",
    "master-register",
)  # fmt: skip
LIMIT_MAX: Final = 10_000
EPCIS: Final = "application/ld+json"

Way = Literal["forward", "backward", "both"]
Register = Literal["lots", "serials"]
Key = Annotated[
    str,
    Path(
        description="The register's key: `class|code|variant|lot`, for a serial with `|serial` behind; "
        "an inner `|` or `\\` escaped by `\\`.",
        examples=["ING|FLOUR||MIL00001"],
    ),
]
Depth = Annotated[int | None, Query(ge=0, le=100_000, description="At most so many transformations far; else all.")]
Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="So many goods and steps of a direction are told.")]


def router() -> APIRouter:
    """The endpoints, with their full paths; over `app.state.store`."""
    routes = APIRouter(prefix=PREFIX, tags=["Trace and recall"], dependencies=[Depends(needs(Role.VIEWER))])

    @routes.get(
        "/trace/{register}/{key:path}",
        response_class=Response,
        summary="Where a lot or serial went, and what it was made of",
        operation_id="trace",
        openapi_extra=_answers("application/json"),
    )
    def trace(
        request: Request,
        register: Register,
        key: Key,
        direction: Annotated[Way, Query(description="Which way.")] = "both",
        depth: Depth = None,
        limit: Limit = 1000,
    ) -> Response:
        ways: list[Direction] = ["forward", "backward"] if direction == "both" else [direction]
        with without_collections():
            # What was walked through is gone before anything is collected again.
            return _traced(request, register, key, ways, depth, limit)

    @routes.get(
        "/recall/{register}/{key:path}",
        response_class=Response,
        summary="Everything downstream of a lot or serial: where it stands, and who has it",
        operation_id="recall",
        openapi_extra=_answers("application/json", "text/csv", EPCIS),
    )
    def recalled(
        request: Request,
        register: Register,
        key: Key,
        format: Annotated[
            Literal["json", "csv", "epcis"], Query(description="JSON, CSV, or a document of EPCIS 2.0.")
        ] = "json",
    ) -> Response:
        store: Store = request.app.state.store
        with without_collections(), store.read() as connection:
            sight, seen, headers = _head(request, connection)
            start = _start(connection, register, key)
            if (unchanged := not_modified(request, headers)) is not None:
                return unchanged
            at = time.time_ns() // 1_000_000 if seen.looked_at is None else seen.looked_at
            found = recall(connection, start, at)
            if sight.hidden_goods(connection, {*found.network.depths, *found.pieces}):
                detail = "some of it stands where somebody counts blind; a supervisor's token may ask"
                raise Problem(403, COUNTED_BLIND, detail)
        if format == "json":
            return StreamingResponse(
                recall_json(found, lag=lag_form(seen)), headers=headers, media_type="application/json"
            )
        name = "csv" if format == "csv" else "jsonld"
        headers["Content-Disposition"] = f'attachment; filename="recall.{name}"'
        if format == "csv":
            return StreamingResponse(write_csv(found), headers=headers, media_type="text/csv; charset=utf-8")
        with without_collections():
            return JSONResponse(epcis.document(found), headers=headers, media_type=EPCIS)

    return routes


def _traced(
    request: Request, register: Register, key: str, ways: list[Direction], depth: int | None, limit: int
) -> Response:
    store: Store = request.app.state.store
    with store.read() as connection:
        sight, seen, headers = _head(request, connection)
        start = _start(connection, register, key)
        if (unchanged := not_modified(request, headers)) is not None:
            return unchanged
        body: dict[str, Any] = {"lag": lag_form(seen), "start": start._asdict()}
        for way in ways:
            network = walk(connection, start, way, depth)
            told = list(network.depths)[:limit]
            around = {edge for step in list(network.steps)[:limit] for edge in network.goods_of(step)}
            hidden = sight.hidden_goods(connection, {*told, *around})
            body[way] = network_form(network, known_of(connection, told), limit, hidden)
    return JSONResponse(body, headers=headers)


def _head(request: Request, connection: Connection) -> tuple[Sight, Lag, dict[str, str]]:
    sight = sight_of(connection, caller_of(request))
    return sight, *fresh(request, connection, sight, TOPICS)


def _start(connection: Connection, register: Register, key: str) -> Goods:
    """The goods of a key; Problem 404 where neither register nor lineage knows them."""
    parts = 4 if register == "lots" else 5
    try:
        found = keys.split(key)
    except ValueError:
        found = ()
    if len(found) == parts:
        start = Goods(found[0], found[1], found[2] or None, found[3] or None, found[4] if parts == 5 else None)
        known = queries_trace.find_goods(
            connection, start.lot_code, start.serial_code, start.item_class, start.item_code, found[2]
        )
        if start in known:
            return start
    form = "class|code|variant|lot" + ("|serial" if register == "serials" else "")
    raise Problem(404, "not-found", f"{register} have no {key!r}; a key has the form {form}")


def _answers(*media_types: str) -> dict[str, Any]:
    content = {
        media_type: {"schema": {"type": "string" if media_type == "text/csv" else "object"}}
        for media_type in media_types
    }
    return {
        "responses": {
            "200": {"description": "What was found; docs/trace-and-recall.md explains it.", "content": content},
            "304": {"description": "Nothing has changed."},
            "404": problem("No such lot or serial, neither in the registers nor in the lineage."),
            **READ_PROBLEMS,
        }
    }
