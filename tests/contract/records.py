"""Records of every class for properties, made from their schemas; and one realistic record of each kind for tables."""

from typing import Any

from hypothesis import strategies as st

from processors.contract.codec import current_schema, nested_records
from processors.contract.generated_codec import NEUTRAL
from processors.contract.manifest import MANIFEST
from processors.contract.schema_files import Schema
from processors.contract.wire import DAY_MAX, DAY_MIN, INT_MAX, LONG_MAX, TIME_MAX, TIME_MIN
from processors.domain.movement import Movement, MovementLot
from processors.domain.quantity import MAX as DECIMAL_MAX

TOPICS_AND_RECORDS = [(topic.name, record) for topic in MANIFEST.values() for record in topic.records]
"""Every pair of a topic and a record class that it carries."""

_EDGES = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2**31 - 1, -(2**31)]
TEXTS = st.one_of(
    st.text(max_size=12), st.sampled_from(["", "KG", "à|\\|", "L2026-00001", "x" * 63, "y" * 64, "z" * 5000])
)
DECIMALS = st.one_of(
    st.integers(-DECIMAL_MAX, DECIMAL_MAX),
    st.sampled_from([0, 1, -1, 127, 128, -128, -129, 2**55 - 1, 2**55, -(2**55) - 1, DECIMAL_MAX, -DECIMAL_MAX]),
)
STRATEGIES: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "boolean": st.booleans(),
    "int": st.one_of(st.integers(-INT_MAX - 1, INT_MAX), st.sampled_from(_EDGES)),
    "long": st.one_of(st.integers(-LONG_MAX - 1, LONG_MAX), st.sampled_from(_EDGES)),
    "bytes": st.binary(max_size=100),
    "decimal": DECIMALS,
    "date": st.integers(DAY_MIN, DAY_MAX),
    "timestamp-millis": st.one_of(st.integers(TIME_MIN, TIME_MAX), st.integers(1_790_000_000_000, 1_790_000_000_999)),
}


def values(record: type) -> st.SearchStrategy[Any]:
    """Any value of a record class."""
    return _values(current_schema(record), {current_schema(record)["name"]: record, **nested_records(record)})


def _values(schema: Schema, classes: dict[str, type]) -> st.SearchStrategy[Any]:
    if isinstance(schema, list):
        return st.none() | _values(schema[1], classes)
    kind = (schema.get("logicalType") or schema["type"]) if isinstance(schema, dict) else schema
    match kind:
        case "enum":
            return st.sampled_from([symbol for symbol in schema["symbols"] if symbol != NEUTRAL])
        case "array":
            return st.lists(_values(schema["items"], classes), max_size=3).map(tuple)
        case "map":
            return st.dictionaries(TEXTS, _values(schema["values"], classes), max_size=3)
        case "record":
            return st.builds(classes[schema["name"]], *(_values(field["type"], classes) for field in schema["fields"]))
        case _:
            return STRATEGIES[kind]


def a_load(movement_id: str = "M1", quantity: int = 5_000_000, **changes: Any) -> Movement:
    """A load of one lot."""
    fields: dict[str, Any] = {
        "action": "post",
        "reverses": None,
        "template": "CAR",
        "warehouse": "01",
        "location": None,
        "item_class": "FOO",
        "item_code": "FLOUR",
        "variant": None,
        "unit": None,
        "effective_date": 20_778,
        "lots": (MovementLot("L1", quantity),),
    }
    return Movement(movement_id=movement_id, quantity=quantity, **{**fields, **changes})
