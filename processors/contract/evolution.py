"""Is a changed schema compatible with what was released? (`contract.md` §1)

Registers and other outputs evolve FULL_TRANSITIVE: this version reads everything that was ever written, and every
released version reads what this one writes. Inputs evolve BACKWARD_TRANSITIVE: the first half of that. The rules are
those of the Avro specification, "Schema Resolution", with one more: a logical type never changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from processors.contract.manifest import MANIFEST
from processors.contract.schema_files import FOLDER, Schema, read_schema, record_name, released_versions

_PROMOTIONS: Final = {
    ("int", "long"),
    ("int", "float"),
    ("int", "double"),
    ("long", "float"),
    ("long", "double"),
    ("float", "double"),
    ("string", "bytes"),
    ("bytes", "string"),
}
_LOGICAL: Final = ("logicalType", "precision", "scale")


@dataclass(frozen=True, slots=True)
class Incompatible:
    """One change that breaks somebody: in which field, who cannot read what, and what mends it."""

    record: str
    field: str
    breaks: str
    mend: str

    def __str__(self) -> str:
        return (
            f"{self.record}.{self.field}: {self.breaks}; {self.mend}"
            if self.field
            else (f"{self.record}: {self.breaks}; {self.mend}")
        )


def check(folder: Path = FOLDER) -> list[Incompatible]:
    """Every incompatible change of the current schemas against all their releases; empty where there is none."""
    found: list[Incompatible] = []
    for name, full in sorted(levels().items()):
        current = read_schema(name, folder)
        for version, released in released_versions(name, folder).items():
            found += compare(name, current, released, f"version {version}", full=full)
    return found


def levels() -> dict[str, bool]:
    """Record → True where it evolves FULL_TRANSITIVE, False for BACKWARD_TRANSITIVE (only inputs carry it)."""
    full: dict[str, bool] = {}
    for topic in MANIFEST.values():
        for record in topic.records:
            name = record_name(record)
            full[name] = full.get(name, False) or topic.kind != "input"
    return full


def compare(record: str, current: Schema, released: Schema, release: str, *, full: bool) -> list[Incompatible]:
    """What breaks between the current schema of a record and one released version of it."""
    found = [
        Incompatible(record, field, f"this version cannot read what {release} wrote: {breaks}", mend)
        for field, breaks, mend in _unreadable(current, released, "")
    ]
    if full:
        found += [
            Incompatible(record, field, f"{release} cannot read what this version writes: {breaks}", mend)
            for field, breaks, mend in _unreadable(released, current, "")
        ]
    return found


Trouble = tuple[str, str, str]
"""Field path, what breaks, what mends it."""


def _unreadable(reader: Schema, writer: Schema, path: str) -> Iterator[Trouble]:
    """Why data of `writer` cannot be read as `reader`; nothing where it can."""
    if isinstance(writer, list):
        for branch in writer:
            yield from _unreadable(reader, branch, path)
        return
    if isinstance(reader, list):
        tried = [list(_unreadable(branch, writer, path)) for branch in reader]
        if all(tried):
            same = [troubles for branch, troubles in zip(reader, tried, strict=True) if _type(branch) == _type(writer)]
            yield from (
                same[0] if same else [(path, f"{_shown(writer)} is not one of {_shown(reader)}", "keep the type")]
            )
        return
    if _type(reader) != _type(writer) and (_type(writer), _type(reader)) not in _PROMOTIONS:
        yield path, f"{_shown(writer)} is no {_shown(reader)}", "keep the type, add a field of another name"
        return
    if _logical(reader) != _logical(writer):
        yield path, f"{_logical(writer)} is no {_logical(reader)}", "keep the logical type, add a field of another name"
        return
    match _type(reader):
        case "record":
            yield from _record_troubles(reader, writer, path)
        case "enum":
            yield from _enum_troubles(reader, writer, path)
        case "array":
            yield from _unreadable(reader["items"], writer["items"], f"{path}[]")
        case "map":
            yield from _unreadable(reader["values"], writer["values"], f"{path}{{}}")


def _record_troubles(reader: Schema, writer: Schema, path: str) -> Iterator[Trouble]:
    if reader["name"] != writer["name"]:
        yield path, f"record {writer['name']} is no {reader['name']}", "keep the name"
        return
    written = {field["name"]: field for field in writer["fields"]}
    prefix = f"{path}." if path else ""
    for field in reader["fields"]:
        names = [field["name"], *field.get("aliases", ())]
        found = next((written[name] for name in names if name in written), None)
        if found is not None:
            yield from _unreadable(field["type"], found["type"], prefix + field["name"])
        elif "default" not in field:
            yield prefix + field["name"], "it is not written and has no default", "keep the field, with a default"


def _enum_troubles(reader: Schema, writer: Schema, path: str) -> Iterator[Trouble]:
    unknown = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
    if reader["name"] != writer["name"]:
        yield path, f"enum {writer['name']} is no {reader['name']}", "keep the name"
    elif unknown and "default" not in reader:
        yield path, f"it does not know {', '.join(unknown)}", "keep the symbols, give the enum a default"


def _type(schema: Schema) -> str:
    return str(schema["type"]) if isinstance(schema, dict) else str(schema)


def _logical(schema: Schema) -> str:
    if not isinstance(schema, dict) or "logicalType" not in schema:
        return "a plain value"
    return " ".join(str(schema[key]) for key in _LOGICAL if key in schema)


def _shown(schema: Schema) -> str:
    if isinstance(schema, list):
        return "[" + ", ".join(map(_shown, schema)) + "]"
    return str(schema.get("name", _type(schema))) if isinstance(schema, dict) else str(schema)
