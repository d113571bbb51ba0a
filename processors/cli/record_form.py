"""How commands show a record of a topic: key as text, value in its JSON form, or its bytes where they are no record."""

import base64
from collections.abc import Iterable
from typing import Any

from processors.contract.codec import Codec, Undecodable
from processors.contract.headers import Header
from processors.contract.json_form import to_json
from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.contract.schema_files import record_name


def text_of(data: bytes | None) -> str | None:
    """A key or a header as text; bytes that are no UTF-8 as `\\x…`."""
    return None if data is None else data.decode("utf-8", "backslashreplace")


def headers_form(headers: Iterable[Header] | None) -> dict[str, str | None]:
    """Header name → text. Of several with one name the last."""
    return {name: text_of(value) for name, value in headers or ()}


def value_form(topic: str, data: bytes | None, codec: Codec) -> dict[str, Any]:
    """`{"value": …}`; None for a tombstone, with `raw` (base64) and `error` for bytes that are no record of the topic.

    A dead letter is read as a record of its input.
    """
    if data is None:
        return {"value": None}
    try:
        return {"value": to_json(codec.decode(topic.removesuffix(DEAD_LETTERS), data))}
    except Undecodable as error:
        return {"value": None, "raw": base64.b64encode(data).decode(), "error": str(error)}


def record_type(topic: str, data: bytes | None, codec: Codec) -> str | None:
    """Which of several record types of a topic the bytes are; None where the topic has one only, or they are none."""
    name = topic.removesuffix(DEAD_LETTERS)
    if data is None or not MANIFEST[name].by_record:
        return None
    try:
        return record_name(type(codec.decode(name, data)))
    except Undecodable:
        return None
