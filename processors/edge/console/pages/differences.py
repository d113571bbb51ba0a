"""Differences with their value: the dearest first, each down to its reads and the movements around its moment."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from processors.edge.api.blind import sight_of
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role
from processors.edge.console import counting
from processors.edge.console.answers import outcome
from processors.edge.console.commands import command, told
from processors.edge.console.drawing import Share, pareto
from processors.edge.console.rendering import address, page
from processors.edge.console.requests import PageRouter, form_of, need, reader_of, text
from processors.edge.console.state import Console
from processors.edge.store import queries_console_counts as store
from processors.edge.store.queries_console import Row

SHARES_MAX: Final = 15
AROUND_MS: Final = 3_600_000
"""So long before and after a count its movements are shown."""


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    @router.get("/differences")
    def show(request: Request, inventory: str = "", list: str = "", state: str = "") -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            inventories = store.inventories(connection)
            if not inventory and inventories:
                inventory = inventories[0]["inventory"]
            sight = sight_of(connection, reader.caller)
            rows = store.lines(connection, inventory, list or None, (state,) if state else (), True, sight)
            posted = store.adjustments(connection, inventory, list or None, sight=sight)
            late = store.late(connection, inventory, list or None, sight)
        templates = {row["adjustment_id"]: row for row in posted if row["kind"] == "difference"}
        corrected: dict[tuple[str, str], int] = {}
        for row in posted:
            if row["kind"] == "correction":
                place = (row["list"], row["line"])
                corrected[place] = corrected.get(place, 0) + row["difference"]
        shares = [_share(row, reader.showing.money(row["value"], signed=True)) for row in rows if row["value"]]
        values = [row["value"] or 0 for row in rows]
        return page(
            console, request, reader, "differences.html", rows=rows, late=late, templates=templates,
            corrected=corrected, inventories=[row["inventory"] for row in inventories], inventory=inventory,
            list=list, state=state,
            more=sum(value for value in values if value > 0), less=sum(value for value in values if value < 0),
            waiting=sum(row["state"] in store.WAITING for row in rows),
            drawing=pareto(shares[:SHARES_MAX], reader.words("Differences by value")) if shares else "",
        )  # fmt: skip

    @router.get("/line")
    def show_line(request: Request, inventory: str, list: str, line: str) -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            sight = sight_of(connection, reader.caller)
            row = store.line(connection, inventory, list, line, sight)
            if row is None:
                raise Problem(HTTPStatus.NOT_FOUND, "line-unknown", f"there is no line {line!r} on this list")
            reads = store.reads(connection, inventory, list, line=line)
            first, last = row["counted_from"] - AROUND_MS, row["counted_at"] + AROUND_MS
            movements = store.movements_around(connection, row, first, last, sight)
            posted = store.adjustments(connection, inventory, list, line, sight)
        return page(
            console, request, reader, "line.html", row=row, movements=movements, posted=posted,
            around_minutes=AROUND_MS // 60_000, reads=[(read, counting.headline(read, reader)) for read in reads],
        )  # fmt: skip

    @router.post("/line")
    def decide(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        caller = need(request, Role.SUPERVISOR)
        names = {name: text(form, name, needed=True) for name in ("action", "inventory", "list", "line")}
        if names["action"] not in ("approve_line", "reject_line", "recount_line"):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-invalid", "action: it is none of a line")
        told_of: dict[str, object] = {**names, "by": caller.name, "reason_code": text(form, "reason_code")}
        if text(form, "revision"):
            told_of["revision"] = int(text(form, "revision"))
        if names["action"] == "approve_line" and text(form, "difference"):
            told_of["difference"] = text(form, "difference")
        command_id = command(console, told_of)
        back = text(form, "back")
        refused = outcome(console, command_id).status == "refused"  # its own page says who was there before
        inside = back.startswith(("/differences", "/line", "/list")) and not refused
        line = address("/line", inventory=names["inventory"], list=names["list"], line=names["line"])
        return told(request, command_id, back if inside else line)

    return router


def _share(row: Row, shown: str) -> Share:
    name = " ".join(part for part in (row["item_code"], row["lot_code"] or row["serial_code"]) if part)
    where = address("/line", inventory=row["inventory"], list=row["list"], line=row["line"])
    return Share(name, abs(row["value"]), row["value"] < 0, shown, where)
