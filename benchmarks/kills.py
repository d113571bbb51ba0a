"""Kills: a busy worker is killed with -9 and started again at once; how long until it gives results, and which.

    python -m benchmarks.kills [--kills 3] [--rate 1000] [--only ledger,faust]

The clock runs from the kill to the first committed result of a movement that was sent after it: such a result cannot
be the former process's. A supervisor's delay is not in it, the start of the process is. After the last kill everything
sent is worked off; then all results are read, committed only, and counted: lost, doubled, and items whose last stock
is not the sum of their movements.
"""

import argparse
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.arena import Arena
from benchmarks.contenders import CONTENDERS, Contender
from benchmarks.latency import bring_up
from benchmarks.pacer import Pacer
from benchmarks.results import Committed, Effects, effects, number_of
from benchmarks.stack import running
from benchmarks.throughput import STOP_LIMIT_S, Failed, in_turn, log_end, say
from processors.embedded.children import Child

RATE = 1000
LIVES_S = 4.0
"""How long a worker works before it is killed."""
BACK_LIMIT_S = 60.0
DRAIN_LIMIT_S = 120.0


@dataclass(slots=True)
class Kills:
    """Seconds from each kill to the next new result, and the effects of everything that was sent."""

    contender: str
    rate: int
    seconds: list[float]
    sent: int
    lost: int
    doubled: int
    wrong_stocks: int


def measure(arena: Arena, contender: Contender, kills: int, rate: int) -> Kills:
    """Kill it so often. Raises Failed where it does not come back, or does not work off what was sent."""
    arena.clear_movements()
    run = arena.fresh(contender.name, ours=contender.ours)
    reader = Committed(arena, contender.results)
    process = contender.start(arena, run)
    took: list[float] = []
    try:
        first = bring_up(arena, contender, run, process, reader)
        longest = kills * (LIVES_S + BACK_LIMIT_S)
        pacer = Pacer(arena.stack, arena.items, rate, longest, first, run.directory / "sent")
        pacer.go()
        for _ in range(kills):
            until = time.monotonic() + LIVES_S
            while time.monotonic() < until:
                reader.read()
            killed_at = time.monotonic()
            process.kill()
            process = contender.start(arena, run)
            took.append(_back(contender, process, pacer, reader, killed_at) - killed_at)
        pacer.stop()
        sent = first + pacer.sent.count
        _drain(arena, run.group, process)
        process.stop(STOP_LIMIT_S)
        told: Effects = effects(arena, contender, sent)
    finally:
        process.kill()
        reader.close()
    arena.clear_movements()
    return Kills(contender.name, rate, took, told.sent, told.lost, told.doubled, told.wrong_stocks)


def _back(contender: Contender, process: Child, pacer: Pacer, reader: Committed, killed_at: float) -> float:
    """When the first result of a movement that was sent after the kill was seen."""
    while time.monotonic() < killed_at + BACK_LIMIT_S:
        messages = reader.read()
        seen_at = time.monotonic()
        if any(pacer.sent_at(number_of(contender, message)) > killed_at for message in messages):
            return seen_at
        if not process.is_running:
            raise Failed(f"{process.name} ended with code {process.exit_code} after a kill\n{log_end(process)}")
    raise Failed(f"{process.name} has no new result {BACK_LIMIT_S:g} s after a kill\n{log_end(process)}")


def _drain(arena: Arena, group: str, process: Child) -> None:
    until = time.monotonic() + DRAIN_LIMIT_S
    while arena.committed(group) < arena.waiting():
        if not process.is_running or time.monotonic() > until:
            left = arena.waiting() - arena.committed(group)
            raise Failed(f"{process.name} has not worked off {left} movements\n{log_end(process)}")
        time.sleep(0.2)


def measure_all(arena: Arena, names: Sequence[str], kills: int, rate: int) -> tuple[list[Kills], dict[str, str]]:
    """Each contender in its turn; what could not be had, by name."""
    found: list[Kills] = []
    missed: dict[str, str] = {}
    for name, told in in_turn(names, lambda each: measure(arena, each, kills, rate), missed):
        found.append(told)
        say(
            f"  {name}: back after {statistics.median(told.seconds):.2f} s (worst {max(told.seconds):.2f}); of "
            f"{told.sent:,} lost {told.lost}, doubled {told.doubled}, wrong stocks {told.wrong_stocks}"
        )
    return found, missed


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--rate", type=int, default=RATE, help="movements a second throughout")
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--only", default=",".join(CONTENDERS), help="contenders, such as ledger,streams")
    given = parser.parse_args(arguments)
    with running() as stack:
        arena = Arena(stack, given.items)
        names = [name for name in given.only.split(",") if not CONTENDERS[name].missing()]
        found, _ = measure_all(arena, names, given.kills, given.rate)
        for each in found:
            print(asdict(each))


if __name__ == "__main__":
    main()
