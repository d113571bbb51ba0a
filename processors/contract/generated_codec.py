"""One encoder and one decoder function per record class, written as source text from its schema and compiled at start.

Why: a codec that walks the schema for every record costs 8 µs for a record of 24 fields; code that knows the fields
costs a third. The encoder is one `join` over the fields in order; the decoder reads field by field straight into the
slots of a new instance. What both do for a field depends only on its Avro type:

- text that repeats (units, warehouses, item codes …), numbers, dates, times and decimals are looked up in a cache
  (value → bytes) that also holds None for nullable fields; what is not there goes through a function of `wire`;
- text that hardly ever repeats (`RARELY_REPEATED`) is encoded in place;
- lengths of one byte are looked up in a table; longer ones, and whatever else is unusual, go through `wire`.

Each statement stands on its own line, and `Generated.fields` tells which field a line is about: that is how an error
gets the field's name without any cost where there is none. The output equals Avro's byte for byte (tests compare it
with fastavro's).
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, TracebackType
from typing import Any, Final

from processors.contract import wire
from processors.contract.schema_files import Schema

# fmt: off
RARELY_REPEATED: Final = frozenset((
    "movement_id", "entry_id", "edit_id", "request_id", "transformation_id", "reverses", "lot_code", "serial_code",
    "serial", "supplier_lot", "customer_lot", "into_lot", "notes", "message", "id", "last_movement_id", "last_code",
    "last_number", "document_number", "root_key", "free", "delivery_note_number", "purchase_invoice_number",
    "continuation", "reversed_by", "adjustment_id", "moved", "scan_id", "command_id", "barcode", "answers", "reason",
))
# fmt: on
"""Fields whose text is a name of its own: a cache would only be churned by them."""

SOURCE_NAME: Final = "<generated codec of %s>"
Encode = Callable[[Any], bytes]
Decode = Callable[[bytes, int], tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class Generated:
    """The two functions of a record class. `decode` takes the position of the first field and gives that of the end."""

    name: str
    encode: Encode
    decode: Decode
    fields: dict[tuple[str, int], str]

    def field_of(self, trace: TracebackType | None) -> str | None:
        """The field in which an error arose: the path of the innermost generated lines in its traceback."""
        path = []
        while trace is not None:
            code: CodeType = trace.tb_frame.f_code
            field = self.fields.get((code.co_filename + code.co_name, trace.tb_lineno))
            if field is not None:
                path.append(field)
            trace = trace.tb_next
        return ".".join(path) or None


def generate(schema: Schema, record: type, nested: dict[str, type]) -> Generated:
    """Write and compile the coders of `record`.

    `nested`: name of a record inside the schema → its class. Raises TypeError where the class and the schema do not
    have the same fields in the same order: they are one thing, written down twice.
    """
    names = [field["name"] for field in schema["fields"]]
    slots = list(record.__dataclass_fields__)  # type: ignore[attr-defined]
    if names != slots:
        raise TypeError(f"{record.__name__} has the fields {slots}, its schema {names}")
    writer = _Writer(schema, record, nested)
    return Generated(schema["name"], writer.encoder(), writer.decoder(), writer.lines)


def _unwrapped(schema: Schema) -> tuple[bool, Schema]:
    """Whether a field is nullable, and its type without that. Other unions than [null, type] are not used."""
    if isinstance(schema, list):
        null, inner = schema
        assert null == "null", f"expected a union of null and one type, got {schema}"
        return True, inner
    return False, schema


def _kind(schema: Schema) -> str:
    if isinstance(schema, dict):
        return str(schema.get("logicalType") or schema["type"])
    return str(schema)


_READERS: Final = {
    "int": wire.read_int,
    "long": wire.read_long,
    "string": wire.read_text,
    "bytes": wire.read_bytes,
    "decimal": wire.read_decimal,
    "date": wire.read_date,
    "timestamp-millis": wire.read_time,
}
_WRITERS: Final[dict[str, Callable[[object], bytes]]] = {
    "int": wire.int_bytes,
    "long": wire.long_bytes,
    "string": wire.text_bytes,
    "decimal": wire.decimal_bytes,
    "date": wire.date_bytes,
    "timestamp-millis": wire.time_bytes,
}
_CACHES: Final[dict[tuple[str, bool], dict[Any, bytes]]] = {}
"""(type, nullable) → value → bytes, shared by all records. None is kept apart: it is part of every nullable one."""


def _cached(kind: str, nullable: bool) -> tuple[Callable[[Any], bytes | None], Callable[[Any], bytes]]:
    """Look-up and fill of the cache of a type. Bytes are never empty, so `look_up(x) or fill(x)` is the whole use."""
    cache = _CACHES.setdefault((kind, nullable), {})
    to_bytes = _WRITERS[kind]

    def encode(value: object) -> bytes:
        if not nullable:
            return to_bytes(value)
        return b"\0" if value is None else b"\2" + to_bytes(value)

    def fill(value: object) -> bytes:
        encoded = encode(value)
        wire.keep(cache, value, encoded)
        return encoded

    return cache.get, fill


class _Writer:
    """The source text of one record's coders; `names` is what it refers to."""

    def __init__(self, schema: Schema, record: type, nested: dict[str, type]) -> None:
        self.schema, self.record, self.nested = schema, record, nested
        self.names: dict[str, Any] = {"LENGTHS": wire.LENGTHS, "varint": wire.varint, "join": b"".join}
        self.lines: dict[tuple[str, int], str] = {}
        self.file = SOURCE_NAME % schema["name"]

    def encoder(self) -> Encode:
        source = ["def encode(v):", "    return join(("]
        for number, field in enumerate(self.schema["fields"]):
            source.append(f"        {self._encode_field(number, field)},")
            self.lines[self.file + "encode", len(source)] = field["name"]
        source.append("    ))")
        encode: Encode = self._compile(source, "encode")
        return encode

    def _encode_field(self, number: int, field: Schema) -> str:
        nullable, schema = _unwrapped(field["type"])
        kind, value = _kind(schema), f"v.{field['name']}"
        look_up, fill = f"look_up_{number}", f"fill_{number}"
        match kind:
            case "boolean":
                self.names[look_up] = (
                    {True: b"\2\1", False: b"\2\0", None: b"\0"} if nullable else {True: b"\1", False: b"\0"}
                )
                return f"{look_up}[{value}]"
            case "enum":
                self.names[look_up] = _symbols_to_bytes(schema, nullable)
                return f"{look_up}[{value}]"
            case "string" if field["name"] in RARELY_REPEATED:
                encoded = "LENGTHS[n] if (n := len(e := {}.encode())) < 4096 else varint(n)"
                if not nullable:
                    return f"({encoded.format(value)}), e"
                return f"b'\\0' if (x := {value}) is None else b'\\2' + ({encoded.format('x')}) + e"
            case "bytes" | "array" | "map" | "record":
                self.names[fill] = self._long_writer(schema, kind)
                if kind == "array" and not nullable:
                    return f"b'\\0' if (x := {value}) == () else {fill}(x)"
                if not nullable:
                    return f"{fill}({value})"
                return f"b'\\0' if (x := {value}) is None else b'\\2' + {fill}(x)"
            case _:
                self.names[look_up], self.names[fill] = _cached(kind, nullable)
                if nullable:  # most are absent: no look-up for those
                    return f"b'\\0' if (x := {value}) is None else {look_up}(x) or {fill}(x)"
                return f"{look_up}({value}) or {fill}({value})"

    def _long_writer(self, schema: Schema, kind: str) -> Callable[[Any], bytes]:
        match kind:
            case "bytes":
                return wire.bytes_bytes
            case "map":
                return wire.changes_bytes
            case "record":
                return self._inner(schema).encode
            case _ if schema["items"] == "string":
                return wire.texts_bytes
            case _:
                items = self._inner(schema["items"])
                return lambda value: wire.array_bytes(value, items.encode)

    def _inner(self, schema: Schema) -> Generated:
        inner = generate(schema, self.nested[schema["name"]], self.nested)
        self.lines.update(inner.fields)
        return inner

    def decoder(self) -> Decode:
        frozen = self.record.__dataclass_params__.frozen  # type: ignore[attr-defined]
        self.names.update(R=self.record, new=object.__new__, SPANS=wire.SPANS, DECIMAL_SPANS=wire.DECIMAL_SPANS)
        self.names.update(SMALL=wire.SMALL, BOOLEANS=(False, True), from_bytes=int.from_bytes)
        self.names.update(date=wire.DATES.get, time=wire.TIMES.get, branch=_wrong_branch)
        source = ["def decode(data, p):"] + ([] if frozen else ["    v = new(R)"])
        position, after = "p", "q"
        for number, field in enumerate(self.schema["fields"]):
            target = f"f{number}" if frozen else f"v.{field['name']}"
            for line in self._decode_field(number, field, target, position, after):
                source.append("    " + line)
                self.lines[self.file + "decode", len(source)] = field["name"]
            position, after = after, position
        values = ", ".join(f"f{number}" for number in range(len(self.schema["fields"])))
        source.append(f"    return {f'R({values})' if frozen else 'v'}, {position}")
        decode: Decode = self._compile(source, "decode")
        return decode

    def _decode_field(self, number: int, field: Schema, target: str, p: str, q: str) -> list[str]:
        nullable, schema = _unwrapped(field["type"])
        if not nullable:
            return self._decode_value(number, schema, target, p, q)
        return [
            f"if data[{p}] == 0:",
            f"    {target} = None",
            f"    {q} = {p} + 1",
            "else:",
            f"    if data[{p}] != 2: branch(data[{p}])",
            f"    {p} += 1",
            *("    " + line for line in self._decode_value(number, schema, target, p, q)),
        ]

    def _decode_value(self, number: int, schema: Schema, target: str, p: str, q: str) -> list[str]:
        kind = _kind(schema)
        read = f"read_{number}"
        slow = f"    {target}, {q} = {read}(data, {p})"
        self.names[read] = _READERS.get(kind)
        match kind:
            case "boolean":
                return [f"{target} = BOOLEANS[data[{p}]]", f"{q} = {p} + 1"]
            case "enum":
                self.names[read] = _Symbols(schema)
                return [f"{target} = {read}[data[{p}]]", f"{q} = {p} + 1"]
            case "string" | "bytes":
                decoded = ".decode()" if kind == "string" else ""
                fast = f"    {target} = data[{p} + 1:{q}]{decoded}"
                return [f"{q} = {p} + SPANS[data[{p}]]", f"if {q} != {p}:", fast, "else:", slow]
            case "decimal":
                fast = f"    {target} = from_bytes(data[{p} + 1:{q}], 'big', signed=True)"
                return [f"{q} = {p} + DECIMAL_SPANS[data[{p}]]", f"if {q} != {p}:", fast, "else:", slow]
            case "int" | "long":
                fast = f"    {target} = SMALL[data[{p}]]"
                return [f"if data[{p}] < 128:", fast, f"    {q} = {p} + 1", "else:", slow]
            case "date" | "timestamp-millis":
                name, size = ("date", 3) if kind == "date" else ("time", 6)
                look_up = f"x = {name}(data[{p}:{p} + {size}])"
                return [look_up, "if x is not None:", f"    {target} = x", f"    {q} = {p} + {size}", "else:", slow]
            case "record":
                self.names[read] = self._inner(schema).decode
                return [f"{target}, {q} = {read}(data, {p})"]
            case _:
                self.names[read] = self._long_reader(schema, kind)
                empty = "{}" if kind == "map" else "()"
                return [f"if data[{p}] == 0:", f"    {target} = {empty}", f"    {q} = {p} + 1", "else:", slow]

    def _long_reader(self, schema: Schema, kind: str) -> Decode:
        if kind == "map":
            return wire.read_changes
        if schema["items"] == "string":
            return wire.read_texts
        items = self._inner(schema["items"])
        return lambda data, p: wire.read_array(data, p, items.decode)

    def _compile(self, source: list[str], name: str) -> Any:
        scope = self.names
        exec(compile("\n".join(source) + "\n", self.file, "exec"), scope)
        return scope[name]


