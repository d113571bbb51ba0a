"""Projection: how fast the edge brings the registers into SQL, on SQLite and on a PostgreSQL that is given.

    python -m benchmarks.projection [--messages 100000] [--items 20000] [--postgresql URL] [--profile FILE] [--beside]

A worker posts a backlog of loads and unloads of lots first; then the whole of what it wrote is projected. The ledger at
its full speed makes about 6 rows a movement. The PostgreSQL database must be empty; its server takes a processor too.

`--beside`: while a ledger worker posts the backlog at its full speed, beside it on the same machine, into SQLite alone:
how fast each of them is, how far the projection is behind when the ledger is done, and how long it takes to the end.
"""

import argparse
import cProfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks import company
from benchmarks.figures import Figure, show
from benchmarks.sending import publish
from benchmarks.stack import Stack, running
from benchmarks.worker import measured
from processors.cli import clients
from processors.contract.topics_now import Place, log_bounds
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
        with projecting(Projector(store, clients.connection(settings), clients.codec(settings))) as projector:
            clocks = Clocks()
            records = 0
            if profiler is not None:
                profiler.enable()
            while projector.behind():
                records += projector.turn()
            if profiler is not None and profile:
                profiler.disable()
                profiler.dump_stats(profile)
            return clocks.stop(records)


def measure(messages: int, items: int, urls: Sequence[str], profile: str | None = None) -> dict[str, Projected]:
    """Post so many movements on a stack of its own, then project them: name of the database → what it took."""
    with running() as stack:
        master = company.master([company.lot_item(number) for number in range(items)])
        measured(stack, publish(stack, "master-data", master))
        publish(stack, "movements", company.lot_movements(items, messages))
        measured(stack, messages)
        local = f"sqlite:///{Path(stack.directory) / 'edge.db'}"
        return {url.partition(":")[0]: project(stack, url, profile) for url in (local, *urls)}


@dataclass(slots=True)
class Beside:
    """The ledger's side as its worker tells it, and the projection's: while the ledger worked, and after it."""

    messages: int
    ledger_seconds: float
    ledger_cpu_seconds: float
    projected: Projected
    records_meanwhile: int
    behind: int
    seconds_after: float


def beside(messages: int, items: int) -> Beside:
    """Post so many movements and project what is written at the same time, each in a process of its own."""
    with running() as stack:
        master = company.master([company.lot_item(number) for number in range(items)])
        measured(stack, publish(stack, "master-data", master))
        publish(stack, "movements", company.lot_movements(items, messages))
        settings = stack.settings
        with Store(f"sqlite:///{Path(stack.directory) / 'edge.db'}") as store, ThreadPoolExecutor(1) as side:
            store.migrate()
            with projecting(Projector(store, clients.connection(settings), clients.codec(settings))) as projector:
                while projector.behind():
                    projector.turn()
                ledger = side.submit(measured, stack, messages)
                clocks = Clocks()
                records = 0
                while not ledger.done():
                    records += projector.turn()
                meanwhile = records
                found, ended = ledger.result(), time.perf_counter()
                bounds = log_bounds(clients.connection(settings), projector.positions)
                ends = {place: end for place, (_, end) in bounds.items()}
                behind = _left(projector, ends)
                while _left(projector, ends):
                    records += projector.turn()
                after = time.perf_counter() - ended
                projected = clocks.stop(records)
    return Beside(messages, found["seconds"], found["cpu_seconds"], projected, meanwhile, behind, after)


def _left(projector: Projector, ends: Mapping[Place, int]) -> int:
    """Offsets between what stands in SQL and these ends."""
    return sum(max(ends[place] - offset, 0) for place, offset in projector.positions.items())


class Clocks:
    """Time, the process's CPU and this thread's, from now on."""

    def __init__(self) -> None:
        self._began = self._now()

    def stop(self, records: int) -> Projected:
        """What so many records have taken."""
        seconds, cpu, thread = (now - then for now, then in zip(self._now(), self._began, strict=True))
        return Projected(records, seconds, cpu / records * 1e6, thread / records * 1e6)

    @staticmethod
    def _now() -> tuple[float, float, float]:
        return time.perf_counter(), time.process_time(), time.thread_time()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--postgresql", action="append", default=[], metavar="URL", help="an empty database")
    parser.add_argument("--profile", help="write a cProfile of the last projection to this file")
    parser.add_argument("--beside", action="store_true", help="while a ledger works at its full speed")
    given = parser.parse_args(arguments)
    if given.beside:
        show("projection beside a ledger at full speed", _beside_figures(beside(given.messages, given.items)))
        return
    for name, found in measure(given.messages, given.items, given.postgresql, given.profile).items():
        show(f"projection into {name}", _figures(found))


def _figures(found: Projected) -> list[Figure]:
    return [
        ("records", f"{found.records:,}", ""),
        ("records/s", f"{found.records / found.seconds:,.0f}", "60,000"),
        ("CPU of the process, µs a record", f"{found.cpu_us:.1f}", ""),
        ("  its projecting thread", f"{found.thread_cpu_us:.1f}", ""),
    ]


def _beside_figures(found: Beside) -> list[Figure]:
    took = found.ledger_seconds
    return [
        ("ledger: movements/s", f"{found.messages / took:,.0f}", ""),
        ("  its CPU, µs a movement", f"{found.ledger_cpu_seconds / found.messages * 1e6:.1f}", ""),
        ("  records it wrote/s", f"{found.projected.records / took:,.0f}", ""),
        ("projection: records taken while the ledger worked", f"{found.records_meanwhile:,}", ""),
        ("  records still to come when the ledger was done", f"{found.behind:,}", ""),
        ("  seconds until none was", f"{found.seconds_after:.2f}", ""),
        ("  CPU of its process, µs a record", f"{found.projected.cpu_us:.1f}", ""),
    ]


if __name__ == "__main__":
    main()
