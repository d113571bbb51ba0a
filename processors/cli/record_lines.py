"""Lines of a JSON Lines file as records of an input topic: what `publish` checks before it sends anything.

A line is the record itself, or an envelope `{"value": {…}}` with `record` (which of several record types), `time` and
`topic` beside it, as `simulate` reads them; the record types of `master-data` may also stand beside the fields:
`{"record": "YearLetter", "value": 2026, "letter": "F"}`.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from processors.contract.codec import Codec, EncodeError
from processors.contract.headers import Headers
from processors.contract.json_form import JsonFormError, from_json
from processors.contract.manifest import Topic, key_of
from processors.contract.schema_files import record_name
from processors.domain.calendar import parse_time

ENVELOPE = frozenset(["topic", "record", "value", "time"])
ROOM_BYTES = 4096
"""What a record's key, headers and framing may take beside its value."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A record ready to send; `time_ms` None where its line gives no time."""

    line: int
    key: bytes
    value: bytes
    time_ms: int | None
    headers: Headers = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that is no record, with everything that is wrong with it."""

    line: int
    errors: tuple[str, ...]


def read_lines(lines: Iterable[str], topic: Topic, codec: Codec) -> Iterator[Ready | Wrong]:
    """Each line that is not blank, numbered from 1."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _ready(number, line, topic, codec)
            except JsonFormError as error:
                yield Wrong(number, tuple(map(str, error.errors)))
            except (ValueError, RecursionError) as error:
                yield Wrong(number, (str(error),))


def _ready(number: int, line: str, topic: Topic, codec: Codec) -> Ready:
    record, fields, time = opened(json_object(line), topic)
    value: object = from_json(record, fields)
    try:
        data = codec.encode(topic.name, value)
    except EncodeError as error:
        raise ValueError(str(error)) from error
    if len(data) > topic.max_message_bytes - ROOM_BYTES:
        raise ValueError(f"expected at most {topic.max_message_bytes - ROOM_BYTES} bytes, got {len(data)}")
    return Ready(number, key_of(topic.name, value).encode(), data, time)


def json_object(line: str) -> dict[str, Any]:
    """The JSON object that a line is. ValueError where it is none, or gives a name twice; RecursionError: too deep."""
    try:
        form = json.loads(line, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise ValueError(f"expected JSON, got an error at column {error.colno}: {error.msg}") from None
    if not isinstance(form, dict):
        raise ValueError("expected a JSON object")
    return form


def opened(form: dict[str, Any], topic: Topic) -> tuple[type, object, int | None]:
    """Record class, fields and time (ms; None where it gives none) of a line's object. ValueError: what is wrong."""
    if isinstance(form.get("value"), dict) and ENVELOPE.issuperset(form):
        if form.get("topic", topic.name) != topic.name:
            raise ValueError(f"topic: expected {topic.name}, got {form['topic']!r}")
        time = form.get("time")
        if time is not None and not isinstance(time, str):
            raise ValueError(f"time: expected text such as 2026-11-21T08:30:00Z, got {time!r}")
        return _record(form.get("record"), topic), form["value"], None if time is None else parse_time(time)
    if not topic.by_record:
        return topic.records[0], form, None
    fields = {name: value for name, value in form.items() if name != "record"}
    return _record(form.get("record"), topic), fields, None


def _record(name: object, topic: Topic) -> type:
    if name is None and not topic.by_record:
        return topic.records[0]
    names = {record_name(record): record for record in topic.records}
    if not isinstance(name, str) or name not in names:
        raise ValueError(f"record: expected one of {', '.join(names)}, got {'nothing' if name is None else repr(name)}")
    return names[name]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    form = dict(pairs)
    if len(form) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{next(name for name in names if names.count(name) > 1)}: is given twice")
    return form
