"""The lot register: search, the detail of the manual, the edits that may be made."""

import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from processors.domain import keys
from processors.domain.calendar import day_text
from processors.domain.movement import RegisterEdit
from processors.edge.api.blind import sight_of
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role
from processors.edge.console.commands import await_answer, publish, told, value_of
from processors.edge.console.rendering import address, page
from processors.edge.console.requests import PageRouter, form_of, need, reader_of, text
from processors.edge.console.searching import Filters, Register, add_search, masters, place_and_item
from processors.edge.console.state import Console
from processors.edge.store import queries_console as store

EDITED: Final = (
    "supplier_lot", "customer_lot", "start_date", "expiry_date", "status", "evaluation", "label_type", "notes",
)  # fmt: skip
FLAGS: Final = ("available", "closed")


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    add_search(console, router, Register("lots", store.lots, exported))

    @router.get("/lot")
    def show(request: Request, key: str, load: str = "", unload: str = "") -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            sight = sight_of(connection, reader.caller)
            lot = store.one(connection, "lot-register", key, sight)
            if lot is None:
                raise Problem(HTTPStatus.NOT_FOUND, "lot-unknown", f"there is no lot with the key {key!r}")
            item = store.master(connection, "item", keys.join(lot["item_class"], lot["item_code"]))
            status = store.master(connection, "lot_status", lot["status"]) if lot["status"] else None
            documents = [
                (
                    direction,
                    reader.words(title),
                    store.papers(connection, lot, direction, after or None, sight=sight),
                    store.papers_count(connection, lot, direction, sight),
                )
                for direction, title, after in (
                    ("load", "Loading documents", load),
                    ("unload", "Unloading documents", unload),
                )
            ]
            values: dict[str, Any] = {
                "stock": store.stock_of(connection, lot, sight),
                "reservations": store.reservations_of(connection, lot, sight),
                "serials": store.serials_of(connection, lot) if item and item["serial_managed"] else [],
                "statuses": masters(connection, "lot_status"),
            }
        usable = lot["available"] and (status is None or status["available"])
        return page(
            console, request, reader, "lot.html", lot=lot, item=item, status=status, documents=documents,
            usable=usable, available=lambda row: _available(row) if usable and not lot["closed"] else 0,
            unit=item["unit"] if item else "", today=reader.showing.today(console.now_ms()),
            request_first={"load": bool(load), "unload": bool(unload)},
            start_date=_day(lot["start_date"]), expiry_date=_day(lot["expiry_date"]), **values,
        )  # fmt: skip

    @router.post("/lot")
    def edit(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        caller = need(request, Role.SUPERVISOR)
        key = text(form, "key", needed=True)
        with console.store.read() as connection:
            lot = store.one(connection, "lot-register", key)
        if lot is None:
            raise Problem(HTTPStatus.NOT_FOUND, "lot-unknown", f"there is no lot with the key {key!r}")
        before = {name: _day(lot[name]) if name.endswith("_date") else lot[name] or "" for name in EDITED}
        changes: dict[str, str | None] = {
            name: text(form, name) or None for name in EDITED if name in form and text(form, name) != before[name]
        }
        for name in FLAGS:
            if (text(form, name) == "true") != lot[name]:
                changes[name] = "false" if lot[name] else "true"
        edit_id = send_edit(console, "lot", lot, changes, caller.name)
        return told(request, edit_id, address("/lot", key=key))

    return router


def send_edit(
    console: Console, register: str, row: Mapping[str, Any], changes: Mapping[str, str | None], by: str
) -> str:
    """Publish what changed of a lot or serial, and wait a little; the edit's id. Problem 422: nothing did."""
    if not changes:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "nothing-changed", "no field was changed")
    form = {
        "edit_id": f"console-{uuid.uuid4()}",
        "register": register,
        **{name: row[name] for name in ("item_class", "item_code")},
        **{name: row[name] or None for name in ("variant", "lot_code")},
        "serial_code": row.get("serial_code"),
        "edited_by": by,
        "changes": dict(changes),
    }
    publish(console, "register-edits", value_of(RegisterEdit, form))
    await_answer(console, str(form["edit_id"]))
    return str(form["edit_id"])


def exported(search: store.Search) -> Filters | None:
    """The same lots from the API; it knows suppliers by their whole code only."""
    if search.supplier:
        return None
    state = {"open": {"open": "true"}, "empty": {"open": "false"}, "closed": {"closed": "true"}}.get(search.state, {})
    return {
        **place_and_item(search), **state, "search": search.text, "status": search.status,
        "document_number": search.document, "expires_to": _day(search.expires_by),
        "sort": "expiry_date" if search.sort == "expiry" else "",
    }  # fmt: skip


def _available(row: Mapping[str, Any]) -> int | None:
    """What of a stock is not committed; None where it must not be known."""
    return None if row["stock"] is None else int(row["stock"] - row["committed"])


def _day(day: int | None) -> str:
    return "" if day is None else day_text(day)
