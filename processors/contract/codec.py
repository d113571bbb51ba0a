"""Values to bytes and back: magic byte 0, 4 bytes of schema id, Avro (`contract.md` §1).

The hot path is two dictionary look-ups and one generated function. Everything else (a schema id seen for the first
time, another version of a schema, an error) takes its time.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, get_args, get_type_hints

from processors.contract.generated_codec import Encode, Generated, generate
from processors.contract.manifest import Topic, subject_of, topic_of
from processors.contract.older_versions import resolver
from processors.contract.schema_files import Schema, normal_form, read_schema, record_name
from processors.contract.schema_ids import SchemaIds

MAGIC: Final = b"\0"
HEADER_BYTES: Final = 5
_DATA_ERRORS: Final = (IndexError, ValueError, KeyError, OverflowError)


class Undecodable(Exception):
    """Bytes that are not a record of their topic: the message becomes a dead letter. `field`: where reading stopped."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field


class EncodeError(ValueError):
    """A value that its schema cannot hold: a bug of whoever made it, or a number out of range."""


Decode = Callable[[bytes], object]


class Codec:
    """Encoder and decoder of all topics of the manifest, with the schema ids of one source.

    Not for several threads at once while a topic is used for the first time.
    """

    def __init__(self, ids: SchemaIds) -> None:
        self.ids = ids
        self._encoders: dict[str, dict[type, Encode]] = {}
        self._decoders: dict[str, dict[bytes, Decode]] = {}

    def encode(self, topic: str, value: object) -> bytes:
        """The record's bytes. EncodeError: not a value of this topic, or a field is out of range or of another type."""
        encoders = self._encoders.get(topic) or self._prepare(topic)
        encode = encoders.get(type(value))
        if encode is None:
            names = ", ".join(record.__name__ for record in encoders)
            raise EncodeError(f"{topic}: expected {names or 'no record at all'}, got {type(value).__name__}")
        return encode(value)

    def encoder(self, topic: str, record: type) -> Encode:
        """`encode` of one record class to one topic, with all look-ups done."""
        return (self._encoders.get(topic) or self._prepare(topic))[record]

    def decode(self, topic: str, data: bytes | None) -> object:
        """The value of a record. Undecodable, whatever the bytes are, where they are no record of this topic."""
        if not data:
            raise Undecodable("expected a record, got no bytes")
        decode = (self._decoders.get(topic) or self._decoders_of(topic)).get(data[:HEADER_BYTES])
        return (decode or self._decoder_for(topic, data))(data)

    def schema_id(self, topic: str, record: type) -> int:
        """Id under which records of a class are written to a topic."""
        return self.ids.id_of(subject_of(topic_of(topic), record_name(record)), current_schema(record))

    def _prepare(self, topic: str) -> dict[type, Encode]:
        encoders = {
            record: _encoder(topic, record, self.schema_id(topic, record)) for record in topic_of(topic).records
        }
        self._encoders[topic] = encoders
        return encoders

    def _decoders_of(self, topic: str) -> dict[bytes, Decode]:
        known = {header(self.schema_id(topic, record)): _decoder(coders(record)) for record in topic_of(topic).records}
        self._decoders[topic] = known
        return known

    def _decoder_for(self, topic: str, data: bytes) -> Decode:
        """The decoder of a schema id that is not a current one: an older or newer version, or an error."""
        if data[:1] != MAGIC:
            raise Undecodable(f"expected the magic byte 0, got {data[0]}")
        if len(data) < HEADER_BYTES:
            raise Undecodable(f"expected a schema id of 4 bytes after the magic byte, got {len(data) - 1}")
        schema_id = int.from_bytes(data[1:HEADER_BYTES], "big")
        schema = self.ids.schema_of(schema_id)
        if schema is None:
            raise Undecodable(f"schema id {schema_id} is not known to {self.ids.source}")
        record = _record_of(topic_of(topic), schema)
        if record is None:
            raise Undecodable(f"schema id {schema_id} is {schema['name']}, not a record of topic {topic}")
        if normal_form(schema) == normal_form(current_schema(record)):
            decode = _decoder(coders(record))
        else:
            decode = _older_decoder(schema, record)
        self._decoders[topic][data[:HEADER_BYTES]] = decode
        return decode


