"""The demo company's inputs, more that go wrong, and a count, through real workers on a real broker."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from confluent_kafka import ConsumerGroupTopicPartitions, IsolationLevel, Producer, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # re-exported without being named as such

from processors.cli import main, wiring
from processors.contract.connection import Connection
from processors.contract.groups import group_state
from processors.contract.headers import ERRORS_PREFIX, KIND
from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.contract.reading import ReadRecord, read_records
from processors.domain.calendar import parse_time
from processors.embedded import demo
from tests.cli.shop import MASTER, Line, a_count

PARTITIONS = 4
LIMIT_S = 180.0
TODAY = date(2026, 6, 15)
NOON = "2026-06-15T12:00:{:02d}.{:03d}Z"
GROUP = "lotstream-ledger"


EDIT: Line = {
    "edit_id": "E-1", "register": "lot", "item_class": "ING", "item_code": "FLOUR", "lot_code": "MIL00001",
    "edited_by": "ann", "changes": {"notes": "bags are damp"},
}  # fmt: skip
REVERSAL: Line = {
    "movement_id": "R-1", "action": "reverse", "item_class": "MCH", "item_code": "CTRL2",
    "effective_date": "2026-06-15",
}  # fmt: skip


def _second_controller() -> tuple[list[Line], list[Line]]:
    """Another item, in another partition, whose serials come from the company's one number range; a bad status too."""
    items = [json.loads(line) for line in demo.master_data(TODAY)]
    (item,) = (each["value"] for each in items if each["value"].get("item_code") == "CTRL-")
    movements = [json.loads(line) for line in demo.movements(TODAY)]
    load = next(each for each in movements if each["item_code"] == "CTRL-" and each["movement_id"][0] != "X")
    other = {**item, "item_code": "CTRL2"}
    bad = {"code": "", "description": "without a code", "available": True, "available_for_mrp": True}
    loads = [{**load, "movement_id": f"C-{number}", "item_code": "CTRL2"} for number in range(3)]
    return [{"record": "Item", "value": other}, {"record": "LotStatus", "value": bad}], loads


def inputs() -> list[list[Line]]:
    """Lines of `simulate`, each with its time, in groups: each is of one topic and waits for the one before it.

    Within a group a worker may take the partitions in any order; where that would change codes (one number range for
    the company), a group holds one item.
    """
    master, loads = _second_controller()
    movements: list[Line] = [{"value": json.loads(line)} for line in demo.movements(TODAY)]
    unread = [
        {"raw": base64.b64encode(data).decode()} for data in (b"", b"\x01", b"\0\0\0\0\1", b"\0\x7f\xff\xff\xffabc")
    ]
    again = [{"value": next(each["value"] for each in movements if each["value"]["item_code"] == "CTRL-")}]
    groups = [
        ("master-data", [json.loads(line) for line in demo.master_data(TODAY)]),
        ("movements", movements),
        ("master-data", master),
        ("movements", [{"value": load} for load in loads]),
        ("movements", again),
        ("movements", unread),
        ("register-edits", [{"value": EDIT}, {"value": EDIT}]),
        ("movements", [{"value": {**REVERSAL, "reverses": "C-2"}}]),
        ("master-data", MASTER),
        *((line["topic"], [line]) for line in a_count()),
    ]
    return [
        [{"topic": topic, **line, "time": NOON.format(group, number)} for number, line in enumerate(lines)]
        for group, (topic, lines) in enumerate(groups)
    ]


