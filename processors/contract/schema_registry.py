"""Schema ids of a Confluent-compatible registry; imported only where one is set, for its client imports slowly."""

import json
from typing import Final

from confluent_kafka.schema_registry import Schema as RegisteredSchema
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from processors.contract.schema_files import Schema
from processors.contract.schema_ids import SchemaIdsError

UNKNOWN_MAX = 1024
"""How many unknown ids are remembered, so that hostile bytes do not become requests."""


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
