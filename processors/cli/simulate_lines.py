"""Lines of a file for `simulate` (`contract.md` §5) as the inputs that a producer would have sent."""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from processors.cli.record_lines import Ready, Wrong, read_lines
from processors.contract.codec import Codec, Undecodable
from processors.contract.manifest import MANIFEST, key_of
from processors.domain.calendar import parse_time

FIRST_TIME: Final = "2026-01-01T00:00:00Z"
STEP_MS: Final = 1000
"""A line without a time is one second after the line before."""
INPUTS: Final = tuple(name for name, topic in MANIFEST.items() if topic.kind == "input")
NAMES: Final = ("topic", "record", "value", "raw", "time")


@dataclass(frozen=True, slots=True)
class Given:
    """One input as it lies in its topic. The key is that of the value; None for bytes that are no record.

    `partition`: the one that the value names itself; None where its key tells.
    """

    line: int
    topic: str
    key: bytes | None
    value: bytes
    time_ms: int
    partition: int | None = None


def read_given(lines: Iterable[bytes], codec: Codec) -> Iterator[Given | Wrong]:
    """Each line that is not blank, numbered from 1; a `Wrong` line has everything that is wrong with it."""
    time_ms = parse_time(FIRST_TIME) - STEP_MS
    for number, data in enumerate(lines, 1):
        if not data.strip():
            continue
        try:
            read = _read(data.decode(), codec)
        except (ValueError, RecursionError) as error:
            yield Wrong(number, (str(error),))
            continue
        if isinstance(read, Wrong):
            yield replace(read, line=number)
            continue
        time_ms = time_ms + STEP_MS if read.time_ms is None else read.time_ms
        yield Given(number, read.topic, read.key, read.value, time_ms, _partition(read, codec))


@dataclass(frozen=True, slots=True)
class _Read:
    topic: str
    key: bytes | None
    value: bytes
    time_ms: int | None


def _partition(read: _Read, codec: Codec) -> int | None:
    placed = MANIFEST[read.topic].placed
    return None if placed is None or read.key is None else placed(codec.decode(read.topic, read.value))


def _read(text: str, codec: Codec) -> _Read | Wrong:
    """One line, its time still open. ValueError for what is wrong with the line around the record."""
    try:
        form = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"expected JSON, got an error at column {error.colno}: {error.msg}") from None
    if not isinstance(form, dict):
        raise ValueError('expected a JSON object such as {"topic": "movements", "value": {…}}')
    topic = form.get("topic")
    if not isinstance(topic, str) or topic not in INPUTS:
        got = "nothing" if "topic" not in form else json.dumps(topic)
        raise ValueError(f"topic: expected one of {', '.join(INPUTS)}, got {got}")
    for name in form:
        if name not in NAMES:
            raise ValueError(f"{name}: is not a name of a line; its names are {', '.join(NAMES)}")
    if ("value" in form) == ("raw" in form):
        raise ValueError("expected either value (a record) or raw (its bytes in base64)")
    if "raw" in form:
        return _raw(topic, form, codec)
    if not isinstance(form["value"], dict):
        raise ValueError(f"value: expected an object, got {json.dumps(form['value'])[:60]}")
    (ready,) = read_lines([text], MANIFEST[topic], codec)
    match ready:
        case Ready(_, key, value, time_ms):
            return _Read(topic, key, value, time_ms)
        case _:
            return ready


def _raw(topic: str, form: dict[str, Any], codec: Codec) -> _Read:
    """Bytes as they are. Where they are a record, their producer gave it its key; else it is anybody's guess: none."""
    time = form.get("time")
    if time is not None and not isinstance(time, str):
        raise ValueError(f"time: expected text such as {FIRST_TIME}, got {json.dumps(time)}")
    if not isinstance(form["raw"], str):
        raise ValueError(f"raw: expected bytes as base64 text, got {json.dumps(form['raw'])[:60]}")
    try:
        value = base64.b64decode(form["raw"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"raw: expected bytes as base64 text: {error}") from None
    try:
        key = key_of(topic, codec.decode(topic, value)).encode()
    except Undecodable:
        key = None
    return _Read(topic, key, value, None if time is None else parse_time(time))