def _symbols_to_bytes(schema: Schema, nullable: bool) -> dict[Any, bytes]:
    known = {
        symbol: (b"\2" if nullable else b"") + wire.varint(number)
        for number, symbol in enumerate(schema["symbols"])
        if symbol != NEUTRAL
    }
    return {None: b"\0", **known} if nullable else known


NEUTRAL: Final = "unspecified"
"""First symbol of an enum without a meaningful neutral one: what a reader sees of a symbol that it does not know."""


class _Symbols(dict[int, str]):
    """First byte of an enum value → symbol. No enum has more than 64, so one byte is all there is."""

    def __init__(self, schema: Schema) -> None:
        assert len(schema["symbols"]) <= 64
        super().__init__({number * 2: s for number, s in enumerate(schema["symbols"]) if s != NEUTRAL})
        self.symbols = [symbol for symbol in schema["symbols"] if symbol != NEUTRAL]

    def __missing__(self, byte: int) -> str:
        got = "a symbol that this version does not know" if byte == 0 else f"symbol number {byte / 2:g}"
        raise ValueError(f"expected one of {', '.join(self.symbols)}, got {got}")


def _wrong_branch(byte: int) -> None:
    raise ValueError(f"expected a null or a value, got branch {byte / 2:g} of a union of two")
