"""Recovery: a busy worker is killed with -9 and started again at once, until it has committed the next reply.

    python -m benchmarks.recovery [--kills 5]

What counts is a movement that was sent after the kill: its reply cannot be the former process's.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Iterator, Sequence

from benchmarks import company
from benchmarks.figures import show
from benchmarks.processes import Replies, Sender, start_worker
from benchmarks.sending import publish
from benchmarks.stack import running
from benchmarks.worker import measured
from processors.domain.movement import Movement

ITEMS = 500
RATE = 200
"""Movements a second throughout."""
LIVES_S = 5.0
"""How long a worker works before it is killed."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=5)
    given = parser.parse_args(arguments)
    with running() as stack:
        items = [company.lot_item(number) for number in range(ITEMS)]
        measured(stack, publish(stack, "master-data", company.master(items)))
        replies, sender = Replies(stack), Sender(stack)
        stream = _Stream(sender, company.lot_movements(ITEMS, 10_000_000))
        process = start_worker(stack)
        took = []
        try:
            stream.start()
            _answered_after(replies, stream, 0.0)
            for _ in range(given.kills):
                until = time.perf_counter() + LIVES_S
                while time.perf_counter() < until:
                    list(replies.read())
                killed_at = time.perf_counter()
                process.kill()
                process.wait()
                process = start_worker(stack)
                took.append(_answered_after(replies, stream, killed_at) - killed_at)
        finally:
            stream.stop()
            process.kill()
            process.wait()
        replies.close()
    show(
        f"recovery, {given.kills} kills at {RATE} movements/s",
        [
            ("kill -9 to the next committed reply, median", f"{statistics.median(took):.2f} s", "2 s"),
            ("kill -9 to the next committed reply, worst", f"{max(took):.2f} s", ""),
        ],
    )


class _Stream:
    """Movements at a steady pace from a thread of their own; `sent` is when each was."""

    def __init__(self, sender: Sender, movements: Iterator[Movement]) -> None:
        self.sent: dict[str, float] = {}
        self._sender, self._movements = sender, movements
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.wait(1 / RATE):
            movement = next(self._movements)
            # Before it is sent: its reply may be seen before the next line here.
            self.sent[movement.movement_id] = time.perf_counter()
            self._sender.send(movement)

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()


def _answered_after(replies: Replies, stream: _Stream, moment: float) -> float:
    """When the first reply to a movement sent after a moment was seen."""
    while True:
        for id, seen_at in replies.read(0.02):
            if stream.sent.get(id, 0.0) > moment:
                return seen_at


if __name__ == "__main__":
    main()
