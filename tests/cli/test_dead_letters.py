"""`dead-letters`: what was not taken is listed, shown with its reason, and taken once its cause is mended."""

import base64
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import Producer

from processors.cli import main
from processors.contract.codec import Codec
from processors.contract.json_form import from_json
from processors.contract.partitions import partition_of
from processors.contract.schema_ids import LockedIds
from processors.domain.count_lines import CountLine
from processors.domain.movement import Movement
from tests.cli.ledger_on_a_broker import LIMIT_S, PARTITIONS, LedgerOnABroker, inputs

pytestmark = pytest.mark.real


def _listed(ledger: LedgerOnABroker, *options: str) -> list[dict[str, Any]]:
    return ledger.json("dead-letters", "list", *options)


def _of(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    (row,) = (row for row in rows if row["key"] == key)
    return row


def test_dead_letters_are_listed_by_topic_code_and_kind(ledger_on_a_broker: LedgerOnABroker) -> None:
    rows = _listed(ledger_on_a_broker, "--code", "item-unknown")
    row = _of(rows, "ING|SUGAR")
    assert (row["topic"], row["kind"], row["attempt"]) == ("movements", "rule", 1)
    assert row["message"] == "item-unknown: item 'ING' 'SUGAR' is not in the master data; send it first"
    assert {row["key"] for row in _listed(ledger_on_a_broker, "--topic", "master-data")} == {"lot_status|"}
    poison = _listed(ledger_on_a_broker, "--kind", "poison", "--code", "message-undecodable")
    assert len(poison) == 4
    none = ledger_on_a_broker.run("dead-letters", "list", "--topic", "register-edits")
    assert (none.exit_code, none.stdout, none.stderr) == (0, "", "No dead letters of that kind.\n")


def test_a_refused_record_is_shown_with_its_fields_and_headers(ledger_on_a_broker: LedgerOnABroker) -> None:
    row = _of(_listed(ledger_on_a_broker, "--code", "item-unknown"), "ING|SUGAR")
    (shown,) = ledger_on_a_broker.json("dead-letters", "show", "movements", str(row["offset"]))
    assert shown["value"]["movement_id"] == "X-008"
    assert shown["headers"]["__streams.errors.topic"] == "movements"
    assert shown["headers"]["error-code"] == "item-unknown"
    table = ledger_on_a_broker.run("dead-letters", "show", "movements", str(row["offset"])).stdout
    assert any(line.split() == ["value.movement_id", "X-008"] for line in table.splitlines())


def test_bytes_that_are_no_record_are_shown_as_they_are(ledger_on_a_broker: LedgerOnABroker) -> None:
    letters = _listed(ledger_on_a_broker, "--code", "message-undecodable")
    offset = str(next(row["offset"] for row in letters if "magic byte" in row["message"]))
    (shown,) = ledger_on_a_broker.json("dead-letters", "show", "movements", offset)
    assert (shown["value"], base64.b64decode(shown["raw"])) == (None, b"\x01")
    assert shown["error"] == "expected the magic byte 0, got 1"


def test_an_offset_without_a_dead_letter_is_told(ledger_on_a_broker: LedgerOnABroker) -> None:
    for arguments in (["show", "movements", "999999"], ["replay", "--topic", "movements", "--offset", "999999"]):
        result = ledger_on_a_broker.run("dead-letters", *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "999999" in result.stderr or "nothing was sent" in result.stderr


def test_an_offset_alone_is_wrong_usage() -> None:
    result = CliRunner().invoke(main, ["dead-letters", "replay", "--offset", "3"])
    assert (result.exit_code, "--offset needs --topic" in result.output) == (2, True)


def test_nothing_is_sent_by_a_dry_run_or_without_a_yes(ledger_on_a_broker: LedgerOnABroker) -> None:
    before = ledger_on_a_broker.end("movements")
    dry = ledger_on_a_broker.run("dead-letters", "replay", "--code", "item-unknown", "--dry-run")
    assert (dry.exit_code, "1 dead letter would be sent again." in dry.stdout) == (0, True)
    asked = ledger_on_a_broker.run("dead-letters", "replay", "--code", "item-unknown", given="n\n")
    assert (asked.exit_code, "Send 1 dead letter again? [y/N]: n" in asked.stdout) == (1, True)
    assert ledger_on_a_broker.end("movements") == before


def test_a_dead_letter_is_taken_once_its_cause_is_mended(ledger_on_a_broker: LedgerOnABroker) -> None:
    """An item that was unknown; a record that another partitioner had put into the wrong partition; one still wrong."""
    ledger = ledger_on_a_broker
    salt = next(line["value"] for line in inputs()[0] if line["value"].get("item_code") == "SALT")
    load = next(line["value"] for line in inputs()[1] if line["value"]["item_code"] == "SALT")
    astray = {**load, "movement_id": "ASTRAY"}
    codec, key = Codec(LockedIds()), "ING|SALT"
    producer = Producer({"bootstrap.servers": ledger.servers})
    wrong = (partition_of(key, PARTITIONS) + 1) % PARTITIONS
    value = codec.encode("movements", from_json(Movement, astray))
    time_ms = 1_781_524_900_000
    producer.produce("movements", value, key, wrong, timestamp=time_ms, headers=[("traceparent", b"00-ab-cd-01")])
    assert producer.flush(LIMIT_S) == 0
    del producer

    with ledger.worker():
        ledger.wait_until_worked_off("movements")
        item = {"topic": "master-data", "record": "Item", "value": {**salt, "item_code": "SUGAR", "barcodes": []}}
        ledger.send([item])
        ledger.wait_until_worked_off("master-data")
        for code in ("item-unknown", "key-mismatch", "lot-blocked"):
            result = ledger.run("dead-letters", "replay", "--topic", "movements", "--code", code, "--yes")
            assert (result.exit_code, result.stdout) == (0, "1 sent to movements.\n"), result.output
        ledger.wait_until_worked_off("movements")

    replies = [record["value"] for record in ledger.json("read", "replies")]
    for movement_id, statuses in (
        ("X-008", ["refused", "done"]),
        ("ASTRAY", ["done"]),
        ("X-002", ["refused", "refused"]),
    ):
        assert [reply["status"] for reply in replies if reply["request_id"] == movement_id] == statuses
    (again,) = (
        record
        for record in ledger.json("read", "movements", "--key", key)
        if record["partition"] == partition_of(key, PARTITIONS) and record["value"]["movement_id"] == "ASTRAY"
    )
    assert again["time"] == "2026-06-15T12:01:40.000Z"
    mismatch = _of(_listed(ledger, "--code", "key-mismatch"), key)
    (letter,) = ledger.json("dead-letters", "show", "movements", str(mismatch["offset"]))
    assert letter["headers"]["traceparent"] == "00-ab-cd-01"
    blocked = _listed(ledger, "--code", "lot-blocked")
    assert [(row["key"], row["attempt"]) for row in blocked] == [("ING|YEAST", 1), ("ING|YEAST", 2)]


def test_a_record_about_a_partition_is_sent_to_it_again(ledger_on_a_broker: LedgerOnABroker) -> None:
    """Its key lies anywhere: what `count-lines` tells each partition of the ledger names the partition."""
    ledger, codec = ledger_on_a_broker, Codec(LockedIds())
    producer = Producer({"bootstrap.servers": ledger.servers})
    for place in range(PARTITIONS):
        form = {"kind": "drop", "inventory": "AGAIN", "list": "A", "partition": place}
        value, key = codec.encode("count-lines", from_json(CountLine, form)), f"control|AGAIN|A|{place}"
        producer.produce("count-lines.dead-letters", value, key, 0, headers=[("error-code", b"internal-error")])
    assert producer.flush(LIMIT_S) == 0
    del producer
    result = ledger.run("dead-letters", "replay", "--topic", "count-lines", "--yes")
    assert (result.exit_code, result.stdout) == (0, f"{PARTITIONS} sent to count-lines.\n"), result.output
    again = [row for row in ledger.json("read", "count-lines") if row["value"]["inventory"] == "AGAIN"]
    assert sorted((row["partition"], row["value"]["partition"]) for row in again) == [(p, p) for p in range(PARTITIONS)]
