"""Values become exactly the bytes that Avro prescribes, come back from them, and no bytes do harm."""

import io
from dataclasses import replace
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.contract.codec import Codec, EncodeError, Undecodable, current_schema, header
from processors.contract.generated_codec import generate
from processors.contract.manifest import MANIFEST
from processors.contract.schema_files import normal_form
from processors.contract.schema_ids import LockedIds
from processors.contract.wire import varint
from processors.domain.master import LotStatus
from processors.domain.movement import Movement, MovementLot
from tests.contract.records import TOPICS_AND_RECORDS, a_load, values

CODEC = Codec(LockedIds())
MOVEMENT_ID = CODEC.schema_id("movements", Movement)
AVRO = {
    record: fastavro.parse_schema(normal_form(current_schema(record), logical=False))
    for _, record in TOPICS_AND_RECORDS
}


def as_avro(value: Any) -> Any:
    """A value as fastavro takes it: records as dicts, millionths as the bytes of the shortest two's complement."""
    return _plain(current_schema(type(value)), value)


def _plain(schema: Any, value: Any) -> Any:
    if isinstance(schema, list):
        return None if value is None else _plain(schema[1], value)
    match schema:
        case {"logicalType": "decimal"}:
            size = next(n for n in range(1, 9) if -(1 << 8 * n - 1) <= value < 1 << 8 * n - 1)
            return value.to_bytes(size, "big", signed=True)
        case {"type": "record", "fields": fields}:
            return {field["name"]: _plain(field["type"], getattr(value, field["name"])) for field in fields}
        case {"type": "array", "items": items}:
            return [_plain(items, item) for item in value]
        case _:
            return value


@pytest.mark.parametrize(("topic", "record"), TOPICS_AND_RECORDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_bytes_of_every_record_are_those_of_avro_and_give_it_back(topic: str, record: type, data: Any) -> None:
    value = data.draw(values(record))
    expected = io.BytesIO()
    fastavro.schemaless_writer(expected, AVRO[record], as_avro(value))
    encoded = CODEC.encode(topic, value)
    assert encoded == header(CODEC.schema_id(topic, record)) + expected.getvalue()
    assert CODEC.decode(topic, encoded) == value
    assert type(CODEC.decode(topic, encoded)) is record


@settings(max_examples=300, deadline=None)
@given(topic=st.sampled_from(sorted({topic for topic, _ in TOPICS_AND_RECORDS})), data=st.data())
def test_any_bytes_are_a_record_or_undecodable(topic: str, data: Any) -> None:
    record = data.draw(st.sampled_from(MANIFEST[topic].records))
    body = data.draw(st.binary(max_size=200))
    for raw in (body, header(CODEC.schema_id(topic, record)) + body):
        try:
            decoded = CODEC.decode(topic, raw)
        except Undecodable:
            continue
        assert type(decoded) in MANIFEST[topic].records


@settings(max_examples=150, deadline=None)
@given(pair=st.sampled_from(TOPICS_AND_RECORDS), data=st.data())
def test_a_record_with_a_changed_byte_is_a_record_or_undecodable(pair: tuple[str, type], data: Any) -> None:
    topic, record = pair
    encoded = bytearray(CODEC.encode(topic, data.draw(values(record))))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] = data.draw(st.integers(0, 255))
    try:
        decoded = CODEC.decode(topic, bytes(encoded))
    except Undecodable:
        return
    assert type(decoded) in MANIFEST[topic].records


