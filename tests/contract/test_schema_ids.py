"""Ids from the lock file or from a registry; records of other schema versions; releases."""

import copy
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest

from processors.contract import releases
from processors.contract.codec import Codec, Undecodable, current_schema, header
from processors.contract.schema_files import FOLDER, normal_form, released_versions
from processors.contract.schema_ids import LockedIds, SchemaIdsError
from processors.contract.schema_registry import RegistryIds
from processors.domain.master import LotStatus
from processors.domain.movement import Movement
from tests.contract.records import TOPICS_AND_RECORDS, a_load
from tests.contract.schema_registry import Registry, schema_registry


@pytest.fixture
def registry() -> Iterator[Registry]:
    with schema_registry() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the schemas that a test may change."""
    shutil.copytree(FOLDER, tmp_path / "schemas")
    return tmp_path / "schemas"


def change(folder: Path, name: str, edit: Any) -> None:
    """Change a schema file: `edit` gets its fields by name."""
    path = folder / f"{name}.avsc"
    schema = json.loads(path.read_text())
    edit(schema)
    path.write_text(json.dumps(schema))


class OtherVersions(LockedIds):
    """The lock file's ids and, under further ids, schemas as other versions of lotstream wrote them."""

    def __init__(self, schemas: dict[int, Any]) -> None:
        super().__init__()
        self.others = schemas

    def schema_of(self, schema_id: int) -> Any:
        return self.others.get(schema_id) or super().schema_of(schema_id)


def written(schema: Any, record: dict[str, Any], schema_id: int = 900) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(normal_form(schema, logical=False)), record)
    return header(schema_id) + out.getvalue()


def a_schema(record: type, edit: Any) -> Any:
    schema = copy.deepcopy(current_schema(record))
    edit(schema)
    return schema


def without(*names: str) -> Any:
    def edit(schema: Any) -> None:
        schema["fields"] = [field for field in schema["fields"] if field["name"] not in names]

    return edit


PLAIN_LOAD = {
    **{field["name"]: field.get("default") for field in current_schema(Movement)["fields"]},
    "movement_id": "M1",
    "action": "post",
    "template": "CAR",
    "warehouse": "01",
    "quantity": b"\x4c\x4b\x40",
    "item_class": "FOO",
    "item_code": "FLOUR",
    "effective_date": 20778,
}


def test_a_record_of_an_older_version_has_the_defaults_of_the_fields_it_lacks() -> None:
    older = a_schema(Movement, without("into_lot", "serials", "user"))
    codec = Codec(OtherVersions({900: older}))
    assert codec.decode("movements", written(older, PLAIN_LOAD)) == a_load(lots=())


def test_a_record_of_a_newer_version_is_read_without_the_fields_that_nobody_here_knows() -> None:
    field = {"name": "colour", "type": ["null", "string"], "default": None}
    newer = a_schema(Movement, lambda schema: schema["fields"].insert(3, field))
    codec = Codec(OtherVersions({900: newer}))
    assert codec.decode("movements", written(newer, {**PLAIN_LOAD, "colour": "red"})) == a_load(lots=())


def test_a_symbol_of_a_newer_version_is_undecodable_where_it_matters() -> None:
    newer = a_schema(Movement, lambda schema: schema["fields"][1]["type"]["symbols"].append("exchange"))
    codec = Codec(OtherVersions({900: newer}))
    message = "action: expected one of post, .*, got a symbol that this version does not know"
    with pytest.raises(Undecodable, match=message):
        codec.decode("movements", written(newer, {**PLAIN_LOAD, "action": "exchange"}))


def test_a_document_type_of_a_newer_version_is_another_one() -> None:
    def edit(schema: Any) -> None:
        kind = next(field for field in schema["fields"] if field["name"] == "document_type")
        kind["type"][1]["symbols"].append("gift")

    newer = a_schema(Movement, edit)
    codec = Codec(OtherVersions({900: newer}))
    decoded = codec.decode("movements", written(newer, {**PLAIN_LOAD, "document_type": "gift"}))
    assert isinstance(decoded, Movement)
    assert decoded.document_type == "other"


@pytest.mark.parametrize(
    "damage", [lambda d: d[:-1], lambda d: d + b"\0", lambda d: d[:9], lambda d: d[:5] + b"\xff" * 9]
)
def test_a_damaged_record_of_an_older_version_is_undecodable(damage: Any) -> None:
    older = a_schema(Movement, without("into_lot"))
    codec = Codec(OtherVersions({900: older}))
    with pytest.raises(Undecodable, match="Movement, written with another version of its schema"):
        codec.decode("movements", damage(written(older, PLAIN_LOAD)))


