"""The demo on a real cluster: publish its lines, and wait for what the workers make of them."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from processors.cli.cluster_options import Cluster
from processors.cli.count_differences import Difference, differences_of
from processors.cli.count_rows import lines as counted_lines
from processors.cli.count_rows import lists
from processors.cli.record_lines import Ready, read_lines
from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.contract.reading import ReadRecord, read_records
from processors.contract.sending import send
from processors.domain.count_registers import CountListRow, ScanFeedback
from processors.domain.events import Reply
from processors.embedded import demo
from processors.embedded.trouble import Trouble

LIMIT_S: Final = 120.0
LOOK_S: Final = 0.1
IDS: Final = {"movements": "movement_id", "counts": "command_id"}
"""The field by which a reply names its request."""
Shown = Callable[[int], None]
"""Called with how many have come so far."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answers to the demo's movements, in the order in which they were decided within their partition."""

    replies: Sequence[Reply]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the demo's count came to: the list that was closed, its differences, what was read and moved meanwhile."""

    list: CountListRow
    differences: Sequence[Difference]
    reads: int
    moved: int


def publish(cluster: Cluster, topic: str, lines: Sequence[str]) -> None:
    """Send JSON lines to an input topic; they are ours, so each is right."""
    ready = []
    for line in read_lines(lines, MANIFEST[topic], cluster.codec):
        assert isinstance(line, Ready), f"{topic}: {line}"
        ready.append(line)
    send(cluster.connection, topic, ready)


def await_master_data(cluster: Cluster, count: int, shown: Shown) -> None:
    """Return once `count` records are accepted. Trouble where one is refused, or it takes over two minutes."""
    for _ in _looks(f"The {count} master records were not accepted"):
        refused = next(iter(read_records(cluster.connection, "master-data" + DEAD_LETTERS)), None)
        if refused is not None:
            message = _header(refused, "__streams.errors.message")
            what = f"Master data {refused.key!r} was refused: {message}"
            raise Trouble("worker-failed", what, "This is a mistake in the demo of this release: use --no-demo")
        there = {record.key for record in read_records(cluster.connection, "master-register")}
        shown(len(there))
        if len(there) >= count:
            return


def await_replies(cluster: Cluster, lines: Sequence[str], shown: Shown) -> Outcome:
    """The answers, once there is one for each line. Trouble where it takes over two minutes."""
    sent = {json.loads(line)["movement_id"] for line in lines}
    for _ in _looks(f"The {len(lines)} movements were not answered"):
        replies = []
        for record in read_records(cluster.connection, "replies"):
            reply = cluster.codec.decode("replies", record.value)
            assert isinstance(reply, Reply), "the topic has one record type"
            if reply.request_topic == "movements" and reply.request_id in sent:
                replies.append(reply)
        shown(len(replies))
        if len(replies) >= len(lines):
            return Outcome(sorted(replies, key=lambda reply: reply.decided_at))
    raise AssertionError("unreachable: the looks end with Trouble")


def count(cluster: Cluster, steps: Sequence[tuple[str, list[str]]], shown: Shown) -> Counted:
    """Publish the demo's count step by step, each once the one before is worked off, and wait until its list closes.

    `shown` is called with how many steps are done. Trouble where one is refused, or it takes over two minutes.
    """
    for number, (topic, lines) in enumerate(steps):
        publish(cluster, topic, lines)
        _await_answers(cluster, topic, lines)
        shown(number + 1)
    for _ in _looks(f"List {demo.CLOSED} was not closed"):
        (row,) = lists(cluster, demo.INVENTORY, demo.CLOSED)
        if row.state == "closed":
            found = differences_of(cluster, counted_lines(cluster, demo.INVENTORY, demo.CLOSED), with_matched=False)
            sizes = Counter(topic for topic, lines in steps for _ in lines)
            return Counted(row, found, sizes["scans"], sizes["movements"])
    raise AssertionError("unreachable: the looks end with Trouble")


def _await_answers(cluster: Cluster, topic: str, lines: Sequence[str]) -> None:
    """Return once every record of a step has its answer; Trouble where one is refused: it is ours."""
    answers, name = ("scan-feedback", "scan_id") if topic == "scans" else ("replies", IDS[topic])
    wanted = {str(json.loads(line)["value"][name]) for line in lines}
    for _ in _looks(f"{len(lines)} records of {topic} were not answered"):
        for record in read_records(cluster.connection, answers):
            value = cluster.codec.decode(answers, record.value)
            assert isinstance(value, Reply | ScanFeedback), "the topics have one record type each"
            if (record.key or b"").decode() in wanted and value.status == "refused":
                what = f"The demo's {topic} record {record.key!r} was refused: {value}"
                raise Trouble("worker-failed", what, "This is a mistake in the demo of this release: use --no-demo")
            wanted.discard((record.key or b"").decode())
        if not wanted:
            return


def _looks(what: str) -> Iterator[None]:
    """Again and again, and Trouble after two minutes."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        yield
        time.sleep(LOOK_S)
    raise Trouble("worker-failed", f"{what} within {LIMIT_S:g} s", "The logs of the workers say more")


def _header(record: ReadRecord, name: str) -> str:
    return next((value.decode() for header, value in record.headers if header == name and value), "")
