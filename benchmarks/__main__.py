"""All figures of the product and of its peers, in one run: `python -m benchmarks` (`make bench`).

    python -m benchmarks [--quick] [--only throughput,kills] [--contenders ledger,streams] [--rows 100000,10000000]

Results go to one JSON file, which `python -m benchmarks.report FILE` puts into docs/performance.md. What cannot be had
here (a peer that is not installed, a run that failed) is named, and the rest goes on.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import counting, kills, latency, machine, many_lots, posting, serials, state, throughput
from benchmarks.arena import Arena
from benchmarks.contenders import CONTENDERS
from benchmarks.report import printed
from benchmarks.stack import running

RESULTS = Path(".lotstream") / "benchmarks"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything; `full` ends within about 35 minutes on 2 cores, `quick` within about 3."""

    messages: int
    items: int
    seconds: float
    rounds: int
    workers: tuple[int, ...]
    rates: tuple[int, ...]
    rate_s: float
    kills: int
    kill_rate: int
    rows: tuple[int, ...]
    state_messages: int
    stage_messages: int
    loads: int
    counting: counting.Sizes


FULL = Sizes(
    messages=1_000_000, items=20_000, seconds=12.0, rounds=3, workers=(2, 4),
    rates=latency.RATES, rate_s=6.0, kills=3, kill_rate=kills.RATE, rows=(100_000, 1_000_000), state_messages=50_000,
    stage_messages=100_000, loads=100, counting=counting.FULL,
)  # fmt: skip
QUICK = Sizes(
    messages=100_000, items=2000, seconds=4.0, rounds=1, workers=(), rates=(1000,), rate_s=2.0,
    kills=1, kill_rate=kills.RATE, rows=(), state_messages=0, stage_messages=20_000, loads=10, counting=counting.QUICK,
)  # fmt: skip

QUICK_PARTS = 3
"""A quick look stops after what stands beside the peers."""

Found = dict[str, Any]
"""What a part found: name → JSON values. `missed`: what could not be had, and why."""
Part = Callable[[Sizes, list[str]], Found]


def _throughput(sizes: Sizes, names: list[str]) -> Found:
    with running() as stack:
        arena = Arena(stack, sizes.items)
        throughput.fill(arena, sizes.messages)
        rounds, missed = throughput.measure(arena, names, sizes.rounds, sizes.seconds)
        own = [name for name in names if CONTENDERS[name].ours and name not in missed]
        scaled = []
        for workers in sizes.workers:
            more, failed = throughput.measure(arena, own, 1, sizes.seconds, workers)
            scaled += more
            missed |= {f"{name} with {workers} workers": why for name, why in failed.items()}
    return {
        "throughput": [asdict(each) for each in rounds],
        "scaling": [asdict(each) for each in scaled],
        "missed": missed,
    }


def _latency(sizes: Sizes, names: list[str]) -> Found:
    with running() as stack:
        found, missed = latency.measure_all(Arena(stack, sizes.items), names, sizes.rates, sizes.rate_s)
    return {"latency": [asdict(each) for each in found], "missed": missed}


def _kills(sizes: Sizes, names: list[str]) -> Found:
    with running() as stack:
        found, missed = kills.measure_all(Arena(stack, min(2000, sizes.items)), names, sizes.kills, sizes.kill_rate)
    return {"kills": [asdict(each) for each in found], "missed": missed}


def _state(sizes: Sizes, _: list[str]) -> Found:
    return {"state": [asdict(state.measure(rows, sizes.state_messages)) for rows in sizes.rows]}


def _stages(sizes: Sizes, _: list[str]) -> Found:
    return {"stages": posting.measure(sizes.stage_messages, sizes.items)}


def _serials(sizes: Sizes, _: list[str]) -> Found:
    return {"serials": asdict(serials.measure(sizes.loads, 10_000))}


def _many_lots(_sizes: Sizes, _: list[str]) -> Found:
    return {"many_lots": many_lots.measure()}


def _counting(sizes: Sizes, _: list[str]) -> Found:
    return {"counting": counting.measure(sizes.counting)}


PARTS: dict[str, Part] = {
    "throughput": _throughput,
    "latency": _latency,
    "kills": _kills,
    "state": _state,
    "serials": _serials,
    "stages": _stages,
    "many_lots": _many_lots,
    "counting": _counting,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a look that takes minutes; its figures say little")
    parser.add_argument("--only", help=f"parts: {','.join(PARTS)}; without it all, with --quick the first three")
    parser.add_argument("--contenders", default=",".join(CONTENDERS), help=",".join(CONTENDERS))
    parser.add_argument("--rows", help="sizes of state, such as 100000,1000000,10000000 (which takes minutes more)")
    parser.add_argument("--results", type=Path, help=f"file for the results; else one of the moment in {RESULTS}")
    given = parser.parse_args()
    sizes = QUICK if given.quick else FULL
    every = list(PARTS)[:QUICK_PARTS] if given.quick else list(PARTS)
    if given.rows:
        sizes = _with_rows(sizes, given.rows)
        every = list(dict.fromkeys([*every, "state"]))
    parts, names = given.only.split(",") if given.only else every, given.contenders.split(",")
    for wrong, right in ((set(parts) - PARTS.keys(), PARTS), (set(names) - CONTENDERS.keys(), CONTENDERS)):
        if wrong:
            parser.error(f"expected {', '.join(right)}, got {', '.join(sorted(wrong))}")
    path = given.results or RESULTS / f"{time.strftime('%Y-%m-%d-%H%M%S')}.json"
    asked = {"--quick": given.quick, "--only": given.only, "--contenders": given.contenders, "--rows": given.rows}
    told = [
        name if value is True else f"{name} {value}" for name, value in asked.items() if _is_asked(parser, name, value)
    ]
    _run(sizes, parts, names, path, " ".join(["python -m benchmarks", *told]))


def _is_asked(parser: argparse.ArgumentParser, name: str, value: object) -> bool:
    return bool(value != parser.get_default(name.removeprefix("--")))


def _with_rows(sizes: Sizes, rows: str) -> Sizes:
    return replace(sizes, rows=tuple(map(int, rows.split(","))), state_messages=FULL.state_messages)


def _run(sizes: Sizes, parts: list[str], names: list[str], path: Path, command: str) -> None:
    began = time.monotonic()
    results: Found = {
        "taken": time.strftime("%Y-%m-%d %H:%M"),
        "command": command,
        "machine": machine.described(),
        "versions": machine.versions(),
        "sizes": asdict(sizes),
        "missed": {name: why for name in names if (why := CONTENDERS[name].missing())},
    }
    able = [name for name in names if name not in results["missed"]]
    path.parent.mkdir(parents=True, exist_ok=True)
    for part in parts:
        print(f"{part} …", file=sys.stderr, flush=True)
        try:
            found = PARTS[part](sizes, able)
        except Exception as failure:  # one part must not cost the figures of the others
            found = {"missed": {part: f"{type(failure).__name__}: {failure}"}}
            print(f"  {part}: {failure}", file=sys.stderr, flush=True)
        missed = {f"{part}: {name}" if name != part else part: why for name, why in found.pop("missed", {}).items()}
        results |= found
        results["missed"] |= missed
        results["seconds"] = round(time.monotonic() - began)
        path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(printed(results))
    print(f"\nresults: {path}\ninto the documentation: python -m benchmarks.report {path}")


if __name__ == "__main__":
    main()
