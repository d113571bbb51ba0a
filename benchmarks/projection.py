"""Projection: how fast the edge brings the registers into SQL, on SQLite and on a PostgreSQL that is given.

    python -m benchmarks.projection [--messages 100000] [--items 20000] [--postgresql URL] [--profile FILE]

A worker posts a backlog of loads and unloads of lots first; then the whole of what it wrote is projected. The ledger at
its full speed makes about 6 rows a movement. The PostgreSQL database must be empty; its server takes a processor too.
"""

import argparse
import cProfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import company
from benchmarks.figures import Figure, show
from benchmarks.sending import publish
from benchmarks.stack import Stack, running
from benchmarks.worker import measured
from processors.cli import wiring
from processors.edge.projection.projector import Projector, projecting
from processors.edge.store.engine import Store


@dataclass(slots=True)
class Projected:
    """Rows as records taken. CPU of this process in µs a record, of all its threads and of the projecting one."""

    records: int
    seconds: float
    cpu_us: float
    thread_cpu_us: float


def project(stack: Stack, url: str, profile: str | None = None) -> Projected:
    """Bring everything that is in the topics into an empty database."""
    settings = stack.settings
    profiler = cProfile.Profile() if profile else None
    with Store(url) as store:
        store.migrate()
        with projecting(Projector(store, wiring.connection(settings), wiring.codec(settings))) as projector:
            began = time.perf_counter(), time.process_time(), time.thread_time()
            records = 0
            if profiler is not None:
                profiler.enable()
            while projector.behind():
                records += projector.turn()
            if profiler is not None and profile:
                profiler.disable()
                profiler.dump_stats(profile)
            seconds, cpu, thread = (
                now - then
                for now, then in zip((time.perf_counter(), time.process_time(), time.thread_time()), began, strict=True)
            )
    return Projected(records, seconds, cpu / records * 1e6, thread / records * 1e6)


def measure(messages: int, items: int, urls: Sequence[str], profile: str | None = None) -> dict[str, Projected]:
    """Post so many movements on a stack of its own, then project them: name of the database → what it took."""
    with running() as stack:
        master = company.master([company.lot_item(number) for number in range(items)])
        measured(stack, publish(stack, "master-data", master))
        publish(stack, "movements", company.lot_movements(items, messages))
        measured(stack, messages)
        local = f"sqlite:///{Path(stack.directory) / 'edge.db'}"
        return {url.partition(":")[0]: project(stack, url, profile) for url in (local, *urls)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--postgresql", action="append", default=[], metavar="URL", help="an empty database")
    parser.add_argument("--profile", help="write a cProfile of the last projection to this file")
    given = parser.parse_args(arguments)
    for name, found in measure(given.messages, given.items, given.postgresql, given.profile).items():
        show(f"projection into {name}", _figures(found))


def _figures(found: Projected) -> list[Figure]:
    return [
        ("records", f"{found.records:,}", ""),
        ("records/s", f"{found.records / found.seconds:,.0f}", "60,000"),
        ("CPU of the process, µs a record", f"{found.cpu_us:.1f}", ""),
        ("  its projecting thread", f"{found.thread_cpu_us:.1f}", ""),
    ]


if __name__ == "__main__":
    main()
