"""Refused records: why, what they say, and how they are sent again, as they were or mended."""

import json
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.datastructures import FormData

from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.edge.api.blind import sight_of
from processors.edge.api.problems import Problem
from processors.edge.api.roles import Caller, Role
from processors.edge.console.commands import publish, value_of
from processors.edge.console.rendering import page
from processors.edge.console.replaying import replay
from processors.edge.console.requests import PageRouter, form_of, need, reader_of, text
from processors.edge.console.state import Console
from processors.edge.store import queries_console_now as store
from processors.edge.store.queries_console import Row


def routes(console: Console) -> APIRouter:
    router = PageRouter(console)

    @router.get("/dead-letters")
    def show_all(request: Request, topic: str = "", code: str = "", words: str = "", after: str = "") -> Response:
        reader = reader_of(console, request)
        with console.store.read() as connection:
            sight = sight_of(connection, reader.caller)
            found = store.dead_letters(connection, topic, code, words.strip(), after or None, sight)
            codes = store.dead_letter_codes(connection)
        topics = [name.removesuffix(DEAD_LETTERS) for name in MANIFEST if name.endswith(DEAD_LETTERS)]
        return page(
            console, request, reader, "letters.html", found=found, first=bool(after), topic=topic, code=code,
            words=words, topics=topics, codes=codes,
        )  # fmt: skip

    @router.get("/dead-letter")
    def show(request: Request, topic: str, partition: int, offset: int, sent: bool = False) -> Response:
        reader = reader_of(console, request)
        letter = _letter(console, reader.caller, topic, partition, offset)
        decoded = json.dumps(json.loads(letter["decoded"]), indent=2, ensure_ascii=False) if letter["decoded"] else None
        return page(console, request, reader, "letter.html", letter=letter, decoded=decoded, sent=sent)

    @router.post("/dead-letter")
    def again(request: Request, form: Annotated[FormData, Depends(form_of)]) -> Response:
        caller = need(request, Role.SUPERVISOR)
        try:
            partition, offset = int(text(form, "partition", needed=True)), int(text(form, "offset", needed=True))
        except ValueError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "field-invalid", str(error)) from None
        letter = _letter(console, caller, text(form, "topic", needed=True), partition, offset)
        mended = text(form, "mended")
        if mended:
            _send_mended(console, letter, mended)
        else:
            replay(console, letter)
        reader = reader_of(console, request)
        return page(console, request, reader, "letter.html", letter=letter, decoded=mended or None, sent=True)

    return router


def _letter(console: Console, caller: Caller, topic: str, partition: int, offset: int) -> Row:
    with console.store.read() as connection:
        letter = store.dead_letter(connection, topic, partition, offset, sight_of(connection, caller))
    if letter is None:
        raise Problem(HTTPStatus.NOT_FOUND, "dead-letter-unknown", "there is no such refused record")
    return letter


def _send_mended(console: Console, letter: Row, mended: str) -> None:
    records = MANIFEST[letter["topic"]].records
    if len(records) != 1:
        detail = "master data is mended where it is kept, and published again"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "not-to-be-mended-here", detail)
    try:
        form = json.loads(mended)
    except json.JSONDecodeError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "form-invalid", f"expected JSON: {error}") from None
    if not isinstance(form, dict):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "form-invalid", "expected a JSON object")
    publish(console, letter["topic"], value_of(records[0], form))
