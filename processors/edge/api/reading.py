"""Looking up: a page of a register by its filters, one row by its key, a whole selection as a file."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from processors.edge.api import exports
from processors.edge.api.blind import sight_of
from processors.edge.api.catalogue import BY_PATH, CATALOGUE
from processors.edge.api.cursors import cursor_of, place_in
from processors.edge.api.description import detail_operation, list_operation
from processors.edge.api.entry import Entry
from processors.edge.api.filters import Reader
from processors.edge.api.forms import item
from processors.edge.api.freshness import fresh, lag_form, lag_headers, not_modified
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role, caller_of, needs
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import Lag
from processors.edge.store.queries_registers import (
    Condition,
    Order,
    Row,
    Value,
    Where,
    one,
    page,
    place_of,
    topics_of,
)
from processors.edge.store.sight import Connection, Sight

LIMIT_DEFAULT: Final = 100
LIMIT_MAX: Final = 1000
FORMATS: Final = ("json", "csv", "parquet", "xlsx")
_OWN: Final = frozenset(["limit", "cursor", "sort", "format"])
Endpoint = Callable[[Request], Response]


def router() -> APIRouter:
    """All look-ups, for viewers and up."""
    routes = APIRouter(dependencies=[Depends(needs(Role.VIEWER))])
    for entry in CATALOGUE:
        routes.add_api_route(
            f"/{entry.path}",
            _listing(entry),
            methods=["GET"],
            response_class=Response,
            summary=entry.title,
            operation_id=f"list_{entry.path.replace('-', '_')}",
            tags=["Registers"],
            openapi_extra=list_operation(entry, LIMIT_DEFAULT, LIMIT_MAX, FORMATS),
        )
        if entry.path not in _WITHOUT_DETAIL:
            routes.add_api_route(
                f"/{entry.path}/{{{_NAME[entry.is_register]}:path}}",
                _detail(entry),
                methods=["GET"],
                response_class=Response,
                summary=f"{entry.title}: one",
                operation_id=f"get_{entry.path.replace('-', '_')}",
                tags=["Registers"],
                openapi_extra=detail_operation(entry),
            )
    return routes


_WITHOUT_DETAIL: Final = frozenset(["replies", "feedback", "dead-letters"])
"""Theirs are in `answers` and `dead_letters`."""
_NAME: Final = {True: "key", False: "id"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a listing was asked for."""

    conditions: list[Condition]
    sort: str
    order: Order
    after: list[Value] | None
    limit: int
    format: str


def asked_of(request: Request, entry: Entry) -> Asked:
    """The parameters of a listing; Problem 422 with all that is wrong with them."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        given.setdefault(name, []).append(value)
    reader = Reader(entry.filters)
    conditions = reader.conditions(given)
    known = {each.name for each in entry.filters} | _OWN
    for name in given:
        if name not in known:
            reader.wrong(name, f"is no parameter of {entry.path}; it has {', '.join(sorted(known))}")
    single = {name: given[name][0] for name in _OWN if name in given}
    for name in single:
        if len(given[name]) > 1:
            reader.wrong(name, f"expected once, got {len(given[name])} times")
    orders = entry.orders
    sort = single.get("sort", next(iter(orders)))
    if sort not in orders:
        reader.wrong("sort", f"expected one of {', '.join(orders)}, got {sort!r}")
        sort = next(iter(orders))
    shape = single.get("format", "json")
    if shape not in FORMATS:
        reader.wrong("format", f"expected one of {', '.join(FORMATS)}, got {shape!r}")
    limit, after = LIMIT_DEFAULT, None
    if "limit" in single:
        limit = _limit(single["limit"], reader)
    if "cursor" in single:
        try:
            after = place_in(single["cursor"], entry.source, sort, orders[sort])
        except ValueError as error:
            reader.wrong("cursor", str(error))
    if shape != "json":
        for name in ("cursor", "limit"):
            if name in single:
                reader.wrong(name, f"format {shape} gives everything at once; leave it out")
    if reader.errors:
        raise Problem(422, "parameter-invalid", "see errors for what was expected", reader.errors)
    return Asked(conditions, sort, orders[sort], after, limit, shape)


def _limit(text: str, reader: Reader) -> int:
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= LIMIT_MAX:
        return int(text)
    reader.wrong("limit", f"expected 1 to {LIMIT_MAX}, got {text!r}")
    return LIMIT_DEFAULT


def _listing(entry: Entry) -> Endpoint:
    def listing(request: Request) -> Response:
        asked = asked_of(request, entry)
        store: Store = request.app.state.store
        if asked.format != "json":
            return exports.export(request, store, entry, asked.conditions, asked.order, asked.format)
        with store.read() as connection:
            sight = sight_of(connection, caller_of(request))
            seen, headers = fresh(request, connection, sight, topics_of(entry.source))
            if (unchanged := not_modified(request, headers)) is not None:
                return unchanged
            rows = page(connection, sight, entry.source, asked.conditions, asked.order, asked.after, asked.limit + 1)
        behind = len(rows) > asked.limit
        rows = rows[: asked.limit]
        following = cursor_of(asked.sort, place_of(entry.source, asked.order, rows[-1])) if behind else None
        form = {"items": [item(entry, row) for row in rows], "next": following, "lag": lag_form(seen)}
        return JSONResponse(form, headers=headers)

    return listing


def _detail(entry: Entry) -> Endpoint:
    name = _NAME[entry.is_register]

    def detail(request: Request) -> Response:
        key = key_parts(entry, request.path_params[name])
        store: Store = request.app.state.store
        with store.read() as connection:
            sight = sight_of(connection, caller_of(request))
            seen, headers = fresh(request, connection, sight, topics_of(entry.source))
            row = None if key is None else one(connection, sight, entry.source, key)
            if row is None:
                raise missing(entry, request.path_params[name], seen)
            if (unchanged := not_modified(request, headers)) is not None:
                return unchanged
            form = item(entry, row)
            if entry.path == "lots":
                form["stock_rows"] = [item(BY_PATH["stock"], each) for each in _stock_of(connection, sight, row)]
        form["lag"] = lag_form(seen)
        return JSONResponse(form, headers=headers)

    return detail


def _stock_of(connection: Connection, sight: Sight, lot: Row) -> list[Row]:
    """The stock of a lot by warehouse and location."""
    same: list[Condition] = [
        Where((name,), "is", (lot[name] or None,)) for name in ("item_class", "item_code", "variant", "lot_code")
    ]
    return page(connection, sight, "stock-register", same, Order(), None, LIMIT_MAX)


def key_parts(entry: Entry, text: str) -> list[Value] | None:
    """A row's key from its place in a path; None where it can be no key."""
    if "\0" in text:
        return None
    if entry.is_register:
        return [text]
    numbers = text.split("-")
    if len(numbers) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in numbers):
        return None
    return [int(part) for part in numbers]


def missing(entry: Entry, key: str, seen: Lag) -> Problem:
    """Nothing there, or not yet: the lag says which may be."""
    detail = f"{entry.path} has nothing under {key!r}" + (
        f", {seen.records} records are to come" if seen.records else ""
    )
    return Problem(404, "not-found", detail, headers=lag_headers(seen), lag=lag_form(seen))
