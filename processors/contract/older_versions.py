"""Records written with another version of their schema, resolved by Avro's rules (the slow path, through fastavro).

Logical types are left out on both sides: decimals, dates and times stay bytes and integers, and what comes out is the
record in the current schema's bytes, which the generated decoder then reads and checks like any other.
"""

from collections.abc import Callable
from io import BytesIO

import fastavro

from processors.contract.schema_files import Schema, normal_form


def resolver(writer: Schema, reader: Schema) -> Callable[[bytes], bytes]:
    """A function from bytes of the writer's schema to the reader's; it raises ValueError for what cannot be read."""
    written = fastavro.parse_schema(normal_form(writer, logical=False))
    wanted = fastavro.parse_schema(normal_form(reader, logical=False))

    def resolve(data: bytes) -> bytes:
        source, resolved = BytesIO(data), BytesIO()
        try:
            record = fastavro.schemaless_reader(source, written, wanted)
            fastavro.schemaless_writer(resolved, wanted, record)
        except Exception as error:  # hostile bytes reach a foreign decoder here: any of its errors means the same to us
            raise ValueError(f"{type(error).__name__}: {error}") from error
        if source.tell() != len(data):
            raise ValueError(f"{len(data) - source.tell()} bytes after the end")
        return resolved.getvalue()

    return resolve
