"""Code types, field values and master data as JSON files, read strictly in the JSON form of `contract.md` §1."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TextIO

import click

from processors.domain.calendar import parse_day
from processors.domain.code_fields import CodeFields
from processors.domain.master import CodePart, CodeType, Company, MasterData, MonthLetter, YearLetter

CODE_TYPE_FIELDS: Final = tuple(field.name for field in fields(CodeType))
DATES: Final = ("insert_date", "expiry_date")
LETTERS: Final = ("year_letters", "month_letters")


@dataclass(frozen=True, slots=True)
class Line:
    """A code type of a master data file, with the number of its line, from 1."""

    number: int
    code_type: CodeType


def read_code_type(path: Path) -> CodeType:
    """The code type of a JSON file, bare or as `{"record": "CodeType", "value": …}`. UsageError names what is wrong."""
    value = _json(path.read_text(encoding="utf-8"), str(path))
    return code_type_of(value["value"] if set(value) >= {"record", "value"} else value, str(path))


def read_fields(path: Path) -> CodeFields:
    """The field values of a JSON file by their names, dates as `2026-11-21`. UsageError names what is wrong."""
    values: dict[str, Any] = {}
    where = str(path)
    known = tuple(field.name for field in fields(CodeFields))
    for name, value in _json(path.read_text(encoding="utf-8"), where).items():
        if name not in known:
            raise _wrong(where, f"unknown field {name!r}; expected {' '.join(known)}")
        if value is None:
            continue
        if name in DATES:
            values[name] = _day(value, f"{where}: {name}")
        elif name in LETTERS:
            values[name] = _letters(value, f"{where}: {name}")
        else:
            values[name] = _typed(value, str, f"{where}: {name}")
    return CodeFields(**values)


def read_master(file: TextIO, name: str) -> tuple[list[Line], MasterData]:
    """The code types of a file of JSON lines, in order, and master data with its company and letters.

    A line is `{"record": "CodeType", "value": {…}}`, with `"topic": "master-data"` or without topic; lines of other
    topics and records that codes do not depend on are passed over.
    """
    lines, master = [], MasterData()
    for number, record, value in _records(file, name):
        where = f"{name}:{number}"
        match record:
            case "CodeType":
                lines.append(Line(number, code_type_of(value, where)))
            case "Company":
                scope = _one_of(value.get("lot_code_scope", "item"), ("item", "company"), f"{where}: lot_code_scope")
                master.put(Company(lot_code_scope=scope))
            case "YearLetter" | "MonthLetter":
                year = _typed(value.get("value"), int, f"{where}: value")
                letter = _typed(value.get("letter"), str, f"{where}: letter")
                master.put(YearLetter(year, letter) if record == "YearLetter" else MonthLetter(year, letter))
    return lines, master


def code_type_of(value: Mapping[str, Any], where: str) -> CodeType:
    """A code type of its JSON form; absent fields have their defaults. UsageError for anything unknown or mistyped."""
    for name in value:
        if name not in CODE_TYPE_FIELDS:
            raise _wrong(where, f"unknown field {name!r} of a code type; expected {' '.join(CODE_TYPE_FIELDS)}")
    parts = _typed(value.get("parts", []), list, f"{where}: parts")
    root = _typed(value.get("root", []), list, f"{where}: root")
    return CodeType(
        kind=_one_of(value.get("kind", "lot"), ("lot", "serial"), f"{where}: kind"),
        code=_typed(value.get("code", ""), str, f"{where}: code"),
        description=_typed(value.get("description", ""), str, f"{where}: description"),
        scope=_one_of(value.get("scope", "item"), ("item", "company"), f"{where}: scope"),
        start_number=_typed(value.get("start_number", 0), int, f"{where}: start_number"),
        start_letters=_typed(value.get("start_letters", "A"), str, f"{where}: start_letters"),
        fill_gaps=_typed(value.get("fill_gaps", False), bool, f"{where}: fill_gaps"),
        parts=tuple(_part(part, f"{where}: parts[{place}]") for place, part in enumerate(parts)),
        root=tuple(_typed(name, str, f"{where}: root[{place}]") for place, name in enumerate(root)),
    )


def _part(value: object, where: str) -> CodePart:
    part = _typed(value, dict, where)
    for name in part:
        if name not in ("field", "length", "fill"):
            raise _wrong(where, f"unknown field {name!r} of a part; expected field length fill")
    length, fill = part.get("length"), part.get("fill")
    return CodePart(
        field=_typed(part.get("field"), str, f"{where}.field"),
        length=None if length is None else _typed(length, int, f"{where}.length"),
        fill=None if fill is None else _typed(fill, str, f"{where}.fill"),
    )


def _records(file: TextIO, name: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for number, text in enumerate(file, 1):
        if not text.strip():
            continue
        line = _json(text, f"{name}:{number}")
        if line.get("topic", "master-data") == "master-data":
            if not isinstance(line.get("record"), str) or not isinstance(line.get("value"), dict):
                raise _wrong(f"{name}:{number}", 'expected {"record": "CodeType", "value": {…}}')
            yield number, line["record"], line["value"]


def _json(text: str, where: str) -> dict[str, Any]:
    try:
        value: dict[str, Any] = _typed(json.loads(text), dict, where)
    except json.JSONDecodeError as error:
        raise _wrong(where, f"expected JSON, got {error.msg} at line {error.lineno} column {error.colno}") from None
    return value


def _typed(value: object, kind: type, where: str) -> Any:
    """The value where it is of that JSON type; true and false are no numbers."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        names = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "an object"}
        raise _wrong(where, f"expected {names[kind]}, got {json.dumps(value)}")
    return value


def _one_of(value: object, allowed: tuple[str, ...], where: str) -> Any:
    if value not in allowed:
        raise _wrong(where, f"expected {' or '.join(allowed)}, got {json.dumps(value)}")
    return value


def _day(value: object, where: str) -> int:
    try:
        return parse_day(_typed(value, str, where))
    except ValueError as error:
        raise _wrong(where, str(error)) from None


def _letters(value: object, where: str) -> dict[int, str]:
    """`{"2026": "F"}`: JSON has no numbers as names."""
    letters = {}
    for name, letter in _typed(value, dict, where).items():
        if not name.isascii() or not name.isdigit():
            raise _wrong(where, f"expected a year or month as name, got {name!r}")
        letters[int(name)] = _typed(letter, str, f"{where}.{name}")
    return letters


def _wrong(where: str, message: str) -> click.UsageError:
    return click.UsageError(f"{where}: {message}")
