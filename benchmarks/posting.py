"""Posting: one worker works off a backlog of loads and unloads of lots, and says where its time goes.

    python -m benchmarks.posting [--messages 300000] [--items 20000] [--processor minimal]

The backlog is sent before the worker starts; broker and Redis run on the same machine.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks import company
from benchmarks.figures import Figure, show
from benchmarks.sending import publish
from benchmarks.stack import running
from benchmarks.worker import measured


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=300_000)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--processor", default="ledger", choices=["ledger", "minimal"])
    parser.add_argument("--no-stages", action="store_true", help="without the clocks, which cost a few percent")
    parser.add_argument("--profile", help="write a cProfile of the worker to this file")
    given = parser.parse_args(arguments)
    options = [*(() if given.no_stages else ("--stages",)), *(("--profile", given.profile) if given.profile else ())]
    found = measure(given.messages, given.items, given.processor, options)
    show(f"posting, {given.processor}", _figures(found))


def measure(
    messages: int, items: int, processor: str = "ledger", options: Sequence[str] = ("--stages",)
) -> dict[str, Any]:
    """Post so many movements on a stack of its own; what the worker says of itself, see `worker`."""
    with running() as stack:
        master = company.master([company.lot_item(number) for number in range(items)])
        measured(stack, publish(stack, "master-data", master), "--processor", processor)
        print(f"sending {messages:,} movements of {items:,} items", file=sys.stderr)
        publish(stack, "movements", company.lot_movements(items, messages))
        return measured(stack, messages, "--processor", processor, *options)


def _figures(found: dict[str, Any]) -> list[Figure]:
    count = found["messages"]
    figures = [
        ("movements", f"{count:,}", ""),
        ("movements/s, one worker", f"{count / found['seconds']:,.0f}", "30,000"),
        ("CPU of the worker, µs a movement", f"{found['cpu_seconds'] / count * 1e6:.1f}", ""),
        ("  its loop's thread", f"{found['thread_cpu_seconds'] / count * 1e6:.1f}", ""),
        ("transactions", f"{found['commits']:,}", ""),
        ("begin to committed, p50 / p99", f"{found['commit_p50_ms']:.0f} / {found['commit_p99_ms']:.0f} ms", ""),
        ("memory (RSS), most", f"{found['rss_max_mib']:.0f} MiB", ""),
        ("garbage collections, by generation", str(found["collections"]), ""),
    ]
    if found["stages_us"]:
        figures += [(f"  {stage}, µs", f"{spent:.2f}", "") for stage, spent in found["stages_us"].items()]
        rest = found["seconds"] / count * 1e6 - sum(found["stages_us"].values())
        figures.append(("  the rest, µs", f"{rest:.2f}", ""))
    return figures


if __name__ == "__main__":
    main()
