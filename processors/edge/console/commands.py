"""What a page asks of the workers: published, its answer waited for a little, and told on the page that follows."""

import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse

from processors.contract.json_form import JsonFormError, from_json
from processors.contract.sending import NotSent
from processors.domain.scans import CountCommand
from processors.edge.api.problems import Problem
from processors.edge.console.answers import Outcome, outcome
from processors.edge.console.rendering import HEADERS, address
from processors.edge.console.state import Console

ANSWER_LIMIT_S: Final = 4.0
LOOK_S: Final = 0.05


def command(console: Console, form: Mapping[str, object]) -> str:
    """Publish a count command of its JSON form; its id. Problem 422 where a field is wrong."""
    command_id = f"console-{uuid.uuid4()}"
    told = {name: value for name, value in form.items() if value not in (None, "", [])}
    publish(console, "counts", value_of(CountCommand, {"command_id": command_id, **told}))
    await_answer(console, command_id)
    return command_id


def value_of(record: type, form: Mapping[str, object]) -> object:
    """The value of a record's JSON form; Problem 422 with all that is wrong."""
    try:
        return from_json(record, dict(form))
    except JsonFormError as error:
        detail = "; ".join(map(str, error.errors))
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "form-invalid", detail) from None


def publish(console: Console, topic: str, value: object) -> None:
    """Send a value; Problem 503 where the brokers may not have it."""
    try:
        console.publisher.publish(topic, value)
    except NotSent as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "not-sent", str(error)) from None


def await_answer(console: Console, request_id: str) -> Outcome:
    """The answer to a request; after `ANSWER_LIMIT_S` without one its status is None."""
    until = time.monotonic() + ANSWER_LIMIT_S
    while True:
        found = outcome(console, request_id)
        if found.status is not None or time.monotonic() > until:
            return found
        time.sleep(LOOK_S)


def told(request: Request, request_id: str, to: str) -> RedirectResponse:
    """To the page that follows, which tells what came of the request."""
    mark = "&" if "?" in to else "?"
    return RedirectResponse(f"{to}{mark}{address('', done=request_id)[1:]}", HTTPStatus.SEE_OTHER, HEADERS)
