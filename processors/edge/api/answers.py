"""Answers that are waited for: the reply to a request, the feedback to a read.

A wait ends with the answer or with its time; it asks the store again whenever the projection has committed something,
or every tenth of a second where nobody tells it.
"""

import asyncio
import time
from typing import Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from processors.contract.partitions import partition_of
from processors.edge.api.blind import sight_of
from processors.edge.api.catalogue import BY_PATH, INPUTS
from processors.edge.api.description import answer_operation, parameter
from processors.edge.api.forms import item
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Role, caller_of, needs
from processors.edge.store.engine import Store
from processors.edge.store.queries_registers import Condition, Row, Where, newest, partitions_of
from processors.edge.store.sight import WHOLE

WAIT_MAX_S: Final = 30
LOOK_S: Final = 0.1
PREFIX: Final = "/api/v1"
REPLIES: Final = "replies"
FEEDBACK: Final = "scan-feedback"
SCANS: Final = "scans"
_DOTS: Final = (".", "..")
"""Every client takes these for steps in a path and tidies them away, percent-encoded too (WHATWG URL Standard)."""
Behind = tuple[int, int] | None
"""Partition and offset of an earlier answer to the same id, which is not the one waited for."""


def router() -> APIRouter:
    routes = APIRouter(dependencies=[Depends(needs(Role.VIEWER))], tags=["Answers"])
    topic = parameter("topic", "query", {"type": "string", "enum": list(INPUTS)}, "Topic of the request.", "movements")
    after = parameter("after", "query", {"type": "string", "pattern": "^[0-9]{1,6}-[0-9]{1,15}$"}, "Only a later one.")
    routes.add_api_route(
        "/replies/{id:path}",
        _reply,
        methods=["GET"],
        response_class=Response,
        summary="The reply to a movement, an edit or a command",
        operation_id="get_reply",
        openapi_extra=answer_operation("Reply", [topic, after]),
    )
    inventory = parameter("inventory", "query", {"type": "string"}, "The inventory that is counted.", "2026-11")
    routes.add_api_route(
        "/feedback/{id:path}",
        _feedback,
        methods=["GET"],
        response_class=Response,
        summary="The answer to a read",
        operation_id="get_feedback_of_read",
        openapi_extra=answer_operation("Feedback", [inventory, after]),
    )
    return routes


async def _reply(request: Request) -> Response:
    given = _single(request, ("id", "topic", "after", "wait"))
    request_id = _id(request, given)
    topic = given.get("topic")
    if topic is not None and topic not in INPUTS:
        raise _wrong("topic", f"expected one of {', '.join(INPUTS)}, got {topic!r}")
    found = await wait_for(request, reply_conditions(topic, request_id), REPLIES, _after(given), _wait(given))
    return JSONResponse(reply_form(found)) if found else _none_yet(request_id)


async def _feedback(request: Request) -> Response:
    given = _single(request, ("id", "inventory", "after", "wait"))
    request_id = _id(request, given)
    conditions = feedback_conditions(given.get("inventory"), request_id)
    found = await wait_for(request, conditions, FEEDBACK, _after(given), _wait(given))
    return JSONResponse(item(BY_PATH["feedback"], found)) if found else _none_yet(request_id)


def _id(request: Request, given: dict[str, str]) -> str:
    """The id in the path; an id that no path can hold stands in the query (`_DOTS`)."""
    in_path: str = request.path_params["id"]
    if in_path and "id" in given:
        raise _wrong("id", "expected once, in the path")
    return in_path or given.get("id", "")


def _none_yet(request_id: str) -> Response:
    detail = f"no answer to {request_id!r} yet; ask again, with wait=5 to have it as soon as it comes"
    raise Problem(404, "no-answer-yet", detail, headers={"Retry-After": "1"})


def reply_conditions(topic: str | None, request_id: str) -> list[Condition]:
    same: list[Condition] = [Where(("request_id",), "is", (request_id,))]
    return [*same, Where(("request_topic",), "is", (topic,))] if topic is not None else same


