"""Latency: movements at a steady pace, from publish to the result that a read_committed reader sees.

    python -m benchmarks.latency [--rates 1000,2000,5000,10000] [--seconds 8] [--only ledger,streams]

One life of the contender for all its rates, from the lowest up; the first seconds at each pace do not count. A
contender falls behind where its results are not all there a few seconds after the last movement; higher paces are then
left out for it.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.arena import Arena, Run
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.figures import percentile
from benchmarks.pacer import Pacer
from benchmarks.results import Committed, number_of
from benchmarks.stack import running
from benchmarks.throughput import STOP_LIMIT_S, Failed, in_turn, log_end, say
from processors.embedded.children import Child

RATES = (1000, 2000, 5000, 10_000)
WARM_S = 3.0
FIRST_WARM_S = 12.0
"""Seconds at a pace that do not count: connections, caches and a JVM come up. At the first pace more of them: the
broker makes segments for all partitions, for which whoever writes to 84 of them waits half a second at a time."""
UP_LIMIT_S = 90.0
LATE_S = 5.0
"""Who has results to give so long after the last movement has fallen behind."""


@dataclass(slots=True)
class Latency:
    """Of one contender at one pace; milliseconds, None where it fell behind. `reached`: what was sent a second."""

    contender: str
    rate: int
    reached: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    most_ms: float | None


def measure(arena: Arena, contender: Contender, rates: Sequence[int], seconds: float) -> list[Latency]:
    """Latencies at each pace, up to the first at which it falls behind. Raises Failed."""
    arena.clear_movements()
    run = arena.fresh(contender.name, ours=contender.ours)
    reader = Committed(arena, contender.results)
    process = contender.start(arena, run)
    found: list[Latency] = []
    try:
        first = bring_up(arena, contender, run, process, reader)
        for rate in rates:
            warm_s = WARM_S if found else FIRST_WARM_S
            pacer = Pacer(arena.stack, arena.items, rate, seconds + warm_s, first, run.directory / f"sent-{rate}")
            told = _at(contender, pacer, reader, rate, warm_s)
            pacer.stop()
            found.append(told)
            first += pacer.sent.count
            if told.p99_ms is None:
                break
    finally:
        process.stop(STOP_LIMIT_S)
        reader.close()
    arena.clear_movements()
    return found


def bring_up(arena: Arena, contender: Contender, run: Run, process: Child, reader: Committed) -> int:
    """Return once a first movement has its result; how many were sent for it."""
    pacer = Pacer(arena.stack, arena.items, 1, 1, 0, run.directory / "sent-first")
    pacer.go()
    until = time.monotonic() + UP_LIMIT_S
    while not any(number_of(contender, message) == 0 for message in reader.read(0.1)):
        if not process.is_running or time.monotonic() > until:
            raise Failed(f"{process.name} has no result for its first movement\n{log_end(process)}")
    pacer.stop()
    return 1


def _at(contender: Contender, pacer: Pacer, reader: Committed, rate: int, warm_s: float) -> Latency:
    waits: dict[int, float] = {}
    pacer.go()
    late_at: float | None = None
    while len(waits) < pacer.sent.count or pacer.is_running:
        messages = reader.read()
        seen_at = time.monotonic()
        for message in messages:
            number = number_of(contender, message)
            sent_at = pacer.sent_at(number)
            if sent_at:
                waits.setdefault(number, seen_at - sent_at)
        if not pacer.is_running:
            late_at = late_at or seen_at + LATE_S
            if seen_at > late_at:
                break
    count = pacer.sent.count
    reached = (count - 1) / (pacer.sent.at(count - 1) - pacer.sent.at(0))
    if len(waits) < count:
        return Latency(contender.name, rate, reached, None, None, None, None)
    warm = pacer.first + int(rate * warm_s)
    told = sorted(wait * 1000 for number, wait in waits.items() if number >= warm)
    p50, p95, p99 = (percentile(told, share) for share in (0.5, 0.95, 0.99))
    return Latency(contender.name, rate, reached, p50, p95, p99, told[-1])


def measure_all(
    arena: Arena, names: Sequence[str], rates: Sequence[int], seconds: float
) -> tuple[list[Latency], dict[str, str]]:
    """Each contender in its turn; what could not be had, by name."""
    found: list[Latency] = []
    missed: dict[str, str] = {}
    for name, told in in_turn(names, lambda each: measure(arena, each, rates, seconds), missed):
        found += told
        for each in told:
            figures = (
                "fell behind"
                if each.p99_ms is None
                else f"{each.p50_ms:.0f} / {each.p95_ms:.0f} / {each.p99_ms:.0f} ms"
            )
            say(f"  {name} at {each.rate:,}/s: {figures}")
    return found, missed


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", default=",".join(map(str, RATES)), help="movements a second")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--only", default=",".join(CONTENDERS), help="contenders, such as ledger,streams")
    given = parser.parse_args(arguments)
    with running() as stack:
        arena = Arena(stack, given.items)
        names = [name for name in given.only.split(",") if not CONTENDERS[name].missing()]
        found, _ = measure_all(arena, names, [int(rate) for rate in given.rates.split(",")], given.seconds)
        for each in found:
            print(asdict(each))


if __name__ == "__main__":
    main()
