"""The OpenAPI description: parameters, answers and examples of every endpoint, made from the same data as they are."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from processors.contract.codec import current_schema
from processors.domain.events import Reply
from processors.domain.movement import Movement, RegisterEdit
from processors.domain.scans import CountCommand, Scan
from processors.edge.api import examples
from processors.edge.api.catalogue import BY_PATH, CATALOGUE
from processors.edge.api.entry import Entry
from processors.edge.api.filters import Filter
from processors.edge.api.forms import entry_schema, record_schema
from processors.edge.api.freshness import LAG_HEADER, LAG_SCHEMA
from processors.edge.api.problems import MEDIA_TYPE

VERSION: Final = "1"
ABOUT: Final = """\
Registers of lots, serial numbers, stock and counts: look up, export, trace; requests: send, and wait for the answer.

What is shown follows the topics with a lag that every answer tells (`Lotstream-Lag`, `lag`). A request is published and
answered with 202; what became of it is told by its reply, which `Location` leads to. Errors are problem details
(RFC 9457). Decimals are text (`"12.5"`), days `2026-11-21`, times ISO 8601 with `Z`.
"""
PROBLEM_SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable; docs/api.md lists them."},
        "detail": {"type": "string", "description": "What came, and what mends it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": ["string", "null"]}, "message": {"type": "string"}},
            },
        },
    },
}
INPUTS: Final[dict[str, tuple[type, Any, tuple[str, ...]]]] = {
    "movements": (Movement, examples.MOVEMENT, ("movement_id",)),
    "edits": (RegisterEdit, examples.EDIT, ("edit_id", "edited_by")),
    "counts": (CountCommand, examples.COUNT, ("command_id", "by")),
    "scans": (Scan, examples.SCAN, ("scan_id", "operator")),
}
"""Path → record, example, fields that the API fills in where they are not given."""


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def problem(description: str) -> dict[str, Any]:
    """An answer that is a problem."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": _ref("Problem")}}}


READ_PROBLEMS: Final = {
    "401": problem("No token, or an unknown one."),
    "403": problem("The token's role does not reach."),
    "422": problem("A parameter is wrong; `errors` has all of them."),
    "429": problem("Too many requests; `Retry-After` says when to go on."),
}
WRITE_PROBLEMS: Final = {
    **READ_PROBLEMS,
    "409": problem("Refused by the rules; `errors` has every reason. Only with `wait`."),
    "413": problem("The body is too large."),
    "415": problem("The body is not application/json."),
    "503": problem("The brokers did not take it; send it again with the same id."),
}


def schema_name(entry: Entry) -> str:
    """`dead-letters` → `DeadLetters`."""
    return "".join(word.capitalize() for word in entry.path.split("-"))


def parameter(name: str, where: str, schema: dict[str, Any], doc: str, example: Any = None) -> dict[str, Any]:
    form: dict[str, Any] = {"name": name, "in": where, "description": doc, "schema": schema}
    if where == "path":
        form["required"] = True
    if example is not None:
        form["example"] = example
    return form


def _of_filter(each: Filter) -> dict[str, Any]:
    return parameter(each.name, "query", each.schema, each.doc)


WAIT: Final = parameter(
    "wait", "query", {"type": "integer", "minimum": 0, "maximum": 30}, "Seconds to wait for the answer.", 5
)
_HEADERS: Final = {
    LAG_HEADER: {"description": "Records still to come.", "schema": {"type": "integer"}},
    "ETag": {"description": "Changes with what is shown.", "schema": {"type": "string"}},
}


def list_operation(entry: Entry, limit_default: int, limit_max: int, formats: Sequence[str]) -> dict[str, Any]:
    """What FastAPI is told about a listing."""
    orders = list(entry.orders)
    own = [
        parameter(
            "limit",
            "query",
            {"type": "integer", "minimum": 1, "maximum": limit_max, "default": limit_default},
            "Rows of a page; of JSON only.",
        ),
        parameter("cursor", "query", {"type": "string"}, "Where the page before ended: its `next`; of JSON only."),
        parameter(
            "sort", "query", {"type": "string", "enum": orders, "default": orders[0]}, "Order; `-`: the other way."
        ),
        parameter(
            "format", "query", {"type": "string", "enum": list(formats), "default": "json"}, "json: a page; else all."
        ),
    ]
    page = {
        "type": "object",
        "required": ["items", "next", "lag"],
        "properties": {
            "items": {"type": "array", "items": _ref(schema_name(entry))},
            "next": {"type": ["string", "null"], "description": "Cursor of the next page; null: this is the last."},
            "lag": _ref("Lag"),
        },
    }
    binary = {"schema": {"type": "string", "format": "binary"}}
    content = {
        "application/json": {"schema": page},
        "text/csv": {"schema": {"type": "string"}},
        "application/vnd.apache.parquet": binary,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": binary,
    }
    return {
        "parameters": [*map(_of_filter, entry.filters), *own],
        "responses": {
            "200": {"description": "A page, or all as a file.", "headers": _HEADERS, "content": content},
            "304": {"description": "Nothing has changed since the ETag given."},
            **READ_PROBLEMS,
        },
    }


