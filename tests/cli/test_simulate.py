"""`simulate`: the records of a worker on a broker, without either; lines that are wrong; what is printed."""

import base64
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from processors.cli import main, wiring
from processors.cli.simulate import run
from processors.cli.simulate_lines import Given, read_given
from processors.contract.codec import Codec
from processors.contract.headers import CODE
from processors.contract.manifest import MANIFEST
from processors.contract.schema_ids import LockedIds
from processors.runtime.log import Record
from tests.cli.ledger_on_a_broker import PARTITIONS, LedgerOnABroker, inputs

Place = tuple[str, int]


def simulate(*lines: Any, options: Sequence[str] = ()) -> Result:
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    return CliRunner().invoke(main, ["simulate", "-", *options], input=text)


def printed(*lines: Any, options: Sequence[str] = ()) -> list[dict[str, Any]]:
    result = simulate(*lines, options=options)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def _simulated() -> tuple[dict[Place, list[Record]], dict[tuple[str, bytes], bytes]]:
    """Outputs by place, and the final rows, of the lines that the worker on the broker got."""
    simulation, codec = wiring.simulation(PARTITIONS, 50_000)
    lines = [json.dumps(line).encode() for group in inputs() for line in group]
    given = [each for each in read_given(lines, codec) if isinstance(each, Given)]
    assert len(given) == len(lines)
    outputs: dict[Place, list[Record]] = defaultdict(list)
    for record in run(simulation, given):
        outputs[record.topic, record.partition].append(record)
    registers = [name for name, topic in MANIFEST.items() if topic.kind == "register"]
    return outputs, dict(simulation.rows(registers))


@pytest.mark.real
def test_simulate_gives_the_records_of_a_worker_byte_for_byte(ledger_on_a_broker: LedgerOnABroker) -> None:
    outputs, rows = _simulated()

    real_rows: dict[tuple[str, bytes], bytes] = {}
    compared = 0
    for (topic, partition), real in ledger_on_a_broker.records.items():
        match MANIFEST[topic].kind:
            case "event":  # their record time is the broker's, the input's is in `ce_time`
                expected = [(r.key, r.value, r.headers) for r in outputs[topic, partition]]
                assert [(r.key, r.value, r.headers) for r in real] == expected, (topic, partition)
                compared += len(expected)
            case "dead-letters":  # their one partition is shared by all tasks: the order between these is free
                refused = sorted((repr(r.headers), r.key, r.value, r.timestamp_ms) for r in outputs[topic, partition])
                assert sorted((repr(r.headers), r.key, r.value, r.time_ms) for r in real) == refused, topic
                compared += len(refused)
            case "register":  # a batch writes each row once: only the last one counts
                for record in real:
                    assert record.key is not None
                    real_rows.pop((topic, record.key), None)
                    if record.value is not None:
                        real_rows[topic, record.key] = record.value
    assert real_rows == rows
    topics = {topic for (topic, _), records in outputs.items() if records}
    assert topics >= {
        "replies", "postings", "register-history", "stock-register", "lot-register", "serial-register",
        "counter-register", "master-register", "movements.dead-letters", "master-data.dead-letters", "ledger-state",
    }  # fmt: skip
    replies = [record for (topic, _), there in outputs.items() if topic == "replies" for record in there]
    assert {b"E-1", b"R-1"} <= {record.key for record in replies}
    assert {"Y-C5", "Y-C6"} <= {(record.key or b"").decode() for record in replies}
    assert topics >= {
        "scan-feedback", "adjustments", "inventory-register", "count-list-register", "count-line-register",
        "count-positions", "counting-state", "counts.dead-letters", "scans.dead-letters",
    }  # fmt: skip
    codes = {dict(r.headers or ())[CODE] for (_, _), records in outputs.items() for r in records if r.headers
             and CODE in dict(r.headers)}  # fmt: skip
    assert codes >= {b"message-undecodable", b"movement-id-reused", b"item-unknown", b"master-invalid"}
    assert compared > 100
    assert len(rows) > 100


STATUS = {"code": "OK", "description": "Usable", "available": True, "available_for_mrp": True}
MASTER = [
    ("Warehouse", {"code": "W1", "description": "Main"}),
    ("Template", {"warehouse": "W1", "code": "IN", "description": "Load", "direction": "load"}),
    ("Item", {"item_class": "FOO", "item_code": "SALT", "description": "Salt", "unit": "KG", "lot_managed": False,
              "serial_managed": False, "withdrawal_policy": "manual", "expiry_rule": "exact",
              "serial_generation": "manual"}),
]  # fmt: skip
LOAD = {"movement_id": "m1", "action": "post", "template": "IN", "warehouse": "W1", "quantity": "5",
        "item_class": "FOO", "item_code": "SALT", "effective_date": "2026-01-01"}  # fmt: skip
SET_UP = [{"topic": "master-data", "record": record, "value": value} for record, value in MASTER]