@settings(max_examples=60, deadline=None)
@given(value=values(Movement), more=st.binary(min_size=1, max_size=5))
def test_a_record_cut_short_or_with_bytes_behind_it_is_undecodable(value: Movement, more: bytes) -> None:
    encoded = CODEC.encode("movements", value)
    for end in {0, 1, 4, 5, len(encoded) // 2, len(encoded) - 1}:
        with pytest.raises(Undecodable):
            CODEC.decode("movements", encoded[:end])
    with pytest.raises(Undecodable, match="bytes after the end"):
        CODEC.decode("movements", encoded + more)


GOOD = CODEC.encode("movements", a_load())
STATUS = CODEC.encode("master-data", LotStatus("OK", "fine", True, True))


def movement_bytes(movement_id: bytes, action: int = 1) -> bytes:
    return header(MOVEMENT_ID) + varint(len(movement_id)) + movement_id + varint(action)


@pytest.mark.parametrize(
    ("case", "data", "message"),
    [
        ("a null value", None, "expected a record, got no bytes"),
        ("an empty value", b"", "expected a record, got no bytes"),
        ("a wrong magic byte", b"\1" + GOOD[1:], "expected the magic byte 0, got 1"),
        ("JSON", b'{"movement_id": "M1"}', "expected the magic byte 0, got 123"),
        ("half a schema id", GOOD[:3], "expected a schema id of 4 bytes after the magic byte, got 2"),
        ("an unknown schema id", header(999_999) + GOOD[5:], "schema id 999999 is not known to lock-file"),
        ("another topic's record", STATUS, "is LotStatus, not a record of topic movements"),
        ("no field at all", GOOD[:5], "movement_id: the data of Movement ends too early"),
        ("wrong UTF-8", movement_bytes(b"\xff\xfe"), "movement_id: expected UTF-8 text"),
        ("a negative length", header(MOVEMENT_ID) + b"\1" + GOOD[6:], "movement_id: a negative length -1"),
        (
            "a length beyond all",
            header(MOVEMENT_ID) + varint(2**62),
            "movement_id: the data of Movement ends too early",
        ),
        ("an endless integer", header(MOVEMENT_ID) + b"\xff" * 20, "movement_id: an integer of more than 10 bytes"),
        (
            "the neutral symbol",
            movement_bytes(b"M1", 0),
            "action: expected one of post, reverse, reserve, release, got a",
        ),
        ("no such symbol", movement_bytes(b"M1", 9), "action: expected one of .*, got symbol number 9"),
        ("no such branch", movement_bytes(b"M1") + b"\4", "reverses: expected a null or a value, got branch 2 of"),
    ],
)
def test_bytes_that_are_no_record_say_what_is_wrong_and_where(case: str, data: bytes | None, message: str) -> None:
    with pytest.raises(Undecodable, match=message):
        CODEC.decode("movements", data)


@pytest.mark.parametrize("count", [2**40, -(2**40)])
def test_the_length_of_an_array_is_not_believed(count: int) -> None:
    value = a_load(lots=(MovementLot("LOT", 1),) * 2, serials=("S", "T"))
    encoded = CODEC.encode("movements", value)
    for field, start in (("lots", b"\4\2\6LOT"), ("serials", b"\4\2S\2T")):
        place = encoded.rindex(start)
        with pytest.raises(Undecodable, match=f"{field}: an array of {2**40} items in"):
            CODEC.decode("movements", encoded[:place] + varint(count) + b"\0" + encoded[place + 1 :])


def test_a_quantity_beyond_18_digits_is_undecodable() -> None:
    small = CODEC.encode("movements", a_load(quantity=7, lots=()))
    huge = (10**18).to_bytes(8, "big")
    place = small.index(b"\2\2\7")
    with pytest.raises(Undecodable, match="quantity: expected a decimal of at most 18 digits"):
        CODEC.decode("movements", small[:place] + b"\2" + varint(8) + huge + small[place + 3 :])


def test_arrays_in_blocks_of_any_size_are_read() -> None:
    in_one = CODEC.encode("movements", a_load(lots=(), serials=("A", "B", "C")))
    place = in_one.rindex(b"\6\2A\2B\2C\0")
    in_blocks = varint(-1) + varint(2) + b"\2A" + varint(2) + b"\2B\2C\0"
    decoded = CODEC.decode("movements", in_one[:place] + in_blocks + in_one[place + 8 :])
    assert decoded == a_load(lots=(), serials=("A", "B", "C"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"movement_id": 7}, "Movement.movement_id: expected text, got 7"),
        ({"movement_id": None}, "Movement.movement_id: expected text, got None"),
        ({"movement_id": "\ud800"}, "Movement.movement_id: .*surrogates not allowed"),
        ({"action": "give"}, "Movement.action: expected one of the values of its schema, got 'give'"),
        ({"action": "unspecified"}, "Movement.action: expected one of the values of its schema, got 'unspecified'"),
        ({"quantity": 10**18}, "Movement.quantity: expected millionths of at most 18 digits, got 1000000000000000000"),
        ({"quantity": "5"}, "Movement.quantity: expected millionths of at most 18 digits, got '5'"),
        ({"quantity": 2.5}, "Movement.quantity: expected millionths of at most 18 digits, got 2.5"),
        ({"effective_date": 3_000_000}, "Movement.effective_date: expected a day number of the years 1 to 9999"),
        ({"effective_date": None}, "Movement.effective_date: expected a day number"),
        ({"packages": 2**31}, "Movement.packages: expected an integer of 32 bits, got 2147483648"),
        ({"occurred_at": 2**60}, "Movement.occurred_at: expected milliseconds UTC of the years 1 to 9999"),
        ({"serials": ("A", 1)}, "Movement.serials: expected text, got 1"),
        ({"serials": "AB"}, "Movement.serials: expected a tuple of texts, got 'AB'"),
        ({"lots": (MovementLot("A", -(10**18)),)}, "Movement.lots.quantity: expected millionths"),
    ],
)
def test_a_value_that_its_schema_cannot_hold_is_refused_by_field(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(EncodeError, match=message):
        CODEC.encode("movements", replace(a_load(), **changes))


def test_a_topic_takes_only_its_own_records() -> None:
    with pytest.raises(EncodeError, match="movements: expected Movement, got LotStatus"):
        CODEC.encode("movements", LotStatus("OK", "fine", True, True))


def test_a_record_class_that_does_not_follow_its_schema_is_found_at_start() -> None:
    schema = current_schema(LotStatus)
    with pytest.raises(TypeError, match="has the fields"):
        generate({**schema, "fields": schema["fields"][::-1]}, LotStatus, {})


def test_ten_thousand_serials_come_back_in_order() -> None:
    value = a_load(lots=(), serials=tuple(f"SN-{number:08d}" for number in range(10_000)))
    assert CODEC.decode("movements", CODEC.encode("movements", value)) == value