def feedback_conditions(inventory: str | None, scan_id: str) -> list[Condition]:
    same: list[Condition] = [Where(("scan_id",), "is", (scan_id,))]
    return [*same, Where(("inventory",), "is", (inventory,))] if inventory is not None else same


def reply_form(row: Row) -> dict[str, Any]:
    """A reply as the contract has it."""
    form = item(BY_PATH["replies"], row)
    del form["id"]
    return form


async def wait_for(
    request: Request, conditions: list[Condition], source: str, behind: Behind, wait_s: float
) -> Row | None:
    """The newest event that fits, as soon as it is in the store; None where none came in `wait_s` seconds."""
    store: Store = request.app.state.store
    changes, caller = request.app.state.changes, caller_of(request)

    def look() -> Row | None:
        with store.read() as connection:
            return newest(connection, sight_of(connection, caller), source, conditions, behind)

    until = time.monotonic() + wait_s
    while True:
        seen = changes.number if changes is not None else 0
        found = await run_in_threadpool(look)
        left = until - time.monotonic()
        if found is not None or left <= 0 or await request.is_disconnected():
            return found
        if changes is not None and changes.has_ended:
            return None
        if changes is not None:
            await changes.after(seen, min(left, 1.0))
        else:
            await asyncio.sleep(min(left, LOOK_S))


def answered_before(request: Request, topic: str, request_id: str, route: str) -> Behind:
    """The place of a refusal that this id has had: a request that is sent again gets a later answer."""
    store: Store = request.app.state.store
    source = FEEDBACK if topic == SCANS else REPLIES
    same = feedback_conditions(route, request_id) if topic == SCANS else reply_conditions(topic, request_id)
    with store.read() as connection:
        known = newest(connection, WHOLE, source, same, None)
        if known is None or known["status"] != "refused":
            return None
        count = partitions_of(connection, source)
    partition = partition_of(route, count)
    return (partition, known["topic_offset"] if known["topic_partition"] == partition else -1)


def place_of_answer(topic: str, request_id: str, inventory: str | None, behind: Behind) -> str:
    """Where the answer to a request will be."""
    name = f"?id={request_id}&" if request_id in _DOTS else f"{quote(request_id, safe='')}?"
    after = "" if behind is None or behind[1] < 0 else f"&after={behind[0]}-{behind[1]}"
    if topic == SCANS:
        return f"{PREFIX}/feedback/{name}inventory={quote(inventory or '', safe='')}{after}&wait=5"
    return f"{PREFIX}/replies/{name}topic={topic}{after}&wait=5"


def _single(request: Request, known: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    if "\0" in request.path_params["id"]:
        raise _wrong("id", "expected text without NUL")
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise _wrong(name, f"expected one of {', '.join(known)}")
        if name in given:
            raise _wrong(name, "expected once")
        if "\0" in value:
            raise _wrong(name, "expected text without NUL")
        given[name] = value
    return given


def wait_of(request: Request) -> float:
    """The parameter `wait` of a request that has no other; Problem 422."""
    given: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name != "wait" or name in given:
            raise _wrong(name, "expected wait, once, and nothing else")
        given[name] = value
    return _wait(given)


def _wait(given: dict[str, str]) -> float:
    text = given.get("wait", "0")
    if not (text.isascii() and text.isdigit() and len(text) < 4 and int(text) <= WAIT_MAX_S):
        raise _wrong("wait", f"expected 0 to {WAIT_MAX_S} seconds, got {text!r}")
    return float(text)


def _after(given: dict[str, str]) -> Behind:
    if "after" not in given:
        return None
    parts = given["after"].split("-")
    if (
        len(parts) != 2
        or not all(part.isascii() and part.isdigit() and len(part) <= 15 for part in parts)
        or len(parts[0]) > 6
    ):
        raise _wrong("after", f"expected a partition and an offset such as 3-1207, got {given['after']!r}")
    return int(parts[0]), int(parts[1])


def _wrong(name: str, message: str) -> Problem:
    return Problem(422, "parameter-invalid", "see errors for what was expected", [{"field": name, "message": message}])
