"""The JSON form of a record, both ways (`contract.md` §1): how people and HTTP write what Avro carries.

Decimals are text (`"12.5"`), dates `2026-11-21`, times ISO 8601 with `Z`, bytes base64; an absent field has its
default, an unknown one is an error. All errors of a record come at once, each with the path of its field.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, TypeVar, cast

from processors.contract.codec import current_schema, nested_records
from processors.contract.generated_codec import NEUTRAL
from processors.contract.schema_files import Schema, record_name
from processors.contract.wire import INT_MAX, LONG_MAX, TIME_MAX, TIME_MIN
from processors.domain import quantity
from processors.domain.calendar import day_text, parse_day, parse_time, time_text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is a path such as `lots[0].quantity`, empty for the record itself."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class JsonFormError(ValueError):
    """A JSON value that is not the form of a record: `errors` has everything that is wrong with it."""

    def __init__(self, record: str, errors: list[FieldError]) -> None:
        super().__init__(f"{record}: " + "; ".join(map(str, errors)))
        self.record, self.errors = record, errors


def from_json(record: type[T], form: object) -> T:
    """The value of a parsed JSON object; JsonFormError with all that is wrong."""
    reader = _Reader(_classes(record))
    value = reader.value(current_schema(record), form, "")
    if reader.errors:
        raise JsonFormError(record_name(record), reader.errors)
    return cast(T, value)


def to_json(value: object) -> dict[str, Any]:
    """The JSON object of a record, every field present, in the schema's order."""
    form = _form(current_schema(type(value)), value)
    assert isinstance(form, dict)
    return form


_CLASSES: Final[dict[str, dict[str, type]]] = {}


def _classes(record: type) -> dict[str, type]:
    """Schema name → class of a record and of all records inside it."""
    name = record_name(record)
    if name not in _CLASSES:
        _CLASSES[name] = {name: record, **nested_records(record)}
    return _CLASSES[name]


_EXPECTED: Final = {
    "string": "text",
    "boolean": "true or false",
    "int": "a whole number of 32 bits",
    "long": "a whole number of 64 bits",
    "decimal": 'a decimal as text such as "12.5"',
    "date": 'a date as text such as "2026-11-21"',
    "timestamp-millis": 'a time as text such as "2026-11-21T08:30:00Z"',
    "bytes": "bytes as base64 text",
    "array": "a list",
    "map": "an object of texts",
    "record": "an object",
}
_ABSENT: Final = object()


def _kind(schema: Schema) -> str:
    return str(schema.get("logicalType") or schema["type"]) if isinstance(schema, dict) else str(schema)


def _expected(schema: Schema) -> str:
    if isinstance(schema, list):
        return f"{_expected(schema[1])} or null"
    if _kind(schema) == "enum":
        return "one of " + ", ".join(_symbols(schema))
    return _EXPECTED[_kind(schema)]


def _symbols(schema: Schema) -> list[str]:
    return [symbol for symbol in schema["symbols"] if symbol != NEUTRAL]


def _shown(form: object) -> str:
    text = json.dumps(form, ensure_ascii=True, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."


class _Reader:
    """Reads one record and notes every error on its way."""

    def __init__(self, classes: dict[str, type]) -> None:
        self.classes = classes
        self.errors: list[FieldError] = []

    def value(self, schema: Schema, form: object, path: str) -> object:
        if isinstance(schema, list):
            return None if form is None else self._typed(schema[1], form, path, _expected(schema))
        return self._typed(schema, form, path, _expected(schema))

    def _typed(self, schema: Schema, form: object, path: str, expected: str) -> object:
        try:
            match _kind(schema), form:
                case "string", str():
                    form.encode()
                    return form
                case "boolean", bool():
                    return form
                case ("int" | "long") as kind, int() if not isinstance(form, bool):
                    limit = INT_MAX if kind == "int" else LONG_MAX
                    if -limit - 1 <= form <= limit:
                        return form
                case "decimal", str():
                    return quantity.parse(form)
                case "date", str():
                    return parse_day(form)
                case "timestamp-millis", str():
                    time = parse_time(form)
                    if TIME_MIN <= time <= TIME_MAX:
                        return time
                case "enum", str() if form in _symbols(schema):
                    return form
                case "bytes", str():
                    return base64.b64decode(form, validate=True)
                case "array", list():
                    items = schema["items"]
                    return tuple([self.value(items, item, f"{path}[{number}]") for number, item in enumerate(form)])
                case "map", dict():
                    return {name: self.value(schema["values"], text, f"{path}.{name}") for name, text in form.items()}
                case "record", dict():
                    return self._record(schema, form, path)
                case _:
                    pass
            self._wrong(path, expected, form)
        except UnicodeEncodeError:
            self._wrong(path, "text of valid Unicode", form)
        except binascii.Error:
            self._wrong(path, expected, form)
        except (ValueError, OverflowError) as error:
            self.errors.append(FieldError(path, str(error)))
        return None

    def _wrong(self, path: str, expected: str, form: object) -> None:
        self.errors.append(FieldError(path, f"expected {expected}, got {_shown(form)}"))

    def _record(self, schema: Schema, form: dict[str, object], path: str) -> object:
        prefix = f"{path}." if path else ""
        values = []
        for field in schema["fields"]:
            given = form.get(field["name"], _ABSENT)
            if given is _ABSENT:
                if "default" not in field:
                    message = f"is missing, expected {_expected(field['type'])}"
                    self.errors.append(FieldError(prefix + field["name"], message))
                    continue
                given = field["default"]
            values.append(self.value(field["type"], given, prefix + field["name"]))
        known = {field["name"] for field in schema["fields"]}
        for name in form:
            if name not in known:
                similar = get_close_matches(name, known, 1, cutoff=0.5)
                mend = f"did you mean {similar[0]}?" if similar else f"its fields are {', '.join(sorted(known))}"
                self.errors.append(FieldError(prefix + name, f"is not a field of {schema['name']}; {mend}"))
        return None if self.errors else self.classes[schema["name"]](*values)


def _form(schema: Schema, value: Any) -> Any:
    if isinstance(schema, list):
        return None if value is None else _form(schema[1], value)
    match _kind(schema):
        case "decimal":
            return quantity.text(value)
        case "date":
            return day_text(value)
        case "timestamp-millis":
            return time_text(value)
        case "bytes":
            return base64.b64encode(value).decode()
        case "array":
            return [_form(schema["items"], item) for item in value]
        case "map":
            return dict(value)
        case "record":
            return {field["name"]: _form(field["type"], getattr(value, field["name"])) for field in schema["fields"]}
        case _:
            return value
