"""The plots of a results file: which figures, as which picture."""

import statistics
from collections.abc import Callable
from typing import Any

from benchmarks import plots, tables
from benchmarks.contenders import CONTENDERS
from benchmarks.throughput import Round, medians

Results = dict[str, Any]


def throughput(results: Results) -> str:
    found = sorted(tables.by_contender(results).items(), key=lambda each: -each[1].rate)
    return plots.bars(
        "Events a second, one worker", [_bar(name, each.rate, f"{each.rate:,.0f}") for name, each in found]
    )


def cpu(results: Results) -> str:
    found = sorted(tables.by_contender(results).items(), key=lambda each: each[1].cpu_us)
    return plots.bars(
        "CPU, µs an event (the worker's own)", [_bar(name, each.cpu_us, f"{each.cpu_us:.1f}") for name, each in found]
    )


def latency(results: Results) -> str:
    lines: dict[str, list[tuple[float, float]]] = {}
    for each in results.get("latency", []):
        if each["p99_ms"] is not None:
            lines.setdefault(each["contender"], []).append((each["rate"], each["p99_ms"]))
    return plots.lines(
        "p99 from publish to committed result",
        "movements a second",
        "ms",
        [plots.Line(CONTENDERS[name].title, points) for name, points in lines.items()],
    )


def kills(results: Results) -> str:
    found = sorted(results.get("kills", []), key=lambda each: statistics.median(each["seconds"]))
    bars = []
    for each in found:
        back = statistics.median(each["seconds"])
        wrong = each["lost"] + each["doubled"] + each["wrong_stocks"]
        bars.append(_bar(each["contender"], back, f"{back:.1f} s{', wrong effects' if wrong else ''}"))
    return plots.bars("kill -9 to the next new committed result, median", bars)


def scaling(results: Results) -> str:
    rounds = [Round(**each) for each in [*results.get("throughput", []), *results.get("scaling", [])]]
    lines: dict[str, list[tuple[float, float]]] = {}
    for (name, workers), each in sorted(medians(rounds).items()):
        if CONTENDERS[name].ours:
            lines.setdefault(name, []).append((workers, each.rate))
    return plots.lines(
        "Events a second by workers",
        "workers",
        "events/s",
        [plots.Line(CONTENDERS[name].title, points) for name, points in lines.items()],
    )


def _bar(name: str, value: float, text: str) -> plots.Bar:
    return plots.Bar(CONTENDERS[name].title, value, text, CONTENDERS[name].ours)


DRAWINGS: dict[str, Callable[[Results], str]] = {
    "throughput": throughput,
    "cpu": cpu,
    "latency": latency,
    "kills": kills,
    "scaling": scaling,
}
"""File name, without its ending → plot."""
