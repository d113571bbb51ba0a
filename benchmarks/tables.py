"""The tables of a results file, in Markdown; each function gives an empty text where its part was not run."""

import statistics
from typing import Any

from benchmarks.contenders import CONTENDERS
from benchmarks.throughput import Round, medians

Results = dict[str, Any]


def taken(results: Results) -> str:
    """When, by which command, on what."""
    versions = ", ".join(f"{name} {each}" for name, each in results["versions"].items())
    minutes = results.get("seconds", 0) / 60
    when = f"Taken {results['taken']} by `{results['command']}` ({minutes:.0f} minutes)"
    return f"{when} on {results['machine']}.\n{versions}."


def by_contender(results: Results) -> dict[str, Round]:
    """Medians of the throughput rounds of one worker; the most memory."""
    rounds = [Round(**each) for each in results.get("throughput", [])]
    return {name: each for (name, _), each in medians(rounds).items()}


def comparison(results: Results) -> str:
    """Throughput, CPU and memory, with the ratio to the full ledger."""
    found = by_contender(results)
    if not found:
        return ""
    ledger = found.get("ledger")
    rows = []
    for name in _in_order(found):
        each = found[name]
        speeds = [one["rate"] for one in results["throughput"] if one["contender"] == name]
        rows.append(
            [
                CONTENDERS[name].title,
                f"{each.rate:,.0f}",
                f"{min(speeds):,.0f} – {max(speeds):,.0f}",
                f"{each.rate / ledger.rate:.2f}" if ledger else "",
                f"{each.cpu_us:.1f}",
                f"{each.cpu_us / ledger.cpu_us:.2f}" if ledger else "",
                f"{each.rss_mib:,.0f}",
            ]
        )
    heads = [
        "one worker",
        "events/s, median",
        "all rounds",
        "to the ledger",
        "CPU, µs an event",
        "to the ledger",
        "MiB",
    ]
    return _table(heads, rows)


def latency(results: Results) -> str:
    """p50 / p95 / p99 in milliseconds, a column for each pace."""
    found = {(each["contender"], each["rate"]): each for each in results.get("latency", [])}
    if not found:
        return ""
    rates = sorted({rate for _, rate in found})
    rows = []
    for name in _in_order({name: None for name, _ in found}):
        cells = []
        for rate in rates:
            each = found.get((name, rate))
            if each is None:
                cells.append("–")
            elif each["p99_ms"] is None:
                cells.append("fell behind")
            else:
                cells.append(" / ".join(f"{each[part]:.0f}" for part in ("p50_ms", "p95_ms", "p99_ms")))
        rows.append([CONTENDERS[name].title, *cells])
    return _table(["p50 / p95 / p99, ms", *(f"{rate:,}/s" for rate in rates)], rows)


def kills(results: Results) -> str:
    """Time back, and effects lost or doubled."""
    found = {each["contender"]: each for each in results.get("kills", [])}
    if not found:
        return ""
    rows = []
    for name in _in_order(found):
        each = found[name]
        back = f"{statistics.median(each['seconds']):.2f} s", f"{max(each['seconds']):.2f} s"
        counts = (f"{each[part]:,}" for part in ("sent", "lost", "doubled", "wrong_stocks"))
        rows.append([CONTENDERS[name].title, str(len(each["seconds"])), *back, *counts])
    heads = [
        "",
        "kills",
        "back, median",
        "worst",
        "movements",
        "results lost",
        "results doubled",
        "items with wrong stock",
    ]
    return _table(heads, rows)