@dataclass(slots=True)
class LedgerOnABroker:
    """A cluster that has worked off `inputs`; `records`: what every topic held then, by topic and partition."""

    servers: str
    redis_url: str
    state_dir: Path
    records: dict[tuple[str, int], list[ReadRecord]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str | None]:
        return {
            "LOTSTREAM_BOOTSTRAP_SERVERS": self.servers,
            "LOTSTREAM_REDIS_URL": self.redis_url,
            "LOTSTREAM_STATE_DIR": str(self.state_dir),
            "LOTSTREAM_PARTITIONS": str(PARTITIONS),
            "LOTSTREAM_METRICS_PORT": "0",
            "LOTSTREAM_SCHEMA_REGISTRY": None,
        }

    def run(self, *arguments: str, given: str | None = None) -> Result:
        """A command, as a person gives it."""
        return CliRunner().invoke(main, list(arguments), input=given, env=self.environment)

    def json(self, *arguments: str) -> list[Any]:
        """The rows of a reading command."""
        result = self.run(*arguments, "--output", "json")
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def set_up(self) -> None:
        result = self.run("topics", "apply", "--partitions", str(PARTITIONS))
        assert result.exit_code == 0, result.output

    def send(self, lines: list[Line]) -> None:
        """Through `publish`; bytes that are no record, which it would not send, by a producer without a key."""
        topic = lines[0]["topic"]
        if "raw" not in lines[0]:
            result = self.run("publish", topic, "-", given="".join(f"{json.dumps(line)}\n" for line in lines))
            assert result.exit_code == 0, result.output
            return
        producer = Producer({"bootstrap.servers": self.servers, "enable.idempotence": True})
        for line in lines:
            data = base64.b64decode(line["raw"])
            producer.produce(topic, data, None, 0, timestamp=parse_time(line["time"]))
        assert producer.flush(LIMIT_S) == 0

    def end(self, topic: str) -> dict[int, int]:
        """Partition → end offset."""
        return {p: offset for (_, p), offset in self._ends([topic], IsolationLevel.READ_UNCOMMITTED).items()}

    def wait_until_nothing_is_left(self) -> None:
        """Both workers have committed all that there is, also what followed from it, and no barrier waits."""
        admin, ends = Connection(self.servers).admin(), dict[tuple[str, int], int]()

        def quiet() -> bool:
            nonlocal ends
            before, ends = ends, self._ends(MANIFEST, IsolationLevel.READ_UNCOMMITTED)
            states = [
                group_state(admin, wiring.group_of(kind), wiring.INPUTS[kind], PARTITIONS) for kind in wiring.KINDS
            ]
            return (
                before == ends == self._ends(MANIFEST, IsolationLevel.READ_COMMITTED)
                and not any(behind for state in states for behind in state.behind.values())
                and not any(self._barriers(topic) for topic in ("ledger-state", "counting-state"))
            )

        deadline = time.monotonic() + LIMIT_S
        while not quiet():
            assert time.monotonic() < deadline, f"something is left after {LIMIT_S:g} s"
            time.sleep(0.05)

    def _barriers(self, topic: str) -> set[bytes]:
        """Keys of continuations that wait."""
        rows = {record.key: record.value for record in read_records(Connection(self.servers), topic)}
        return {key for key, value in rows.items() if key is not None and value and key.startswith(b"barrier|")}

    def _ends(self, topics: Iterable[str], isolation: IsolationLevel) -> dict[tuple[str, int], int]:
        places = [TopicPartition(name, p) for name in topics for p in range(MANIFEST[name].partitions(PARTITIONS))]
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        admin = Connection(self.servers).admin()  # kept until the futures are done
        ends = admin.list_offsets(dict.fromkeys(places, latest), isolation_level=isolation)
        return {(place.topic, place.partition): future.result(LIMIT_S).offset for place, future in ends.items()}

    def wait_until_worked_off(self, topic: str) -> None:
        """The worker has committed everything that the topic holds, and what followed can be read."""
        wanted = self.end(topic)
        admin, places = Connection(self.servers).admin(), [TopicPartition(topic, p) for p in wanted]

        def committed() -> bool:
            asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(GROUP, places)])
            found = {place.partition: place.offset for place in asked[GROUP].result(LIMIT_S).topic_partitions}
            return all(found[p] >= end or end == 0 for p, end in wanted.items())

        def visible() -> bool:
            """A commit is answered before its markers stand everywhere: until then readers stop before them."""
            stable = self._ends(MANIFEST, IsolationLevel.READ_COMMITTED)
            return stable == self._ends(MANIFEST, IsolationLevel.READ_UNCOMMITTED)

        deadline = time.monotonic() + LIMIT_S
        for reached in (committed, visible):
            while not reached():
                assert time.monotonic() < deadline, f"{topic}: not {reached.__name__} after {LIMIT_S:g} s"
                time.sleep(0.05)

    @contextmanager
    def worker(self, kind: str = "ledger", redis_url: str | None = None) -> Iterator["subprocess.Popen[bytes]"]:
        """A worker process, ended politely. `redis_url`: another than the ledger's."""
        environment = {**os.environ, **{name: value for name, value in self.environment.items() if value is not None}}
        environment["LOTSTREAM_REDIS_URL"] = redis_url or self.redis_url
        log = self.state_dir.with_suffix(".log")
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "processors", "worker", kind],
                env=environment,
                stdout=output,
                stderr=output,
            )
            try:
                yield process
                process.terminate()
                assert process.wait(LIMIT_S) == 0, log.read_text()[-2000:]
            finally:
                process.kill()
                process.wait()

    def read_all(self) -> None:
        """Remember what every topic holds. A fault of the worker shows here, not as records that differ."""
        self.records = {(name, p): [] for name, topic in MANIFEST.items() for p in range(topic.partitions(PARTITIONS))}
        with ThreadPoolExecutor(len(MANIFEST)) as readers:
            for records in readers.map(lambda name: list(read_records(Connection(self.servers), name)), MANIFEST):
                for record in records:
                    self.records[record.topic, record.partition].append(record)
        letters = [
            record for (topic, _), there in self.records.items() if topic.endswith(DEAD_LETTERS) for record in there
        ]
        faults = [dict(letter.headers) for letter in letters if dict(letter.headers)[KIND] == b"internal"]
        assert not faults, (faults[0][ERRORS_PREFIX + "stacktrace"] or b"").decode()
