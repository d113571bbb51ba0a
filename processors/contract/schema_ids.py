"""Where schema ids come from: the lock file in `schemas/` or a schema registry, never both (`contract.md` §1)."""

import json
from pathlib import Path
from typing import Any, Final, Protocol

from confluent_kafka.schema_registry import Schema as RegisteredSchema
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from processors.contract.schema_files import FOLDER, Schema, normal_form, read_schema, released_versions

LOCK_FILE: Final = "ids.lock.json"
UNKNOWN_MAX: Final = 1024
"""How many unknown ids are remembered, so that hostile bytes do not become requests."""


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


class RegistryIds:
    """Ids of a schema registry, each asked for once. Only `schemas register` writes to the registry."""

    source: Final = "schema-registry"

    def __init__(self, url: str, timeout_s: float = 10.0) -> None:
        self._client = SchemaRegistryClient({"url": url, "timeout": timeout_s, "max.retries": 1})
        self.url = url
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, Schema | None] = {}

    def id_of(self, subject: str, schema: Schema) -> int:
        if subject not in self._ids:
            try:
                found = self._client.lookup_schema(subject, _registered(schema))
            except SchemaRegistryError as error:
                if error.http_status_code == 404:
                    raise SchemaIdsError(
                        f"subject {subject} is not in the registry at {self.url} in this version: "
                        "run `lotstream schemas register`"
                    ) from error
                raise SchemaIdsError(f"schema registry at {self.url}: {error}") from error
            except Exception as error:  # the client lets its HTTP library's errors through
                raise SchemaIdsError(f"no answer from the schema registry at {self.url}: {error}") from error
            assert found.schema_id is not None, "the registry answered without an id"
            self._ids[subject] = found.schema_id
        return self._ids[subject]

    def schema_of(self, schema_id: int) -> Schema | None:
        """As above; SchemaIdsError while the registry does not answer, so that nobody takes it for an unknown id."""
        if schema_id not in self._schemas:
            if len(self._schemas) >= UNKNOWN_MAX:
                self._schemas.clear()
            self._schemas[schema_id] = self._fetch(schema_id)
        return self._schemas[schema_id]

    def register(self, subject: str, schema: Schema) -> int:
        """Register a schema (the registry answers with the same id if it is there already)."""
        try:
            schema_id: int = self._client.register_schema(subject, _registered(schema))
        except SchemaRegistryError as error:
            raise SchemaIdsError(f"the schema registry at {self.url} refuses {subject}: {error}") from error
        except Exception as error:  # as in `id_of`
            raise SchemaIdsError(f"no answer from the schema registry at {self.url}: {error}") from error
        self._ids[subject] = schema_id
        return schema_id

    def _fetch(self, schema_id: int) -> Schema | None:
        try:
            text = self._client.get_schema(schema_id).schema_str
            return json.loads(text) if text else None
        except SchemaRegistryError as error:
            if error.http_status_code == 404:
                return None
            raise SchemaIdsError(f"schema registry at {self.url}: {error}") from error
        except ValueError:
            return None
        except Exception as error:  # as in `id_of`
            raise SchemaIdsError(f"no answer from the schema registry at {self.url}: {error}") from error


def _registered(schema: Schema) -> RegisteredSchema:
    return RegisteredSchema(json.dumps(schema, ensure_ascii=False, separators=(",", ":")), "AVRO")


def schema_ids(registry_url: str | None) -> SchemaIds:
    """The registry's ids where one is configured, else the lock file's."""
    return RegistryIds(registry_url) if registry_url else LockedIds()