def scaling(results: Results) -> str:
    """Events/s with 1, 2, 4 workers."""
    rounds = [Round(**each) for each in [*results.get("throughput", []), *results.get("scaling", [])]]
    found = {key: each for key, each in medians(rounds).items() if CONTENDERS[key[0]].ours}
    counts = sorted({workers for _, workers in found})
    if len(counts) < 2:
        return ""
    rows = []
    for name in _in_order({name: None for name, _ in found}):
        one = found.get((name, 1))
        cells = []
        for workers in counts:
            each = found.get((name, workers))
            ratio = f" (×{each.rate / one.rate:.2f})" if each and one else ""
            cells.append(f"{each.rate:,.0f}{ratio}, {each.cpu_us:.0f} µs" if each else "–")
        rows.append([CONTENDERS[name].title, *cells])
    return _table(["events/s, CPU an event", *(f"{n} worker{'s' if n > 1 else ''}" for n in counts)], rows)


def state(results: Results) -> str:
    """Start, speed and memory by the number of rows."""
    rows = [
        [
            f"{each['rows']:,}",
            f"{each['cold_s']:.1f} s ({each['rows'] / each['cold_s']:,.0f} rows/s)",
            f"{each['warm_s']:.2f} s",
            f"{each['cold_rss_mib']:,.0f} / {each['warm_rss_mib']:,.0f}",
            f"{each['rate']:,.0f}",
            f"{each['rss_mib']:,.0f}",
        ]
        for each in results.get("state", [])
    ]
    heads = ["rows", "empty disk to ready", "own disk to ready", "MiB, cold / warm", "movements/s", "MiB while posting"]
    return _table(heads, rows) if rows else ""


def serials(results: Results) -> str:
    found = results.get("serials")
    if not found:
        return ""
    rows = [
        [f"one load of {found['pieces']:,} generated serials, publish to reply", f"{found['one_median_s']:.2f} s"],
        [f"{found['loads']:,} such loads, durable codes a second", f"{found['codes_per_s']:,.0f}"],
    ]
    return _table(["serials", "figure"], rows)


def stages(results: Results) -> str:
    """Where a movement's time goes, costliest first."""
    found = results.get("stages")
    if not found or not found.get("stages_us"):
        return ""
    whole = found["seconds"] / found["messages"] * 1e6
    spent = sorted(found["stages_us"].items(), key=lambda each: -each[1])
    spent.append(("the rest", whole - sum(took for _, took in spent)))
    rows = [[stage, f"{took:.1f}", f"{took / whole:.0%}"] for stage, took in spent if took >= 0.05]
    rows.append(["all of it", f"{whole:.1f}", "100%"])
    return _table(["stage", "µs a movement", "share"], rows)


def many_lots(results: Results) -> str:
    found = results.get("many_lots")
    rows = [[what, f"{took_ms:,.2f} ms"] for what, took_ms in (found or {}).items()]
    return _table(["movement", "time, decided and stored"], rows) if rows else ""


def counting(results: Results) -> str:
    """Feedback to reads, and the closing of a large list."""
    found = results.get("counting") or {}
    rows = []
    for name, beside in (("beside", "no backlog"), ("backlog", "a backlog of {backlog:,}, {left:,} left at the end")):
        told = found.get(name)
        if told:
            waits = " / ".join(f"{told[part]:.0f}" for part in ("p50_ms", "p95_ms", "p99_ms"))
            what = f"{told['reads_per_s']:,} reads/s, {told['movements_per_s']:,} movements/s beside them, "
            rows.append([f"scan to feedback: {what}{beside.format(**told)}", f"{waits} ms"])
            young = " / ".join(f"{told[part]:.0f}" for part in ("young_p50_ms", "young_p95_ms", "young_p99_ms"))
            rows.append(
                [f"the same, {'no' if name == 'beside' else 'a'} backlog, while the broker was young", f"{young} ms"]
            )
    told = found.get("closing")
    if told:
        what = f"{told['lines']:,} lines over {told['partitions']} partitions, {told['differences']:,} differences"
        rows.append([f"command to `closed`: {what}", f"{told['closed_s']:.2f} s"])
        rows.append(["reads that are sent at once", f"{told['lines'] / told['counted_s']:,.0f} /s"])
    return _table(["counting", "p50 / p95 / p99, or figure"], rows) if rows else ""


