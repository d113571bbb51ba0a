"""A refused record sent to its input again, as it was: key, value, headers and time, with the next attempt counted."""

import base64
import json
from http import HTTPStatus

from processors.contract.headers import ATTEMPT, Headers
from processors.contract.manifest import MANIFEST
from processors.contract.sending import NotSent
from processors.edge.api.problems import Problem
from processors.edge.console.state import Console
from processors.edge.publishing import Outgoing
from processors.edge.store.queries_console import Row


def replay(console: Console, letter: Row) -> None:
    """Send a dead letter of the store again. Problem 503 where the brokers may not have it.

    It goes to the partition that its key gives; a record that names its own, to the one where it was.
    """
    headers: Headers = [
        (name, None if value is None else base64.b64decode(value)) for name, value in json.loads(letter["headers"])
    ]
    headers.append((ATTEMPT, str(letter["error_attempt"]).encode()))
    topic = letter["topic"]
    partition = None if MANIFEST[topic].placed is None else letter["error_partition"]
    record = Outgoing(letter["record_key"], letter["value"], letter["refused_at"], headers, partition)
    try:
        console.publisher.send(topic, [record])
    except NotSent as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "not-sent", str(error)) from None
