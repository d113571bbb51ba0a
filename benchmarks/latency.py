"""Latency: movements at a steady pace, from publish to the reply that a read_committed reader sees.

python -m benchmarks.latency [--rate 2000] [--seconds 30]
"""

import argparse
import itertools
import threading
import time
from collections.abc import Iterator, Sequence

from benchmarks import company
from benchmarks.figures import percentile, show
from benchmarks.processes import Replies, Sender, worker
from benchmarks.sending import publish
from benchmarks.stack import running
from benchmarks.worker import measured
from processors.domain.movement import Movement

ITEMS = 2000
WARM_S = 5
"""Seconds at the pace that do not count: connections, caches and the JVM come up."""


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=2000, help="movements a second")
    parser.add_argument("--seconds", type=int, default=30)
    given = parser.parse_args(arguments)
    with running() as stack:
        items = [company.lot_item(number) for number in range(ITEMS)]
        measured(stack, publish(stack, "master-data", company.master(items)))
        count = given.rate * (given.seconds + WARM_S)
        movements = company.lot_movements(ITEMS, count + 1)
        replies, sender = Replies(stack), Sender(stack)
        with worker(stack):
            first = next(movements)
            sender.send(first)
            replies.wait_for({first.movement_id})
            sent: dict[str, float] = {}
            pace = threading.Thread(target=_send, args=(sender, movements, given.rate, sent))
            pace.start()
            seen: dict[str, float] = {}
            while len(seen) < count:
                seen.update(replies.read())
            pace.join()
        replies.close()
    warm = given.rate * WARM_S
    waits = sorted(seen[id] - sent_at for id, sent_at in itertools.islice(sent.items(), warm, None))
    reached = (count - 1) / (max(sent.values()) - min(sent.values()))
    show(
        f"latency at {given.rate:,} movements/s",
        [
            ("pace reached, movements/s", f"{reached:,.0f}", f"{given.rate:,}"),
            *(
                (f"publish to committed reply, {name}", f"{percentile(waits, share) * 1000:.0f} ms", aim)
                for name, share, aim in (("p50", 0.5, ""), ("p95", 0.95, ""), ("p99", 0.99, "150 ms"))
            ),
            ("publish to committed reply, most", f"{waits[-1] * 1000:.0f} ms", ""),
        ],
    )


def _send(sender: Sender, movements: Iterator[Movement], rate: int, sent: dict[str, float]) -> None:
    """Send at the pace; what is late is sent at once, and its wait counts from when it was sent."""
    began = time.perf_counter()
    for number, movement in enumerate(movements):
        early = began + number / rate - time.perf_counter()
        if early > 0:
            time.sleep(early)
        sent[movement.movement_id] = sender.send(movement)
    sender.flush()


if __name__ == "__main__":
    main()
