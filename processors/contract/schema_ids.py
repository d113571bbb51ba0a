"""Where schema ids come from: the lock file in `schemas/` or a schema registry, never both (`contract.md` §1)."""

import json
from pathlib import Path
from typing import Any, Final, Protocol

from processors.contract.schema_files import FOLDER, Schema, normal_form, read_schema, released_versions

LOCK_FILE: Final = "ids.lock.json"


class SchemaIdsError(Exception):
    """No id for a schema: the message says whether to register, to lock, or to wait for the registry."""


class SchemaIds(Protocol):
    """One source of ids. `source` is its name in messages and in the facts of the cluster."""

    @property
    def source(self) -> str: ...

    def id_of(self, subject: str, schema: Schema) -> int:
        """Id under which a schema is written in a subject; SchemaIdsError where it has none."""
        ...

    def schema_of(self, schema_id: int) -> Schema | None:
        """The schema of an id; None where nobody has given it out."""
        ...


class LockedIds:
    """Ids of the lock file: (subject, version) → id. Nothing more than a broker is needed."""

    source: Final = "lock-file"

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.subjects = read_lock(folder)
        self._schemas: dict[int, Schema] = {}
        for versions in self.subjects.values():
            for version, entry in versions.items():
                self._schemas.setdefault(entry["id"], self._schema(entry["record"], int(version)))

    def _schema(self, record: str, version: int) -> Schema:
        return released_versions(record, self.folder).get(version) or read_schema(record, self.folder)

    def id_of(self, subject: str, schema: Schema) -> int:
        versions = self.subjects.get(subject)
        if not versions:
            raise SchemaIdsError(f"subject {subject} has no id in schemas/{LOCK_FILE}: run `lotstream schemas release`")
        newest = max(versions, key=int)
        record, schema_id = versions[newest]["record"], int(versions[newest]["id"])
        if normal_form(self._schemas[schema_id]) != normal_form(schema):
            raise SchemaIdsError(
                f"{record} changed since its release {newest} and has no id as it is now: "
                "run `lotstream schemas release`"
            )
        return schema_id

    def schema_of(self, schema_id: int) -> Schema | None:
        return self._schemas.get(schema_id)


def read_lock(folder: Path = FOLDER) -> dict[str, dict[str, dict[str, Any]]]:
    """Subject → version → `{"id", "record"}`."""
    lock: dict[str, dict[str, dict[str, Any]]] = json.loads((folder / LOCK_FILE).read_text(encoding="utf-8"))[
        "subjects"
    ]
    return lock
