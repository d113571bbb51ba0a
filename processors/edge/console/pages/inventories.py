"""Inventories and their lists: live progress, what is in the way of closing, and the commands on them."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from processors.edge.api.blind import sight_of
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role
from processors.edge.console import counting
from processors.edge.console.commands import command, told
from processors.edge.console.rendering import address, page
from processors.edge.console.requests import PageRouter, form_of, need, reader_of, text
from processors.edge.console.searching import masters
from processors.edge.console.state import Console
from processors.edge.store import queries_console_counts as store
from processors.edge.store.queries_console import Row, master
from processors.edge.store.sight import Sight

STILL_COUNTING_MS: Final = 120_000
"""A list with a read younger than this is being counted."""
ENDED: Final = ("closed", "cancelled")
READS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to know before a list is closed; `number` goes into its text."""

    tone: Literal["good", "warn", "bad"]
    text: str
    number: int = 0
    names: str = ""


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    @router.get("/inventories")
    def show_all(request: Request) -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            found = store.inventories(connection)
        return page(console, request, reader, "inventories.html", found=found)

    @router.get("/inventory")
    def show(request: Request, inventory: str) -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            row = store.inventory(connection, inventory)
            if row is None:
                raise Problem(HTTPStatus.NOT_FOUND, "inventory-unknown", f"there is no inventory {inventory!r}")
            sight = sight_of(connection, reader.caller)
            lists = [
                (each, progress_of(console, each, sight)) for each in store.lists(connection, inventory, sight=sight)
            ]
            warehouses, types = masters(connection, "warehouse"), masters(connection, "list_type")
        return page(
            console, request, reader, "inventory.html",
            row=row, lists=lists, warehouses=warehouses, types=types, ended=ENDED,
        )  # fmt: skip

    @router.get("/list")
    def show_list(request: Request, inventory: str, list: str) -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            sight = sight_of(connection, reader.caller)
            row = store.list_of(connection, inventory, list, sight)
            if row is None:
                raise Problem(HTTPStatus.NOT_FOUND, "list-unknown", f"there is no list {list!r} in {inventory!r}")
            list_type = master(connection, "list_type", row["list_type"])
            progress = progress_of(console, row, sight)
            unseen = store.unseen(connection, row, sight=sight) if row["state"] not in ENDED else []
            lines = store.lines(connection, inventory, list, sight=sight)
            reads = store.reads(connection, inventory, list, limit=200)
        checks = checks_of(row, list_type, progress, reads, console.now_ms(), console.changes.lag().records)
        if any(row["warehouse"] == warehouse for warehouse, _ in sight.places):
            checks = checks[1:]  # what is expected there, and so what is missing, must not be known
        return page(
            console, request, reader, "list.html", row=row, list_type=list_type, progress=progress, unseen=unseen,
            lines=lines, reads=[(read, counting.headline(read, reader)) for read in reads[:READS_SHOWN]], checks=checks,
            waiting=sum(row["states"].get(state, 0) for state in store.WAITING), ended=ENDED,
        )  # fmt: skip

    @router.post("/inventories")
    def open_inventory(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        caller = need(request, Role.SUPERVISOR)
        inventory = text(form, "inventory", needed=True)
        command_id = command(
            console,
            {
                "action": "open_inventory", "inventory": inventory, "by": caller.name,
                "description": text(form, "description"), "notes": text(form, "notes"),
            },
        )  # fmt: skip
        return told(request, command_id, "/inventories")

    @router.post("/inventory")
    def open_list(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        caller = need(request, Role.SUPERVISOR)
        inventory = text(form, "inventory", needed=True)
        told_of = {name: text(form, name) for name in ("list", "list_type", "warehouse", "operator", "description")}
        places = [place.strip() for place in text(form, "locations").split(",") if place.strip()]
        as_of = text(form, "as_of")
        command_id = command(
            console,
            {
                "action": "open_list", "inventory": inventory, "by": caller.name, "locations": places,
                "as_of": as_of, **told_of,
            },
        )  # fmt: skip
        return told(request, command_id, address("/inventory", inventory=inventory))

    @router.post("/list")
    def act(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        caller = need(request, Role.SUPERVISOR)
        inventory, action = text(form, "inventory", needed=True), text(form, "action", needed=True)
        if action not in ("close_list", "close_inventory", "assign_list", "cancel_list"):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-invalid", f"action: {action!r} is none of a list")
        told_of = {"list": text(form, "list"), "operator": text(form, "operator")}
        command_id = command(console, {"action": action, "inventory": inventory, "by": caller.name, **told_of})
        to = address("/list", inventory=inventory, list=told_of["list"]) if told_of["list"] else None
        return told(request, command_id, to or address("/inventory", inventory=inventory))

    return router


def progress_of(console: Console, row: Row, sight: Sight) -> store.Progress:
    """How far a list is; of one that has ended, as it was when it was first asked after that."""
    topics = ("stock-register", "count-line-register") if row["state"] not in ENDED else ()
    name = ("progress", row["record_key"], sight.tag)
    return console.figure(name, topics, row["state"], lambda connection: store.progress(connection, row, sight))


def checks_of(
    row: Row, list_type: Row | None, progress: store.Progress, reads: list[Row], now_ms: int, behind: int
) -> list[Check]:
    """What to know before a list is closed. `reads`: the latest answers, newest first; `behind`: records to come."""
    states = row["states"]
    last = {(read["operator"], read["device"]): read for read in reversed(reads)}
    unconfirmed = [read for read in last.values() if read["status"] in ("noted", "ask") and "item_code" in _held(read)]
    missing, zero = progress.expected - progress.seen, bool(list_type and list_type["uncounted"] == "zero")
    checks = [
        Check("warn" if missing and not zero else "bad" if missing else "good",
              "Every place with stock in its scope is counted." if not missing
              else "{n} place with stock is not counted; closing takes its stock out.|{n} places with stock are not "
              "counted; closing takes their stock out." if zero
              else "{n} place with stock is not counted; its stock stays as booked.|{n} places with stock are not "
              "counted; their stock stays as booked.", missing),
        Check("bad" if states.get("asked") else "good",
              "{n} line waits for the answer add or replace.|{n} lines wait for the answer add or replace."
              if states.get("asked") else "No line waits for the answer add or replace.", states.get("asked", 0)),
        Check("bad" if unconfirmed else "good",
              "{n} device has read goods and not confirmed them: {names}.|{n} devices have read goods and not "
              "confirmed them: {names}." if unconfirmed else "Everything that was read is confirmed.", len(unconfirmed),
              ", ".join(f"{read['operator']} ({read['device']})" for read in unconfirmed)),
    ]  # fmt: skip
    if reads and now_ms - reads[0]["decided_at"] < STILL_COUNTING_MS:
        checks.append(Check("warn", "Somebody has read goods in the last two minutes."))
    else:
        checks.append(Check("good", "Nobody has read goods in the last two minutes."))
    if behind:
        checks.append(
            Check(
                "warn", "This page is {n} record behind: wait a moment.|This page is {n} records behind: wait.", behind
            )
        )
    return checks


def _held(read: Row) -> str:
    """What the session of an answer holds, as JSON; empty where it holds no goods."""
    session = str(read["session"] or "")
    return "" if '"item_code": null' in session or '"item_code":null' in session else session
