"""Setting a cluster up, sending JSON records to it and reading them back, as a person does it."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Consumer, Producer, TopicPartition

from processors.cli import main
from processors.contract.partitions import partition_of
from processors.embedded.broker import Broker

pytestmark = pytest.mark.real
LOAD: dict[str, Any] = {
    "movement_id": "M1",
    "action": "post",
    "template": "CAR",
    "warehouse": "01",
    "quantity": "5",
    "item_class": "PUB",
    "item_code": "FLOUR",
    "effective_date": "2026-11-21",
}
STATUS = {"code": "OK", "description": "fine", "available": True, "available_for_mrp": True}
NOBODY = "127.0.0.1:1"


@pytest.fixture(scope="module")
def servers(cluster: Broker) -> str:
    made = run("topics", "apply", "--partitions", "12", servers=cluster.bootstrap_servers)
    assert made.exit_code == 0, made.output
    return cluster.bootstrap_servers


def run(*arguments: str, servers: str | None = None, given: str | None = None) -> Result:
    environment = {"LOTSTREAM_BOOTSTRAP_SERVERS": servers or NOBODY, "LOTSTREAM_SCHEMA_REGISTRY": None}
    return CliRunner().invoke(main, list(arguments), input=given, env=environment)


def lines(*forms: object) -> str:
    return "".join(f"{form if isinstance(form, str) else json.dumps(form)}\n" for form in forms)


def read(servers: str, topic: str, *options: str) -> list[dict[str, Any]]:
    result = run("read", topic, *options, servers=servers)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def end(servers: str, topic: str, partition: int = 0) -> int:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test-ends"})
    try:
        _, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30)
        return int(high)
    finally:
        consumer.close()


def test_records_sent_as_json_are_read_as_json(servers: str, tmp_path: Path) -> None:
    file = tmp_path / "movements.jsonl"
    file.write_text(lines(LOAD, "", {"value": {**LOAD, "movement_id": "M2"}, "time": "2026-11-20T10:00:00Z"}))
    before = int(time.time() * 1000)
    sent = run("publish", "movements", str(file), servers=servers)
    assert (sent.exit_code, sent.stdout) == (0, "2 records published to movements.\n"), sent.output
    first, second = read(servers, "movements", "--key", "PUB|FLOUR")
    assert first["partition"] == partition_of("PUB|FLOUR", 12)
    assert (first["key"], first["value"]["quantity"], first["value"]["lots"]) == ("PUB|FLOUR", "5", [])
    assert first["time"] >= time.strftime("%Y-%m-%dT%H:%M", time.gmtime(before / 1000))
    assert (second["value"]["movement_id"], second["time"]) == ("M2", "2026-11-20T10:00:00.000Z")
    assert read(servers, "movements", "--key", "PUB|OTHER") == []


def test_standard_input_is_read_and_a_time_can_be_given_for_all(servers: str) -> None:
    load = {**LOAD, "item_code": "TIMED"}
    sent = run("publish", "movements", "-", "--time", "2026-11-19T08:00:00Z", servers=servers, given=lines(load))
    assert sent.exit_code == 0, sent.output
    assert [form["time"] for form in read(servers, "movements", "--key", "PUB|TIMED")] == ["2026-11-19T08:00:00.000Z"]
    assert read(servers, "movements", "--key", "PUB|TIMED", "--from", "2026-11-20T00:00:00Z") == []


WRONG = [
    {**LOAD, "item_code": "BAD"},
    {"movement_id": 1, "quantity": 5, "colour": "red"},
    "{not json",
    "[]",
    '{"movement_id": "M", "movement_id": "N"}',
    {"value": LOAD, "topic": "register-edits"},
    {"value": LOAD, "record": "Item"},
    {"value": LOAD, "time": "yesterday"},
]
REPORT = """\
line 2: movement_id: expected text, got 1
line 2: action: is missing, expected one of post, reverse, reserve, release
line 2: quantity: expected a decimal as text such as "12.5" or null, got 5
line 2: item_class: is missing, expected text
line 2: item_code: is missing, expected text
line 2: effective_date: is missing, expected a date as text such as "2026-11-21"
line 2: colour: is not a field of Movement; its fields are account, action, delivery_note_number, document_date, \
document_number, document_type, effective_date, into_lot, item_class, item_code, location, lots, movement_id, notes, \
occurred_at, packages, project, purchase_invoice_number, quantity, reverses, serials, template, transformation_id, \
unit, unit_cost, user, variant, warehouse
line 3: expected JSON, got an error at column 2: Expecting property name enclosed in double quotes
line 4: expected a JSON object
line 5: movement_id: is given twice
line 6: topic: expected movements, got 'register-edits'
line 7: record: expected one of Movement, got 'Item'
line 8: expected a time such as 2026-11-21T08:30:00Z, got 'yesterday'
"""


def test_every_wrong_line_is_reported_and_nothing_is_sent(servers: str) -> None:
    before = end(servers, "movements", partition_of("PUB|BAD", 12))
    sent = run("publish", "movements", "-", servers=servers, given=lines(*WRONG))
    assert sent.exit_code == 1
    assert sent.stderr == REPORT + "Error: 7 lines wrong, nothing was sent\n"
    assert end(servers, "movements", partition_of("PUB|BAD", 12)) == before


def test_the_right_lines_are_sent_when_the_wrong_ones_may_be_skipped(servers: str) -> None:
    sent = run("publish", "movements", "-", "--skip-bad", servers=servers, given=lines(*WRONG))
    assert sent.exit_code == 0
    assert sent.stdout == "1 record published to movements, 7 wrong lines skipped.\n"
    assert sent.stderr == REPORT


def test_master_data_names_its_records(servers: str) -> None:
    forms = [{"record": "LotStatus", "value": STATUS}, {"record": "YearLetter", "value": 2026, "letter": "F"}]
    start = str(end(servers, "master-data"))
    assert run("publish", "master-data", "-", servers=servers, given=lines(*forms)).exit_code == 0
    status, letter = read(servers, "master-data", "--from", start)
    assert (status["key"], status["record"], status["value"]) == ("lot_status|OK", "LotStatus", STATUS)
    assert (letter["key"], letter["value"]) == ("year_letter|2026", {"value": 2026, "letter": "F"})
    nameless = run("publish", "master-data", "-", servers=servers, given=lines(STATUS))
    assert nameless.exit_code == 1
    assert "line 1: record: expected one of Company, Item, CodeType" in nameless.stderr
    assert read(servers, "master-data", "--from", start, "--limit", "1") == [status]


def test_what_cannot_be_decoded_is_shown_and_a_tombstone_is_null(servers: str) -> None:
    producer = Producer({"bootstrap.servers": servers})
    producer.produce("stock-register", b"\x01poison", b"torn|\xff", partition=2)
    producer.produce("stock-register", None, b"gone", partition=2)
    producer.produce("movements.dead-letters", b"\0\0", b"k", headers=[("error-code", b"message-undecodable")])
    assert producer.flush(30) == 0
    torn, gone = read(servers, "stock-register")
    assert (torn["key"], torn["value"], torn["raw"]) == ("torn|\\xff", None, "AXBvaXNvbg==")
    assert torn["error"] == "expected the magic byte 0, got 1"
    assert (gone["key"], gone["value"]) == ("gone", None)
    (dead,) = read(servers, "movements.dead-letters")
    assert dead["headers"] == {"error-code": "message-undecodable"}


def test_records_of_an_open_transaction_are_not_shown(servers: str) -> None:
    producer = Producer({"bootstrap.servers": servers, "transactional.id": "test-read"})
    producer.init_transactions(30)
    producer.begin_transaction()
    producer.produce("lineage", b"x", b"open", partition=1)
    producer.flush(30)
    assert read(servers, "lineage") == []
    producer.abort_transaction(30)
    assert read(servers, "lineage") == []


@pytest.mark.parametrize("output", ["table", "csv"])
def test_records_are_read_as_a_table_or_csv(servers: str, output: str) -> None:
    result = run("read", "meta", "--output", output, servers=servers)
    assert result.exit_code == 0
    assert result.stdout.split()[0].startswith("partition")
    assert "schema-ids" in result.stdout


def test_a_topic_that_does_not_exist_is_wrong_usage() -> None:
    result = run("read", "movement")
    assert result.exit_code == 2
    assert "'movement' is not one of 'master-data', 'movements'" in result.stderr


def test_only_inputs_can_be_published_to() -> None:
    assert run("publish", "stock-register", "-", given="{}").exit_code == 2


def test_a_reader_without_a_broker_says_so() -> None:
    result = run("read", "movements")
    assert result.exit_code == 1
    assert result.stderr == f"lotstream: no Kafka broker answered at {NOBODY} within 8 s\n"


def test_records_are_not_mixed_with_another_source_of_schema_ids(servers: str) -> None:
    from tests.contract.schema_registry import schema_registry

    with schema_registry() as registry:
        registered = run("schemas", "register", "--schema-registry", registry.url, "--output", "csv")
        assert registered.exit_code == 0, registered.output
        assert "movements-value," in registered.stdout
        sent = run("publish", "movements", "-", "--schema-registry", registry.url, servers=servers, given=lines(LOAD))
    assert sent.exit_code == 1
    assert "set up with another source of schema ids" in sent.stderr


@pytest.mark.parametrize(
    "command", [("publish",), ("read",), ("topics", "plan"), ("topics", "apply"), ("schemas", "check")]
)
def test_every_help_shows_an_example(command: tuple[str, ...]) -> None:
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Example:" in result.stdout
