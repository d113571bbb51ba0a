"""The schema files say everything that the contract asks of them, and the record classes follow them."""

from dataclasses import MISSING, fields
from typing import Any

import pytest

from processors.contract.codec import coders, current_schema
from processors.contract.json_form import from_json, to_json
from processors.contract.manifest import MANIFEST, subject_of
from processors.contract.releases import subjects, unlocked
from processors.contract.schema_files import FOLDER, record_name
from processors.contract.schema_ids import LockedIds, read_lock
from tests.contract.records import TOPICS_AND_RECORDS

RECORDS = sorted({record for _, record in TOPICS_AND_RECORDS}, key=record_name)


def parts(schema: Any) -> list[Any]:
    """A schema and everything inside it."""
    if isinstance(schema, list):
        return [part for branch in schema for part in parts(branch)]
    if not isinstance(schema, dict):
        return []
    inner = [field["type"] for field in schema.get("fields", [])] + [
        schema[key] for key in ("type", "items", "values") if isinstance(schema.get(key), dict | list)
    ]
    return [schema, *(part for each in inner for part in parts(each))]


@pytest.mark.parametrize("record", RECORDS, ids=record_name)
def test_every_field_of_every_record_is_explained(record: type) -> None:
    for part in parts(current_schema(record)):
        if part["type"] == "record":
            assert part["doc"].endswith(".")
            for field in part["fields"]:
                assert field["doc"].endswith("."), f"{part['name']}.{field['name']}"


@pytest.mark.parametrize("record", RECORDS, ids=record_name)
def test_a_reader_survives_new_symbols_of_every_enum(record: type) -> None:
    for part in parts(current_schema(record)):
        if part["type"] == "enum":
            assert part["default"] == part["symbols"][0]
            assert part["default"] in ("unspecified", "other")


@pytest.mark.parametrize("record", RECORDS, ids=record_name)
def test_every_nullable_field_defaults_to_null_and_decimals_have_18_digits_with_6_decimals(record: type) -> None:
    for part in parts(current_schema(record)):
        if part["type"] == "record":
            for field in part["fields"]:
                if isinstance(field["type"], list):
                    assert field["type"][0] == "null"
                    assert field["default"] is None
        if part.get("logicalType") == "decimal":
            assert (part["precision"], part["scale"]) == (18, 6)


@pytest.mark.parametrize("record", RECORDS, ids=record_name)
def test_a_default_of_the_class_is_the_default_of_the_schema(record: type) -> None:
    schema = {field["name"]: field for field in current_schema(record)["fields"]}
    given = {name: field for name, field in schema.items() if "default" in field}
    for field in fields(record):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if default is MISSING:
            continue
        assert field.name in given, f"{field.name} has no default in the schema"
        assert given[field.name]["default"] == (list(default) if isinstance(default, tuple) else default)


@pytest.mark.parametrize("record", RECORDS, ids=record_name)
def test_the_generated_coders_accept_the_class(record: type) -> None:
    assert coders(record).name == record_name(record)


def test_every_subject_has_an_id_and_no_record_changed_behind_its_id() -> None:
    assert unlocked() == []
    assert set(read_lock()) == {subject for subject, _ in subjects()}


def test_an_id_stands_for_one_record_in_all_its_topics() -> None:
    ids = LockedIds()
    given: dict[int, str] = {}
    for topic, record in TOPICS_AND_RECORDS:
        schema_id = ids.id_of(subject_of(MANIFEST[topic], record_name(record)), current_schema(record))
        assert given.setdefault(schema_id, record_name(record)) == record_name(record)
    assert len(set(given.values())) == len(given)


def test_there_is_no_schema_file_without_a_topic() -> None:
    assert {path.stem for path in FOLDER.glob("*.avsc")} == {record_name(record) for record in RECORDS}


def test_a_record_of_defaults_needs_nothing_else() -> None:
    company = next(record for record in RECORDS if record_name(record) == "Company")
    assert to_json(from_json(company, {})) == {
        "open_from": None,
        "open_to": None,
        "allow_negative_stock": False,
        "lot_code_scope": "item",
        "time_zone": "UTC",
    }
