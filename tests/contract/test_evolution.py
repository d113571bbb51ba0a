"""Incompatible changes of a record are found, with who breaks and what mends it."""

import copy
from typing import Any

import pytest

from processors.contract.evolution import check, compare, levels

STATE = {"type": "enum", "name": "S", "symbols": ["unspecified", "a"], "default": "unspecified"}
COST = {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 6}
PART = {"type": "record", "name": "Part", "fields": [{"name": "x", "type": "long"}]}
OLD: dict[str, Any] = {
    "type": "record",
    "name": "Row",
    "fields": [
        {"name": "code", "type": "string"},
        {"name": "count", "type": "int"},
        {"name": "state", "type": STATE},
        {"name": "cost", "type": ["null", COST], "default": None},
        {"name": "parts", "type": {"type": "array", "items": PART}},
    ],
}


def changed(place: int | None, **parts: Any) -> dict[str, Any]:
    schema = copy.deepcopy(OLD)
    if place is None:
        schema["fields"].append(parts)
    else:
        schema["fields"][place].update(parts)
    return schema


def removed(place: int) -> dict[str, Any]:
    schema = copy.deepcopy(OLD)
    del schema["fields"][place]
    return schema


def symbols(*names: str, default: bool = True) -> dict[str, Any]:
    enum: dict[str, Any] = {"type": "enum", "name": "S", "symbols": list(names)}
    return {**enum, "default": names[0]} if default else enum


def decimal(scale: int) -> list[Any]:
    return ["null", {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": scale}]


def part(kind: Any) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "record", "name": "Part", "fields": [{"name": "x", "type": kind}]}}


THIS, OTHER = "this version cannot read what version 1 wrote", "version 1 cannot read what this version writes"


@pytest.mark.parametrize(
    ("case", "schema", "backward", "full"),
    [
        ("nothing", OLD, [], []),
        ("docs", changed(0, doc="Words."), [], []),
        ("a field with a default", changed(None, name="new", type="int", default=0), [], []),
        ("a field without a default", changed(None, name="new", type="int"), ["new"], ["new"]),
        ("a field with a default less", removed(3), [], []),
        ("a field without a default less", removed(0), [], ["code"]),
        ("another name", changed(0, name="kode"), ["kode"], ["kode", "code"]),
        ("another name with an alias", changed(0, name="kode", aliases=["code"]), [], ["code"]),
        ("a wider number", changed(1, type="long"), [], ["count"]),
        ("another type", changed(0, type="int"), ["code"], ["code", "code"]),
        ("a value that may be null", changed(0, type=["null", "string"], default=None), [], ["code"]),
        ("a value that may not be null", changed(3, type=decimal(6)[1]), ["cost"], ["cost"]),
        ("a new symbol", changed(2, type=symbols("unspecified", "a", "b")), [], []),
        ("a symbol less, with a default", changed(2, type=symbols("unspecified")), [], []),
        ("a symbol less, without a default", changed(2, type=symbols("a", default=False)), ["state"], ["state"]),
        ("another scale", changed(3, type=decimal(4)), ["cost"], ["cost", "cost"]),
        ("another type inside", changed(4, type=part("string")), ["parts[].x"], ["parts[].x", "parts[].x"]),
    ],
)
def test_a_change_is_compatible_or_names_its_field(
    case: str, schema: Any, backward: list[str], full: list[str]
) -> None:
    assert [each.field for each in compare("Row", schema, OLD, "version 1", full=False)] == backward
    assert [each.field for each in compare("Row", schema, OLD, "version 1", full=True)] == full


def test_a_finding_says_who_breaks_and_what_mends_it() -> None:
    (found,) = compare("Row", removed(0), OLD, "version 1", full=True)
    assert str(found) == f"Row.code: {OTHER}: it is not written and has no default; keep the field, with a default"
    (found,) = compare("Row", changed(None, name="new", type="int"), OLD, "version 1", full=False)
    assert str(found).startswith(f"Row.new: {THIS}: ")


def test_records_that_others_read_evolve_in_both_directions_and_inputs_in_one() -> None:
    strict = levels()
    assert [name for name, full in strict.items() if not full] == [
        "Movement",
        "RegisterEdit",
        "CountCommand",
        "Scan",
        "CountLine",
        "CountResult",
    ]


def test_the_schemas_are_compatible_with_all_their_releases() -> None:
    assert check() == []