def detail_operation(entry: Entry) -> dict[str, Any]:
    """What FastAPI is told about a single row."""
    name = "key" if entry.is_register else "id"
    doc = "The record's key, percent-encoded." if entry.is_register else "Partition and offset, as `3-1207`."
    schema: dict[str, Any] = _with_lag(_ref(schema_name(entry)))
    if entry.path == "lots":
        rows = {"type": "array", "items": _ref(schema_name(BY_PATH["stock"]))}
        schema["allOf"].append({"type": "object", "properties": {"stock_rows": rows}, "required": ["stock_rows"]})
    return {
        "parameters": [parameter(name, "path", {"type": "string", "minLength": 1}, doc)],
        "responses": {
            "200": {
                "description": "The row.",
                "headers": _HEADERS,
                "content": {"application/json": {"schema": schema}},
            },
            "304": {"description": "Nothing has changed since the ETag given."},
            "404": problem("Nothing there, or not yet."),
            **READ_PROBLEMS,
        },
    }


def _with_lag(schema: dict[str, Any]) -> dict[str, Any]:
    return {"allOf": [schema, {"type": "object", "required": ["lag"], "properties": {"lag": _ref("Lag")}}]}


def write_operation(path: str) -> dict[str, Any]:
    """What FastAPI is told about sending one kind of request."""
    _, example, _ = INPUTS[path]
    body = {"required": True, "content": {"application/json": {"schema": _ref(_input_name(path)), "example": example}}}
    return {
        "parameters": [WAIT],
        "requestBody": body,
        "responses": sent_responses("Feedback" if path == "scans" else "Reply"),
    }


def sent_responses(answer: str) -> dict[str, Any]:
    accepted = {
        "description": "Published; `Location` leads to the answer.",
        "headers": {"Location": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": _ref("Accepted")}},
    }
    done = {"description": "Answered within `wait`.", "content": {"application/json": {"schema": _ref(answer)}}}
    return {"200": done, "202": accepted, **WRITE_PROBLEMS}


def answer_operation(answer: str, own: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What FastAPI is told about an answer that is waited for."""
    return {
        "parameters": [parameter("id", "path", {"type": "string", "minLength": 1}, "Id of the request."), *own, WAIT],
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": _ref(answer)}}},
            "404": problem("No answer yet; ask again."),
            **READ_PROBLEMS,
        },
    }


def dead_letter_operation(*, replayed: bool) -> dict[str, Any]:
    """What FastAPI is told about one dead letter, and about sending it again."""
    own = [
        parameter("topic", "path", {"type": "string"}, "The input.", "movements"),
        parameter("offset", "path", {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}, "Its offset."),
    ]
    if not replayed:
        content = {"application/json": {"schema": _with_lag(_ref("DeadLetter"))}}
        shown = {"description": "The dead letter.", "headers": _HEADERS, "content": content}
        found = {"200": shown, "404": problem("Nothing there, or not yet."), **READ_PROBLEMS}
        return {"parameters": own, "responses": found}
    record: dict[str, Any] = {
        "type": "object",
        "required": ["value"],
        "additionalProperties": False,
        "properties": {
            "record": {"type": "string", "description": "Its kind, for `master-data`."},
            "value": {"type": "object", "description": "The record in its JSON form."},
        },
    }
    body = {"required": False, "content": {"application/json": {"schema": record}}}
    sent = {**sent_responses("Reply"), "404": problem("Nothing there, or not yet.")}
    return {"parameters": [*own, WAIT], "requestBody": body, "responses": sent}


def _input_name(path: str) -> str:
    return INPUTS[path][0].__name__


def _input_schema(path: str) -> dict[str, Any]:
    record, example, filled = INPUTS[path]
    schema = record_schema(current_schema(record), needed=False)
    schema["required"] = [name for name in schema["required"] if name not in filled]
    return {**schema, "examples": [example]}


def _schemas() -> dict[str, Any]:
    schemas: dict[str, Any] = {"Problem": PROBLEM_SCHEMA, "Lag": LAG_SCHEMA}
    for entry in CATALOGUE:
        form = entry_schema(entry)
        schemas[schema_name(entry)] = {**form, "title": entry.title, "examples": [examples.of_schema(form)]}
    schemas |= {_input_name(path): _input_schema(path) for path in INPUTS}
    schemas["Reply"] = record_schema(current_schema(Reply), needed=True)
    schemas["Accepted"] = {
        "type": "object",
        "required": ["id", "topic", "key", "answer"],
        "properties": {
            "id": {"type": ["string", "null"], "description": "Id of the request; null: its bytes are no record."},
            "topic": {"type": "string"},
            "key": {"type": ["string", "null"]},
            "answer": {"type": ["string", "null"], "description": "Where the answer will be; as Location."},
        },
        "examples": [
            {
                "id": "PN-2026-118/1",
                "topic": "movements",
                "key": "ING|FLOUR",
                "answer": "/api/v1/replies/PN-2026-118%2F1?topic=movements&wait=5",
            }
        ],
    }
    letter = entry_schema(BY_PATH["dead-letters"])
    properties = {
        **letter["properties"],
        "raw": {"type": ["string", "null"], "contentEncoding": "base64", "description": "The bytes as they came."},
        "error_stacktrace": {"type": ["string", "null"]},
        "headers": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
    }
    schemas["DeadLetter"] = {"type": "object", "required": list(properties), "properties": properties}
    return schemas


def describe(app: FastAPI) -> None:
    """Let the app describe itself so; made on first use."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
            components = schema.setdefault("components", {})
            components["schemas"] = {**components.get("schemas", {}), **_schemas()}
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"token": []}, {}]
            _plain_paths(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's documentation has it


def _plain_paths(schema: dict[str, Any]) -> None:
    """`{key:path}` is ours; a description knows `{key}` only."""
    schema["paths"] = {path.replace(":path}", "}"): operations for path, operations in schema["paths"].items()}