def test_each_line_gives_its_records_before_the_next_and_times_go_on_by_a_second() -> None:
    later = {"topic": "movements", "value": {**LOAD, "movement_id": "m2"}, "time": "2026-01-02T00:00:00Z"}
    last = {"topic": "movements", "value": {**LOAD, "movement_id": "m3", "item_code": "PEPPER"}}
    out = printed(*SET_UP, {"topic": "movements", "value": LOAD}, "", later, last)

    assert [(each["topic"], each["key"]) for each in out] == [
        ("master-register", "warehouse|W1"),
        ("master-register", "template|W1|IN"),
        ("master-register", "item|FOO|SALT"),
        ("replies", "m1"),
        ("postings", "FOO|SALT"),
        ("stock-register", "FOO|SALT||W1||"),
        ("replies", "m2"),
        ("postings", "FOO|SALT"),
        ("stock-register", "FOO|SALT||W1||"),
        ("replies", "m3"),
        ("movements.dead-letters", "FOO|PEPPER"),
    ]
    replies = [each["value"] for each in out if each["topic"] == "replies"]
    assert [(reply["status"], reply["decided_at"]) for reply in replies] == [
        ("done", "2026-01-01T00:00:03.000Z"),
        ("done", "2026-01-02T00:00:00.000Z"),
        ("refused", "2026-01-02T00:00:01.000Z"),
    ]
    assert [set(each) for each in out[:-1]] == [{"topic", "key", "value"}] * 10
    dead = out[-1]
    assert dead["value"]["movement_id"] == "m3"
    assert dead["headers"]["error-code"] == "item-unknown"
    assert dead["headers"]["error-attempt"] == "1"
    assert dead["headers"]["__streams.errors.topic"] == "movements"


def test_with_registers_the_final_rows_are_printed_instead() -> None:
    loads = [{"topic": "movements", "value": {**LOAD, "movement_id": f"m{n}"}} for n in range(3)]
    out = printed(*SET_UP, *loads, options=["--registers"])

    assert [(each["topic"], each["key"]) for each in out] == [
        ("master-register", "item|FOO|SALT"),
        ("master-register", "template|W1|IN"),
        ("master-register", "warehouse|W1"),
        ("stock-register", "FOO|SALT||W1||"),
    ]
    assert out[-1]["value"]["stock"] == "15"


def test_bytes_that_are_no_record_become_a_dead_letter_that_keeps_them() -> None:
    raw = base64.b64encode(b"\1 not a record").decode()
    (dead,) = printed({"topic": "movements", "raw": raw})
    assert (dead["topic"], dead["key"], dead["value"], dead["raw"]) == ("movements.dead-letters", None, None, raw)
    assert (dead["headers"]["error-code"], dead["headers"]["error-kind"]) == ("message-undecodable", "poison")


def test_bytes_that_are_a_record_are_taken_as_one() -> None:
    simulation, codec = wiring.simulation(PARTITIONS, 50_000)
    line = json.dumps({"topic": "master-data", "record": "LotStatus", "value": STATUS}).encode()
    (given,) = read_given([line], codec)
    assert isinstance(given, Given)
    raw = base64.b64encode(given.value).decode()
    as_record, as_bytes = printed({**json.loads(line)}), printed({"topic": "master-data", "raw": raw})
    assert as_record == as_bytes
    assert as_record[0]["topic"] == "master-register"
    assert not simulation.broker.journal


def test_what_is_about_a_partition_lies_in_it_and_everything_else_where_its_key_says() -> None:
    control = {"kind": "drop", "inventory": "I", "list": "A", "partition": 3}
    lines = [{"topic": "count-lines", "value": control}, {"topic": "movements", "value": LOAD}]
    given = list(read_given((json.dumps(line).encode() for line in lines), Codec(LockedIds())))
    assert [each.partition for each in given if isinstance(each, Given)] == [3, None]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "expected JSON, got an error at column "),
        ("[]", "expected a JSON object"),
        ({"value": LOAD}, "topic: expected one of master-data, movements, register-edits, counts, scans, "),
        ({"topic": "replies", "value": {}}, 'got "replies"'),
        ({"topic": "movements"}, "expected either value (a record) or raw"),
        ({"topic": "movements", "value": LOAD, "raw": ""}, "expected either value (a record) or raw"),
        ({"topic": "movements", "value": 5}, "value: expected an object, got 5"),
        ({"topic": "movements", "raw": "%"}, "raw: expected bytes as base64 text"),
        ({"topic": "movements", "raw": "", "time": "now"}, "expected a time such as"),
        ({"topic": "movements", "value": LOAD, "when": 1}, "when: is not a name of a line"),
        ({"topic": "movements", "value": LOAD, "time": "2026-01-01"}, "expected a time with a zone"),
        ({"topic": "movements", "value": {**LOAD, "quantity": 5}}, "quantity: expected a decimal as text"),
        ({"topic": "movements", "value": {**LOAD, "amount": "5"}}, "amount: is not a field of Movement"),
        ({"topic": "master-data", "value": STATUS}, "record: expected one of Company, Item"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_told_with_its_number_and_nothing_is_run(line: Any, told: str) -> None:
    result = simulate(SET_UP[0], "", line, {"topic": "nonsense"})
    assert result.exit_code == 1
    assert result.stdout == ""
    assert next(line for line in result.stderr.splitlines() if told in line).startswith("line 3: ")
    assert "line 4: topic: expected one of" in result.stderr
    assert "2 lines wrong, nothing was run" in result.stderr


def test_a_line_that_is_no_utf_8_is_told_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "lines.jsonl"
    file.write_bytes(json.dumps(SET_UP[0]).encode() + b"\n\xff\n")
    result = CliRunner().invoke(main, ["simulate", str(file)])
    assert result.exit_code == 1
    assert "line 2: 'utf-8' codec can't decode byte 0xff" in result.stderr
