"""Throughput: a backlog that waits is worked off, seen from outside, the same way for every contender.

    python -m benchmarks.throughput [--messages 1000000] [--seconds 15] [--rounds 3] [--only ledger] [--workers 1,2,4]

Counted are input offsets as the contender commits them, looked at every 50 ms. The clock starts at a commit after the
warm-up (a fifth of the backlog or 2 s from the first commit, whichever is first), so no start of a process and little
of a JVM's warming counts, and stops at the last commit or when the seconds are over: slow contenders leave some of the
backlog. CPU and memory are those of the contender's processes in the same span, the broker's not among them.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

import psutil

from benchmarks import company
from benchmarks.arena import Arena
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.sending import publish
from benchmarks.stack import running
from processors.embedded.children import Child

LOOK_S = 0.05
WARM_S = 2.0
WARM_SHARE = 0.2
FIRST_LIMIT_S = 90.0
STOP_LIMIT_S = 10.0

Told = TypeVar("Told")


@dataclass(slots=True)
class Round:
    """One run: events/s, CPU in µs an event, most memory in MiB, all over the span that was measured."""

    contender: str
    workers: int
    rate: float
    cpu_us: float
    rss_mib: float
    events: int
    seconds: float


@dataclass(slots=True)
class _Look:
    at: float
    committed: int
    cpu_s: float


class Failed(Exception):
    """A contender did not do its work; the message has the end of its log."""


def in_turn(
    names: Sequence[str], measure: Callable[[Contender], Told], missed: dict[str, str]
) -> Iterator[tuple[str, Told]]:
    """Each contender by name with what `measure` found, one after the other.

    One that raises Failed is said and noted in `missed` with the reason; who is noted there is not measured (again).
    """
    for name in names:
        if name in missed:
            continue
        try:
            told = measure(CONTENDERS[name])
        except Failed as failure:
            missed[name] = str(failure)
            say(f"  {name}: {failure}")
            continue
        yield name, told


def say(line: str) -> None:
    """Tell a person who waits how far it is; the figures themselves go to standard output."""
    print(line, file=sys.stderr, flush=True)


def run_once(arena: Arena, contender: Contender, workers: int, seconds: float) -> Round:
    """Work off the backlog that is there, for so many seconds at most. Raises Failed."""
    run = arena.fresh(contender.name, ours=contender.ours)
    processes = [contender.start(arena, run, slot) for slot in range(workers)]
    try:
        looks, rss = _watch(arena, run.group, processes, seconds)
    finally:
        for process in processes:
            process.stop(STOP_LIMIT_S)
    first, last = looks[0], looks[-1]
    events = last.committed - first.committed
    if events == 0:
        raise Failed(f"{contender.title} committed all at once: too few messages to measure")
    took = last.at - first.at
    cpu = (last.cpu_s - first.cpu_s) / events * 1e6
    return Round(contender.name, workers, events / took, cpu, rss, events, took)


def _watch(arena: Arena, group: str, processes: list[Child], seconds: float) -> tuple[list[_Look], float]:
    """Moments at which more was committed than before, from the end of the warm-up on; most memory in MiB."""
    everything = arena.waiting()
    began, first_at, rss, before = time.monotonic(), 0.0, 0.0, 0
    looks: list[_Look] = []
    while True:
        look = _Look(time.monotonic(), arena.committed(group), _cpu_s(processes))
        rss = max(rss, _rss_mib(processes))
        if look.committed > before:
            first_at = first_at or look.at
            before = look.committed
            if look.at - first_at >= WARM_S or look.committed >= WARM_SHARE * everything or not looks:
                # What came before the end of the warm-up is only kept until there is something better.
                if look.at - first_at < WARM_S and look.committed < WARM_SHARE * everything:
                    looks = []
                looks.append(look)
        if look.committed >= everything or (first_at and look.at - first_at > seconds):
            return looks, rss
        ended = next((process for process in processes if not process.is_running), None)
        if ended is not None:
            raise Failed(f"{ended.name} ended with code {ended.exit_code}\n{log_end(ended)}")
        if not first_at and look.at - began > FIRST_LIMIT_S:
            raise Failed(f"{processes[0].name} committed nothing in {FIRST_LIMIT_S:g} s\n{log_end(processes[0])}")
        time.sleep(LOOK_S)


def log_end(process: Child, lines: int = 15) -> str:
    """The end of what a process printed."""
    return "\n".join(process.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _all(processes: list[Child]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in processes:
        try:
            parent = psutil.Process(process.pid)
            found += [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
    return found


def _cpu_s(processes: list[Child]) -> float:
    times = [process.cpu_times() for process in _all(processes)]
    return float(sum(each.user + each.system for each in times))


def _rss_mib(processes: list[Child]) -> float:
    return float(sum(process.memory_info().rss for process in _all(processes))) / 1024**2


def fill(arena: Arena, messages: int) -> None:
    """Send the backlog that every run works off."""
    say(f"sending {messages:,} movements of {arena.items:,} items")
    publish(arena.stack, "movements", company.lot_movements(arena.items, messages))


def medians(rounds: list[Round]) -> dict[tuple[str, int], Round]:
    """(contender, workers) → medians over the rounds; memory: the most of all."""
    groups: dict[tuple[str, int], list[Round]] = {}
    for each in rounds:
        groups.setdefault((each.contender, each.workers), []).append(each)
    return {
        (name, workers): Round(
            name,
            workers,
            statistics.median(each.rate for each in group),
            statistics.median(each.cpu_us for each in group),
            max(each.rss_mib for each in group),
            sum(each.events for each in group),
            sum(each.seconds for each in group),
        )
        for (name, workers), group in groups.items()
    }


def measure(
    arena: Arena, names: Sequence[str], rounds: int, seconds: float, workers: int = 1
) -> tuple[list[Round], dict[str, str]]:
    """Round after round, each contender in its turn; what could not be had, by name."""
    found: list[Round] = []
    missed: dict[str, str] = {}
    for number in range(rounds):
        for name, told in in_turn(names, lambda each: run_once(arena, each, workers, seconds), missed):
            found.append(told)
            say(
                f"  round {number + 1}, {name}, {workers} worker(s): {told.rate:,.0f}/s, {told.cpu_us:.0f} µs, "
                f"{told.rss_mib:.0f} MiB ({told.events:,} in {told.seconds:.1f} s)"
            )
    return found, missed


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", default="1", help="numbers of worker processes, such as 1,2,4")
    parser.add_argument("--only", default=",".join(CONTENDERS), help="contenders, such as ledger,streams")
    given = parser.parse_args(arguments)
    with running() as stack:
        arena = Arena(stack, given.items)
        fill(arena, given.messages)
        for workers in map(int, given.workers.split(",")):
            names = [name for name in given.only.split(",") if not CONTENDERS[name].missing()]
            found, _ = measure(arena, names, given.rounds, given.seconds, workers)
            for each in medians(found).values():
                print(asdict(each))


if __name__ == "__main__":
    main()
