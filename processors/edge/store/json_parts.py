"""Parts of a record that are no single value, as JSON text: the form of `contract.md` §1, quick for what is common."""

import json
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from processors.domain import quantity
from processors.domain.calendar import day_text, time_text

Form = Callable[[Any], Any]
_WRITE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SINGLE: Final[dict[str, Form]] = {"decimal": quantity.text, "date": day_text, "timestamp-millis": time_text}


def json_text(schema: Any) -> Callable[[Any], str | None]:
    """The function that gives the JSON text of a field of this Avro type; None stays None."""
    form = _form(schema)

    def text(value: Any) -> str | None:
        if value is None:
            return None
        if value == ():
            return "[]"
        return _WRITE(value if form is None else form(value))

    return text


def _form(schema: Any) -> Form | None:
    """What JSON can write of a value; None where that is the value itself."""
    if isinstance(schema, list):
        inner = _form(next(branch for branch in schema if branch != "null"))
        return None if inner is None else lambda value: None if value is None else inner(value)
    if not isinstance(schema, dict):
        return None
    match schema.get("logicalType") or schema["type"]:
        case "array":
            item = _form(schema["items"])
            return None if item is None else lambda value: list(map(item, value))
        case "record":
            return _record(schema)
        case kind:
            return _SINGLE.get(kind)


def _record(schema: Any) -> Form:
    fields = [(field["name"], attrgetter(field["name"]), _form(field["type"])) for field in schema["fields"]]
    return lambda value: {name: get(value) if form is None else form(get(value)) for name, get, form in fields}
