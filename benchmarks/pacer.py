"""Movements at a steady pace, from a process of its own, which tells when each was sent.

Started by a benchmark: `python -m benchmarks.pacer --rate R --seconds S --skip K --items I --sent FILE`. It prepares
all bytes, prints a line, waits for a line, then sends: what is due, every millisecond. It ends after its seconds, or
when its input is closed.
"""

import argparse
import json
import mmap
import os
import select
import struct
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

from confluent_kafka import Producer

from benchmarks import company
from benchmarks.sending import encoded
from benchmarks.stack import Stack
from processors.cli import wiring
from processors.cli.settings import load_settings

SIZE = struct.calcsize("d")
TICK_S = 0.001


class Sent:
    """When each movement was sent: a file of doubles that both processes map; the first is how many were."""

    def __init__(self, path: Path, count: int) -> None:
        with path.open("a+b") as file:
            file.truncate((count + 1) * SIZE)
            self._map = mmap.mmap(file.fileno(), (count + 1) * SIZE)
        self._slots = memoryview(self._map).cast("d")

    @property
    def count(self) -> int:
        return int(self._slots[0])

    def at(self, place: int) -> float:
        """`time.monotonic()` when the movement of that place (from 0) was handed to the client; 0.0: not yet."""
        return self._slots[place + 1]

    def note(self, place: int, moment: float) -> None:
        self._slots[place + 1] = moment
        self._slots[0] = place + 1


class Pacer:
    """A pacer process, prepared and waiting. `first`: place of its first movement in the company's sequence."""

    def __init__(self, stack: Stack, items: int, rate: int, seconds: float, first: int, path: Path) -> None:
        self.first = first
        self.sent = Sent(path, int(rate * seconds))
        arguments = {"items": items, "rate": rate, "seconds": seconds, "skip": first, "sent": path}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pacer", *(f"--{name}={value}" for name, value in arguments.items())],
            env={**os.environ, **stack.environment()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline(), "the pacer prepares its movements"

    def go(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"go\n")
        self._process.stdin.flush()

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End it where it is; what it sent is with the broker on return."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(60) == 0, "the pacer ends in order"

    def sent_at(self, movement: int) -> float:
        """When the movement of that number in the company's sequence was sent; 0.0: not by this pacer, or not yet."""
        place = movement - self.first
        return self.sent.at(place) if 0 <= place < self.sent.count else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True, help="movements a second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--skip", type=int, default=0, help="movements of the sequence that were sent before")
    parser.add_argument("--sent", type=Path, required=True, help="file for the moments")
    given = parser.parse_args()
    settings = load_settings()
    count = int(given.rate * given.seconds)
    movements = islice(company.lot_movements(given.items, given.skip + count), given.skip, None)
    records = [(each.value, each.key) for each in encoded(wiring.codec(settings), "movements", movements)]
    producer = Producer(
        wiring.connection(settings).settings(
            partitioner="murmur2_random", acks="all", linger_ms=0, message_max_bytes=8 * 1024 * 1024
        )
    )
    producer.list_topics("movements", timeout=60)
    sent = Sent(given.sent, count)
    print(json.dumps({"prepared": count}), flush=True)
    os.read(sys.stdin.fileno(), 16)  # unbuffered: `select` must see what comes after
    _send(producer, records, given.rate, sent)
    assert producer.flush(60) == 0, "the broker has every movement"


def _send(producer: Producer, records: list[tuple[bytes | None, bytes | None]], rate: int, sent: Sent) -> None:
    began, place = time.monotonic(), 0
    while place < len(records):
        due = min(len(records), int((time.monotonic() - began) * rate) + 1)
        while place < due:
            value, key = records[place]
            moment = time.monotonic()
            producer.produce("movements", value, key)
            sent.note(place, moment)
            place += 1
        producer.poll(0)
        if select.select([sys.stdin], [], [], TICK_S)[0]:
            return


if __name__ == "__main__":
    main()