def test_only_the_docs_of_a_schema_differ_and_nothing_is_resolved() -> None:
    same = a_schema(Movement, lambda schema: schema.update(doc="Other words."))
    codec = Codec(OtherVersions({900: same}))
    assert codec.decode("movements", written(same, PLAIN_LOAD)) == a_load(lots=())


def test_a_subject_without_an_id_says_what_to_do(folder: Path) -> None:
    (folder / "ids.lock.json").write_text('{"subjects": {}}')
    with pytest.raises(SchemaIdsError, match=r"movements-value has no id .*: run `lotstream schemas release`"):
        LockedIds(folder).id_of("movements-value", current_schema(Movement))


def test_a_release_gives_every_changed_record_an_id_that_stays(folder: Path) -> None:
    first, _ = releases.release(folder)
    assert len(first) == len({record for _, record in TOPICS_AND_RECORDS})
    before = LockedIds(folder).subjects
    assert releases.release(folder) == ([], [])
    field = {"name": "colour", "type": ["null", "string"], "default": None, "doc": "Colour."}
    change(folder, "LotStatus", lambda schema: schema["fields"].append(field))
    assert releases.unlocked(folder) == [
        "master-data-LotStatus: LotStatus changed since its release 1",
        "master-register-LotStatus: LotStatus changed since its release 1",
    ]
    done, _ = releases.release(folder)
    after = LockedIds(folder).subjects
    assert done == [f"LotStatus version 2, id {after['master-data-LotStatus']['2']['id']}"]
    assert {subject: versions["1"] for subject, versions in after.items()} == {s: v["1"] for s, v in before.items()}
    assert list(released_versions("LotStatus", folder)) == [1, 2]


def test_a_record_changed_after_its_release_is_not_written_under_the_old_id(folder: Path) -> None:
    releases.release(folder)
    changed = a_schema(LotStatus, without("available_for_mrp"))
    with pytest.raises(SchemaIdsError, match="LotStatus changed since its release 1"):
        LockedIds(folder).id_of("master-data-LotStatus", changed)


def test_an_incompatible_change_is_not_released(folder: Path) -> None:
    releases.release(folder)
    change(folder, "LotStatus", without("available"))
    done, broken = releases.release(folder)
    assert done == []
    assert [(each.record, each.field) for each in broken] == [("LotStatus", "available")]
    assert list(released_versions("LotStatus", folder)) == [1]


def test_records_travel_with_the_ids_of_a_registry(registry: Registry) -> None:
    registered = dict(releases.register(RegistryIds(registry.url)))
    codec = Codec(RegistryIds(registry.url))
    encoded = codec.encode("movements", a_load())
    assert encoded[:5] == header(registered["movements-value"])
    assert codec.decode("movements", encoded) == a_load()
    assert registered["master-data-LotStatus"] == registered["master-register-LotStatus"]


def test_registering_again_changes_nothing(registry: Registry) -> None:
    first = releases.register(RegistryIds(registry.url))
    assert releases.register(RegistryIds(registry.url)) == first


def test_a_registry_is_asked_once_for_an_id(registry: Registry) -> None:
    ids = RegistryIds(registry.url)
    releases.register(ids)
    codec = Codec(ids)
    registry.requests.clear()
    for _ in range(3):
        codec.decode("movements", codec.encode("movements", a_load()))
        with pytest.raises(Undecodable, match="schema id 4711 is not known to schema-registry"):
            codec.decode("movements", header(4711) + b"x")
    assert registry.requests == ["GET /schemas/ids/4711"]


def test_a_schema_that_someone_else_registered_is_resolved(registry: Registry) -> None:
    ids = RegistryIds(registry.url)
    releases.register(ids)
    older = a_schema(Movement, without("into_lot"))
    theirs = RegistryIds(registry.url).register("movements-value", older)
    assert Codec(ids).decode("movements", written(older, PLAIN_LOAD, theirs)) == a_load(lots=())


def test_a_schema_that_is_not_registered_says_what_to_do(registry: Registry) -> None:
    with pytest.raises(
        SchemaIdsError, match=r"movements-value is not in the registry .*: run `lotstream schemas register`"
    ):
        Codec(RegistryIds(registry.url)).encode("movements", a_load())


def test_a_registry_in_trouble_is_not_an_unknown_id(registry: Registry) -> None:
    ids = RegistryIds(registry.url, timeout_s=2)
    releases.register(ids)
    codec = Codec(ids)
    codec.encode("movements", a_load())
    registry.broken = True
    with pytest.raises(SchemaIdsError, match="schema registry at"):
        codec.decode("movements", header(4711) + b"x")


def test_no_registry_at_all_is_a_clear_message() -> None:
    with schema_registry() as gone:
        url = gone.url
    with pytest.raises(SchemaIdsError, match="no answer from the schema registry at"):
        RegistryIds(url, timeout_s=2).id_of("movements-value", current_schema(Movement))
