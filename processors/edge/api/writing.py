"""Requests: movements, edits, commands and reads in their JSON form, checked, published, and answered with their id."""

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from processors.contract.codec import EncodeError
from processors.contract.headers import TRACEPARENT, Headers
from processors.contract.json_form import JsonFormError, from_json
from processors.contract.manifest import key_of
from processors.contract.sending import NotSent
from processors.edge.api import answers
from processors.edge.api.answers import answered_before, place_of_answer, wait_for, wait_of
from processors.edge.api.catalogue import BY_PATH
from processors.edge.api.description import INPUTS, write_operation
from processors.edge.api.forms import item
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role, needs
from processors.edge.publishing import Publisher
from processors.edge.store.queries_registers import Row

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request. `who`: the field that names who did it, None where it is optional; `role`: who may send."""

    path: str
    topic: str
    id_field: str
    who: str
    title: str
    role: Role


KINDS: Final = (
    Kind("movements", "movements", "movement_id", "user", "Post, reverse, reserve or release", Role.SUPERVISOR),
    Kind("edits", "register-edits", "edit_id", "edited_by", "Edit a lot or a serial number", Role.SUPERVISOR),
    Kind("counts", "counts", "command_id", "by", "A command on an inventory, a list or a line", Role.SUPERVISOR),
    Kind("scans", "scans", "scan_id", "operator", "A read of a scanner, or what was typed instead", Role.OPERATOR),
)


def router() -> APIRouter:
    routes = APIRouter(tags=["Requests"])
    for kind in KINDS:
        routes.add_api_route(
            f"/{kind.path}",
            _sending(kind),
            methods=["POST"],
            status_code=202,
            response_class=Response,
            summary=kind.title,
            operation_id=f"send_{kind.path}",
            openapi_extra=write_operation(kind.path),
        )
    return routes


def _sending(kind: Kind) -> Callable[..., Awaitable[Response]]:
    needed = needs(kind.role)

    async def send(request: Request) -> Response:
        caller = needed(request)
        wait_s = wait_of(request)
        form = await json_body(request)
        if not isinstance(form, dict):
            raise invalid([{"field": "", "message": "expected an object"}])
        form = {**form}
        if form.get(kind.id_field) in (None, ""):
            form[kind.id_field] = str(uuid.uuid4())
        if isinstance(form.get(kind.who), str | None):
            form[kind.who] = caller.named(form.get(kind.who), kind.who)
        value = read_value(INPUTS[kind.path][0], form)
        return await publish(request, kind.topic, form[kind.id_field], value, wait_s)

    return send


async def json_body(request: Request) -> Any:
    """The body as JSON; None for an empty one. Problem 415, 422."""
    data = await request.body()
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media != "application/json" and (data or media):
        raise Problem(415, "not-json", f"expected a body of application/json, got {media or 'none named'}")
    if not data:
        return None
    try:
        return json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(422, "json-invalid", f"the body is no JSON: {error}") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def read_value(record: type, form: object) -> Any:
    """The record of a JSON form; Problem 422 with every wrong field."""
    try:
        return from_json(record, form)
    except JsonFormError as error:
        raise invalid([{"field": each.field, "message": each.message} for each in error.errors]) from None


def invalid(errors: list[dict[str, object]]) -> Problem:
    return Problem(422, "body-invalid", "see errors for what was expected", errors)


async def publish(request: Request, topic: str, request_id: str, value: Any, wait_s: float) -> Response:
    """Send it, and answer: 202, or with `wait_s` what became of it (200, or Problem 409 with the reasons)."""
    publisher: Publisher = request.app.state.publisher
    behind = await run_in_threadpool(answered_before, request, topic, request_id, key_of(topic, value))

    def send() -> None:
        publisher.publish(topic, value, headers_of(request))

    await sent(send)
    inventory = getattr(value, "inventory", None)
    return await answer(request, topic, request_id, key_of(topic, value), inventory, behind, wait_s)


async def sent(send: Callable[[], None]) -> None:
    """Send in a thread of its own. Problem 503: the brokers did not take it; 422: it cannot be written."""
    try:
        await asyncio.to_thread(send)
    except NotSent as error:
        logger.warning("a request was not sent: %s", error)
        detail = "the brokers did not take it, or not surely; send it again with the same id"
        raise Problem(503, "not-sent", detail, headers={"Retry-After": "5"}) from None
    except EncodeError as error:
        raise invalid([{"field": "", "message": str(error)}]) from None


async def answer(
    request: Request,
    topic: str,
    request_id: str,
    key: str | None,
    inventory: str | None,
    behind: answers.Behind,
    wait_s: float,
) -> Response:
    """What is said once a request is published."""
    place = place_of_answer(topic, request_id, inventory, behind)
    if wait_s:
        is_scan = topic == answers.SCANS
        conditions = (
            answers.feedback_conditions(inventory, request_id)
            if is_scan
            else answers.reply_conditions(topic, request_id)
        )
        source = answers.FEEDBACK if is_scan else answers.REPLIES
        found = await wait_for(request, conditions, source, behind, wait_s)
        if found is not None:
            return item_response(found) if is_scan else reply_response(found)
    form = {"id": request_id, "topic": topic, "key": key, "answer": place}
    return JSONResponse(form, 202, {"Location": place})


def item_response(row: Row) -> Response:
    return JSONResponse(item(BY_PATH["feedback"], row))


def reply_response(row: Row) -> Response:
    """The reply where it was done; Problem 409 where it was refused: it stands against what the registers say."""
    form = answers.reply_form(row)
    if form["status"] != "refused":
        return JSONResponse(form)
    reasons = form["reasons"]
    detail = reasons[0]["message"] if reasons else "refused by the rules"
    raise Problem(409, reasons[0]["code"] if reasons else "refused", detail, reasons, reply=form)


def headers_of(request: Request) -> Headers:
    """The trace that a request belongs to goes with it."""
    trace = request.headers.get(TRACEPARENT)
    return [(TRACEPARENT, trace.encode("latin-1"))] if trace else []