def header(schema_id: int) -> bytes:
    """Magic byte and schema id."""
    return MAGIC + schema_id.to_bytes(4, "big")


def current_schema(record: type) -> Schema:
    """The schema that this version writes for a record class. Do not change what comes back."""
    return _schema_once(record_name(record))


_schema_once = lru_cache(maxsize=256)(read_schema)


@lru_cache(maxsize=256)
def coders(record: type) -> Generated:
    """The generated functions of a record class, made on first use."""
    return generate(current_schema(record), record, nested_records(record))


def nested_records(record: type) -> dict[str, type]:
    """Schema name → class of all records inside the fields of a record class."""
    found: dict[str, type] = {}
    for hint in get_type_hints(record).values():
        for part in (hint, *get_args(hint)):
            if hasattr(part, "__dataclass_fields__"):
                found[record_name(part)] = part
                found.update(nested_records(part))
    return found


def _record_of(topic: Topic, schema: Schema) -> type | None:
    for record in topic.records:
        if isinstance(schema, dict) and schema.get("name") == record_name(record):
            return record
    return None


def _encoder(topic: str, record: type, schema_id: int) -> Encode:
    fields, prefix = coders(record).encode, header(schema_id)

    def encode(value: object) -> bytes:
        try:
            return prefix + fields(value)
        except (*_DATA_ERRORS, TypeError, AttributeError) as error:
            raise _encode_error(topic, value, error) from error

    return encode


def _decoder(generated: Generated) -> Decode:
    fields = generated.decode

    def decode(data: bytes) -> object:
        try:
            value, end = fields(data, HEADER_BYTES)
        except _DATA_ERRORS as error:
            raise _undecodable(generated, error) from error
        if end != len(data):
            raise _wrong_length(generated, end - len(data))
        return value

    return decode


def _older_decoder(writer: Schema, record: type) -> Decode:
    """Bring the bytes to the current schema by Avro's rules, then decode them as if they had been written with it."""
    resolve = resolver(writer, current_schema(record))
    current = _decoder(coders(record))

    def decode(data: bytes) -> object:
        try:
            resolved = resolve(data[HEADER_BYTES:])
        except ValueError as error:
            raise Undecodable(f"{record_name(record)}, written with another version of its schema: {error}") from error
        return current(bytes(HEADER_BYTES) + resolved)

    return decode


def _undecodable(generated: Generated, error: Exception) -> Undecodable:
    field = generated.field_of(error.__traceback__)
    match error:
        case IndexError():
            message = f"the data of {generated.name} ends too early"
        case UnicodeDecodeError():
            message = f"expected UTF-8 text, got {error.object[:40]!r}"
        case _:
            message = str(error)
    return Undecodable(message, field)


def _wrong_length(generated: Generated, missing: int) -> Undecodable:
    if missing > 0:
        return Undecodable(f"the data of {generated.name} ends {missing} bytes too early")
    return Undecodable(f"{-missing} bytes after the end of {generated.name}")


def _encode_error(topic: str, value: object, error: Exception) -> EncodeError:
    record: type = type(value)
    generated = coders(record)
    field = generated.field_of(error.__traceback__)
    match error:
        case KeyError():
            message = f"expected one of the values of its schema, got {error.args[0]!r}"
        case AttributeError() | UnicodeEncodeError():
            message = f"expected text, got {error.obj!r}" if isinstance(error, AttributeError) else str(error)
        case _:
            message = str(error)
    return EncodeError(f"{topic}: {record.__name__}.{field or '?'}: {message}")