def missed(results: Results) -> str:
    """What could not be had in this run, and the first line of why."""
    found = results.get("missed", {})
    if not found:
        return "Everything that was asked for ran."
    return "\n".join(f"- {name}: {(why.splitlines() or ['no reason told'])[0]}" for name, why in found.items())


def aims(results: Results) -> str:
    """Each aim with its figure: met, missed or not measured."""
    found = by_contender(results)
    waits = {each["rate"]: each["p99_ms"] for each in results.get("latency", []) if each["contender"] == "ledger"}
    back = next((each["seconds"] for each in results.get("kills", []) if each["contender"] == "ledger"), None)
    codes = results.get("serials")
    rows_by_size = {round(each["rows"], -5): each for each in results.get("state", [])}
    million, ten = rows_by_size.get(1_000_000), rows_by_size.get(10_000_000)
    restored = million["rows"] / million["cold_s"] if million else None
    memory = max(ten["rss_mib"], ten["cold_rss_mib"]) if ten else None
    counts = results.get("counting") or {}
    waits_of = {name: counts[name]["p99_ms"] for name in ("beside", "backlog") if name in counts}
    rows = [
        _at_least("full ledger, one worker, movements/s", found["ledger"].rate if "ledger" in found else None, 30_000),
        _at_least(
            "runtime with the minimal rule, events/s", found["minimal"].rate if "minimal" in found else None, 100_000
        ),
        _at_least("durable generated codes/s", codes["codes_per_s"] if codes else None, 60_000),
        _at_most("one load of 10,000 generated serials, s", codes["one_median_s"] if codes else None, 1, 2),
        _paced(waits, 2000, 150),
        _paced(waits, 5000, 50),
        _at_most(
            "kill -9 to the next new committed result, median, s", statistics.median(back) if back else None, 2, 2
        ),
        _at_least("cold restore of 1,000,000 rows, rows/s", restored, 300_000),
        _at_most("memory with 10,000,000 rows, MiB", memory, 1024),
        _at_most("p99 of the feedback at 200 reads/s beside 2,000 movements/s, ms", waits_of.get("beside"), 200),
        _at_most("the same while a backlog is worked off, ms", waits_of.get("backlog"), 200),
        _at_most("closing a list of 20,000 lines, s", _closed_s(counts), 5, 2),
    ]
    return _table(["aim", "figure", "wanted", ""], rows)


def _closed_s(counts: Results) -> float | None:
    """Seconds to close a list of the size of the aim."""
    told = counts.get("closing")
    return None if told is None or told["lines"] < 20_000 else float(told["closed_s"])


def _paced(waits: dict[int, float | None], rate: int, limit_ms: float) -> list[str]:
    name = f"p99 at {rate:,} movements/s, ms"
    behind = None in (waits[each] for each in waits if each <= rate)
    if behind:
        return [name, "fell behind", f"≤ {limit_ms:g}", "**missed**"]
    return _at_most(name, waits.get(rate), limit_ms)


def _at_least(name: str, figure: float | None, wanted: float) -> list[str]:
    return _aim(name, figure, f"{figure:,.0f}" if figure is not None else "", f"≥ {wanted:,g}", lambda it: it >= wanted)


def _at_most(name: str, figure: float | None, wanted: float, digits: int = 0) -> list[str]:
    told = f"{figure:,.{digits}f}" if figure is not None else ""
    return _aim(name, figure, told, f"≤ {wanted:,g}", lambda it: it <= wanted)


def _aim(name: str, figure: float | None, told: str, wanted: str, met: Any) -> list[str]:
    if figure is None:
        return [name, "–", wanted, "not measured"]
    return [name, told, wanted, "met" if met(figure) else "**missed**"]


def _in_order(names: dict[str, Any]) -> list[str]:
    """The product first, then the peers."""
    return sorted(names, key=lambda name: (not CONTENDERS[name].ours, list(CONTENDERS).index(name)))


def _table(heads: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [heads, ["---"] * len(heads), *rows])
