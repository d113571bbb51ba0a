"""The serial register: search, one serial with its life as a timeline, the edits that may be made."""

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from processors.domain import keys
from processors.domain.calendar import day_text
from processors.edge.api.blind import sight_of
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role
from processors.edge.console.commands import told
from processors.edge.console.pages.lots import send_edit
from processors.edge.console.rendering import address, page
from processors.edge.console.requests import PageRouter, form_of, need, reader_of, text
from processors.edge.console.searching import Filters, Register, add_search, place_and_item
from processors.edge.console.state import Console
from processors.edge.store import queries_console as store

EDITED: Final = ("customer_code", "supplier_code", "start_date", "expiry_date", "reserved_for")
FLAGS: Final = ("cancelled", "force_closed", "reserved")


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    add_search(console, router, Register("serials", store.serials, exported))

    @router.get("/serial")
    def show(request: Request, key: str, after: str = "") -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            sight = sight_of(connection, reader.caller)
            serial = store.one(connection, "serial-register", key, sight)
            if serial is None:
                raise Problem(HTTPStatus.NOT_FOUND, "serial-unknown", f"there is no serial with the key {key!r}")
            item = store.master(connection, "item", keys.join(serial["item_class"], serial["item_code"]))
            life = store.papers(connection, serial, None, after or None, of_serial=True, sight=sight)
        days = {
            name: "" if serial[name] is None else day_text(serial[name]) for name in EDITED if name.endswith("_date")
        }
        return page(
            console, request, reader, "serial.html", serial=serial, item=item, life=life, first=bool(after), days=days
        )

    @router.post("/serial")
    def edit(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        caller = need(request, Role.SUPERVISOR)
        key = text(form, "key", needed=True)
        with console.store.read() as connection:
            serial = store.one(connection, "serial-register", key)
        if serial is None:
            raise Problem(HTTPStatus.NOT_FOUND, "serial-unknown", f"there is no serial with the key {key!r}")
        changes: dict[str, str | None] = {}
        for name in EDITED:
            before = serial[name] or ""
            if name.endswith("_date") and serial[name] is not None:
                before = day_text(serial[name])
            if name in form and text(form, name) != before:
                changes[name] = text(form, name) or None
        for name in FLAGS:
            if (text(form, name) == "true") != serial[name]:
                changes[name] = "false" if serial[name] else "true"
        edit_id = send_edit(console, "serial", serial, changes, caller.name)
        return told(request, edit_id, address("/serial", key=key))

    return router


def exported(search: store.Search) -> Filters | None:
    """The same serial numbers from the API, where it has such a filter."""
    if search.document or search.state == "cancelled":
        return None
    state = {"reserved": "true"} if search.state == "reserved" else {"state": search.state}
    return {**place_and_item(search), **state, "search": search.text}
