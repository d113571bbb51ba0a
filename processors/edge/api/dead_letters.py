"""Dead letters: what came and why it was not taken; sending one again as it was, or mended."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse, Response

from processors.contract.codec import Codec, EncodeError, Undecodable
from processors.contract.headers import Headers, replay_headers
from processors.contract.manifest import MANIFEST, key_of
from processors.contract.schema_files import record_name
from processors.edge.api import answers
from processors.edge.api.blind import sight_of
from processors.edge.api.catalogue import BY_PATH, INPUTS
from processors.edge.api.description import dead_letter_operation
from processors.edge.api.forms import base64_text, bytes_text, item
from processors.edge.api.freshness import fresh, lag_form, not_modified
from processors.edge.api.reading import missing
from processors.edge.api.roles import Role, caller_of, needs
from processors.edge.api.writing import KINDS, answer, invalid, json_body, read_value, sent
from processors.edge.publishing import Outgoing, Publisher
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import lag
from processors.edge.store.queries_registers import Row, one, topics_of
from processors.edge.store.sight import WHOLE, Connection, Sight

ENTRY: Final = BY_PATH["dead-letters"]
_ID_FIELDS: Final = {kind.topic: kind.id_field for kind in KINDS}


def router() -> APIRouter:
    routes = APIRouter(tags=["Dead letters"])
    routes.add_api_route(
        "/dead-letters/{topic}/{offset}",
        _show,
        methods=["GET"],
        response_class=Response,
        dependencies=[Depends(needs(Role.VIEWER))],
        summary="A dead letter with its value, its bytes and its headers",
        operation_id="get_dead_letter",
        openapi_extra=dead_letter_operation(replayed=False),
    )
    routes.add_api_route(
        "/dead-letters/{topic}/{offset}/replay",
        _replay,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary="Send a dead letter again: without a body as it was, with one mended",
        operation_id="replay_dead_letter",
        openapi_extra=dead_letter_operation(replayed=True),
    )
    return routes


def _show(request: Request) -> Response:
    store: Store = request.app.state.store
    with store.read() as connection:
        sight = sight_of(connection, caller_of(request))
        seen, headers = fresh(request, connection, sight, topics_of(ENTRY.source))
        row = _row(request, connection, sight)
    if (unchanged := not_modified(request, headers)) is not None:
        return unchanged
    form = {
        **item(ENTRY, row),
        "raw": base64_text(row["value"]),
        "error_stacktrace": row["error_stacktrace"],
        "headers": {name: None if value is None else bytes_text(value) for name, value in headers_in(row)},
        "lag": lag_form(seen),
    }
    return JSONResponse(form, headers=headers)


def _row(request: Request, connection: Connection, sight: Sight) -> Row:
    topic, text = request.path_params["topic"], request.path_params["offset"]
    found = None
    if topic in INPUTS and text.isascii() and text.isdigit() and len(text) < 19:
        found = one(connection, sight, ENTRY.source, (topic, 0, int(text)))
    if found is None:
        raise missing(ENTRY, f"{topic}/{text}", lag(connection))
    return found


def headers_in(row: Mapping[str, Any]) -> Headers:
    """The headers that the dead letter's input had."""
    return [(name, None if value is None else base64.b64decode(value)) for name, value in json.loads(row["headers"])]


async def _replay(request: Request) -> Response:
    needs(Role.SUPERVISOR)(request)
    wait_s = answers.wait_of(request)
    form = await json_body(request)
    store: Store = request.app.state.store

    def look() -> Row:
        with store.read() as connection:
            return _row(request, connection, WHOLE)

    row = await run_in_threadpool(look)
    topic, codec, publisher = row["topic"], request.app.state.codec, request.app.state.publisher
    again = _as_it_was(topic, row, codec) if form is None else _mended(topic, row, codec, form)
    value = _value(topic, again, codec)
    request_id = getattr(value, _ID_FIELDS[topic], None) if topic in _ID_FIELDS else None
    key = None if again.key is None else bytes_text(again.key)
    behind: answers.Behind = None
    if request_id is not None and key is not None:
        behind = await run_in_threadpool(answers.answered_before, request, topic, request_id, key)
    await sent(lambda: _send(publisher, topic, again))
    if request_id is None:
        return JSONResponse({"id": None, "topic": topic, "key": key, "answer": None}, 202)
    return await answer(request, topic, request_id, key, getattr(value, "inventory", None), behind, wait_s)


def _send(publisher: Publisher, topic: str, again: Outgoing) -> None:
    publisher.send(topic, [again])


def _as_it_was(topic: str, row: Row, codec: Codec) -> Outgoing:
    """Key, value, headers and time of the refused record, to where it names or its key leads."""
    headers = _replayed(row)
    plain = Outgoing(row["record_key"], row["value"], row["refused_at"], headers)
    placed = MANIFEST[topic].placed
    value = None if placed is None else _value(topic, plain, codec)
    if placed is None or value is None:
        return plain
    return Outgoing(plain.key, plain.value, plain.time_ms, headers, placed(value))


def _replayed(row: Row) -> Headers:
    """The original headers, and how often it was refused, for the next refusal to count on."""
    return replay_headers([*headers_in(row), ("error-attempt", str(row["error_attempt"]).encode())])


def _mended(topic: str, row: Row, codec: Codec, form: object) -> Outgoing:
    """The record of the body, in the place and time of the refused one; its key follows from it."""
    if not isinstance(form, dict) or not set(form) <= {"record", "value"} or "value" not in form:
        raise invalid([{"field": "", "message": 'expected {"value": {…}}, for master-data with "record"'}])
    records = {record_name(record): record for record in MANIFEST[topic].records}
    name = form.get("record", next(iter(records)) if len(records) == 1 else None)
    if not isinstance(name, str) or name not in records:
        raise invalid([{"field": "record", "message": f"expected one of {', '.join(records)}"}])
    value = read_value(records[name], form["value"])
    try:
        data = codec.encode(topic, value)
    except EncodeError as error:
        raise invalid([{"field": "value", "message": str(error)}]) from None
    placed = MANIFEST[topic].placed
    return Outgoing(
        key_of(topic, value).encode(),
        data,
        row["refused_at"],
        _replayed(row),
        None if placed is None else placed(value),
    )


def _value(topic: str, record: Outgoing, codec: Codec) -> object:
    """The value where it can be read."""
    try:
        return codec.decode(topic, record.value)
    except Undecodable:
        return None
