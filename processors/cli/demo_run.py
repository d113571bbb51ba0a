"""The demo on a real cluster: publish its lines, and wait for what the ledger makes of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from processors.cli.cluster_options import Cluster
from processors.cli.record_lines import Ready, read_lines
from processors.contract.manifest import DEAD_LETTERS, MANIFEST
from processors.contract.reading import ReadRecord, read_records
from processors.contract.sending import send
from processors.domain.events import Reply
from processors.embedded.trouble import Trouble

LIMIT_S: Final = 120.0
LOOK_S: Final = 0.1
Shown = Callable[[int], None]
"""Called with how many have come so far."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answers to the demo's movements, in the order in which they were decided within their partition."""

    replies: Sequence[Reply]


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
    for _ in _looks(f"The {len(lines)} movements were not answered"):
        replies = []
        for record in read_records(cluster.connection, "replies"):
            reply = cluster.codec.decode("replies", record.value)
            assert isinstance(reply, Reply), "the topic has one record type"
            replies.append(reply)
        shown(len(replies))
        if len(replies) >= len(lines):
            return Outcome(sorted(replies, key=lambda reply: reply.decided_at))
    raise AssertionError("unreachable: the looks end with Trouble")


def _looks(what: str) -> Iterator[None]:
    """Again and again, and Trouble after two minutes."""
    until = time.monotonic() + LIMIT_S
    while time.monotonic() < until:
        yield
        time.sleep(LOOK_S)
    raise Trouble("worker-failed", f"{what} within {LIMIT_S:g} s", "The log of the ledger says more")


def _header(record: ReadRecord, name: str) -> str:
    return next((value.decode() for header, value in record.headers if header == name and value), "")
