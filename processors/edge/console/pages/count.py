"""The page to count on, for a handheld whose scanner is a keyboard; what it sends and asks stands in `counting`."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from starlette.responses import JSONResponse

from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role
from processors.edge.console import counting
from processors.edge.console.rendering import HEADERS, page
from processors.edge.console.requests import PageRouter, need, reader_of
from processors.edge.console.state import Console
from processors.edge.store import queries_console_counts as store
from processors.edge.store.queries_console import master


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    @router.get("/count")
    def choose(request: Request) -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            found = store.lists(connection, open_only=True)
        mine = [row for row in found if row["operator"] == reader.caller.name]
        return page(console, request, reader, "count.html", found=found, mine=mine)

    @router.get("/count/list")
    def count(request: Request, inventory: str, list: str) -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            row = store.list_of(connection, inventory, list)
            if row is None:
                raise Problem(HTTPStatus.NOT_FOUND, "list-unknown", f"there is no list {list!r} in {inventory!r}")
            list_type = master(connection, "list_type", row["list_type"])
        return page(console, request, reader, "count-list.html", row=row, list_type=list_type)

    @router.post("/count/scans")
    def take(request: Request, form: Annotated[dict[str, Any], Body()]) -> Response:
        try:
            caller = need(request, Role.OPERATOR)
            reader = reader_of(console, request, caller)
            return JSONResponse(counting.take(console, reader, caller, form), headers=HEADERS)
        except Problem as problem:
            return JSONResponse(problem.form(), problem.status, HEADERS)

    @router.get("/count/answers")
    def answers(request: Request, id: Annotated[list[str], Query()]) -> Response:
        try:
            return JSONResponse(counting.answers(console, reader_of(console, request), id), headers=HEADERS)
        except Problem as problem:
            return JSONResponse(problem.form(), problem.status, HEADERS)

    return router
