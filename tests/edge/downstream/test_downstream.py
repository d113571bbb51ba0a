"""What docs/downstream.md shows works: the consumer of 30 lines, DuckDB on exports, the settings of the JDBC sink."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from processors.cli import main
from processors.contract.codec import current_schema
from processors.contract.connection import Connection
from processors.contract.manifest import MANIFEST
from processors.contract.sending import send
from processors.domain.registers import LotRow
from processors.edge.api.app import Settings, build
from processors.edge.publishing import Outgoing
from processors.edge.store.engine import Store
from processors.embedded.broker import Broker
from tests.edge.api.company import demo_company
from tests.edge.store.filling import CODEC

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "downstream"
SINKS = sorted((EXAMPLES / "jdbc").glob("*.json"))
LOT = LotRow(
    "FOO", "MILK", "", "L/1", None, None, None, None, None, None, None, None, None, None, None, 1_500_000,
    None, None, None, None, None, True, False, 1_500_000, 0, 1_500_000, 0, 1, 0, 0,
)  # fmt: skip


@pytest.mark.real
def test_the_consumer_of_30_lines_follows_the_lot_register(fresh_cluster: Callable[[], Broker]) -> None:
    program = EXAMPLES / "consumer.py"
    assert len(program.read_text(encoding="utf-8").splitlines()) <= 30
    servers = fresh_cluster().bootstrap_servers
    applied = CliRunner().invoke(main, ["topics", "apply", "--bootstrap-servers", servers, "--partitions", "1"])
    assert applied.exit_code == 0, applied.output
    key = b"FOO|MILK||L/1"
    send(
        Connection(servers, {}), "lot-register", [Outgoing(key, CODEC.encode("lot-register", LOT)), Outgoing(key, None)]
    )
    environment = {**os.environ, "BOOTSTRAP_SERVERS": servers}
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdout is not None
        try:
            there, gone = (json.loads(running.stdout.readline()) for _ in range(2))
        finally:
            running.kill()
    assert (there["key"], there["stock"], there["closed"]) == ("FOO|MILK||L/1", "1.500000", False)
    assert gone == {"key": "FOO|MILK||L/1", "gone": True}


def test_duckdb_reads_the_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(f"sqlite:///{tmp_path}/edge.db") as store:
        store.migrate()
        company = demo_company(store)
        with TestClient(build(store, company, Settings()), base_url="http://localhost") as asking:
            for name, form in (("lots", "parquet"), ("stock", "csv")):
                answer = asking.get(f"/api/v1/{name}?format={form}")
                assert answer.status_code == 200
                Path(f"{name}.{form}").write_bytes(answer.content)
        company.close()
    rows = duckdb.sql((EXAMPLES / "expiring.sql").read_text(encoding="utf-8")).fetchall()
    days = [row[2] for row in rows]
    assert days == sorted(days)
    flour = [row for row in rows if row[1] == "MIL00001"]
    assert [(str(row[2]), row[3], row[4], float(row[5]), row[6]) for row in flour] == [
        ("2027-02-28", "RAW", "R-01", 655.0, "KG")
    ]


def test_every_register_of_one_record_type_has_a_sink() -> None:
    registers = {name for name, topic in MANIFEST.items() if topic.kind == "register" and not topic.by_record}
    private = {"ledger-state", "counting-state", "count-positions"}
    assert {path.stem for path in SINKS} == registers - private


@pytest.mark.parametrize("path", SINKS, ids=lambda path: path.stem)
def test_a_sink_writes_flat_rows_and_takes_tombstones_as_deletes(path: Path) -> None:
    sink = json.loads(path.read_text(encoding="utf-8"))
    config, topic = sink["config"], MANIFEST[path.stem]
    assert config["topics"] == topic.name
    assert topic.compacted
    assert config["collection.name.format"] == topic.name.replace("-", "_")
    assert (config["insert.mode"], config["delete.enabled"]) == ("upsert", "true")
    assert config["primary.key.mode"] == "record_key", "deletes are possible with the record's key alone"
    assert config["primary.key.fields"] not in {field.name for field in fields(topic.records[0])}
    assert config["transforms.key.field"] == config["primary.key.fields"], "the sink wants the key as a record"
    assert config["consumer.override.isolation.level"] == "read_committed"
    assert int(config["consumer.override.max.partition.fetch.bytes"]) >= topic.max_message_bytes
    assert all(isinstance(value, str) for value in config.values()), "Connect takes texts alone"
    for field in current_schema(topic.records[0])["fields"]:
        kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
        nested = [kind for kind in kinds if isinstance(kind, dict) and kind["type"] in ("record", "array", "map")]
        assert nested == [], f"{field['name']} is not flat"
