"""The search pages of registers, all of one shape: filters, rows page by page (by key), the same as a file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import Request, Response

from processors.domain.calendar import day_text, parse_day
from processors.edge.api.blind import sight_of
from processors.edge.api.problems import Problem
from processors.edge.console.rendering import page
from processors.edge.console.requests import PageRouter, reader_of
from processors.edge.console.state import Console
from processors.edge.store import queries_console as store
from processors.edge.store.queries_console import RowPage, Search
from processors.edge.store.sight import Connection, Sight

FIELDS: Final = ("text", "item", "warehouse", "location", "status", "state", "supplier", "document", "sort")
Filters = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Register:
    """One search page. `name`: its path, template, and path in the API.

    `filters`: what the API's list is asked for to have the same rows; None where it cannot be.
    """

    name: str
    look: Callable[[Connection, Search, str | None, Sight], RowPage]
    filters: Callable[[Search], Filters | None]


def add_search(console: Console, router: PageRouter, register: Register) -> None:
    """The route of a register's search page."""

    @router.get(f"/{register.name}")
    def search(request: Request, after: str = "") -> Response:
        reader = reader_of(console, request)
        asked = search_of(request)
        with console.store.read() as connection:
            found = register.look(connection, asked, after or None, sight_of(connection, reader.caller))
            warehouses, statuses = masters(connection, "warehouse"), masters(connection, "lot_status")
        return page(
            console, request, reader, f"{register.name}.html", found=found, first=bool(after), search=asked,
            warehouses=warehouses, statuses=statuses, exported=register.filters(asked),
            expires_by="" if asked.expires_by is None else day_text(asked.expires_by),
            today=reader.showing.today(console.now_ms()),
        )  # fmt: skip


def search_of(request: Request) -> Search:
    """The search of a page's address. Problem 422 where a day is none."""
    query = request.query_params
    given = {name: query.get(name, "").strip() for name in FIELDS}
    expires_by = query.get("expires_by", "")
    try:
        return Search(**given, expires_by=parse_day(expires_by) if expires_by else None)
    except ValueError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-invalid", f"expires_by: {error}") from None


def place_and_item(search: Search) -> dict[str, object]:
    """The filters that every register has in common."""
    item = "item" if "|" in search.item else "item_code"
    return {item: search.item, "warehouse": search.warehouse, "location": search.location}


def masters(connection: Connection, kind: str) -> list[tuple[str, str]]:
    """(code, code and description) of every master record of a kind, for a choice."""
    return [(id, f"{id} · {row['description']}") for id, row in store.masters(connection, kind).items()]
