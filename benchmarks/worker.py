"""One worker process that measures itself: turns until so many messages are committed, then prints what it took.

Started by a benchmark, with the stack's settings in its environment: `python -m benchmarks.worker --messages N`.
"""

import argparse
import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import stages
from benchmarks.figures import percentile
from benchmarks.stack import Stack
from processors.cli import wiring
from processors.cli.logs import configure_logs
from processors.cli.settings import load_settings
from processors.runtime.loop import Loop
from processors.runtime.worker import run

PROFILE_LINES = 45


def measured(stack: Stack, messages: int, *options: str) -> dict[str, Any]:
    """Run a worker process on a stack until so many messages are committed; what it says of itself.

    options: `--stages` for where its time goes (which makes it a little slower), `--profile FILE` for cProfile.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", "--messages", str(messages), *options],
        env={**os.environ, **stack.environment()},
        stdout=subprocess.PIPE,
        check=True,
    )
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def _turn_until(loop: Loop, messages: int) -> dict[str, Any]:
    """Turn as a worker does; time and CPU count from the first records that come, until the last commit."""
    committed, began = _counted(loop), _began(loop)
    tasks = loop.metrics.tasks._value
    run(loop, lambda: committed[0] >= messages and loop.ready and tasks.get() > 0)
    now = _clocks()
    seconds, cpu, thread = (later - earlier for later, earlier in zip(now, began or now, strict=True))
    return {
        "messages": committed[0],
        "seconds": seconds,
        "cpu_seconds": cpu,
        "thread_cpu_seconds": thread,
        "rss_mib": _rss_mib(),
        "rss_max_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "restore_seconds": loop.metrics.restore_s._value.get(),
        "restore_records": loop.metrics.restore_records._value.get(),
        "collections": [generation["collections"] for generation in gc.get_stats()],
    }


def _clocks() -> tuple[float, float, float]:
    return time.perf_counter(), time.process_time(), time.thread_time()


def _began(loop: Loop) -> list[float]:
    """The clocks when the first records came; empty before."""
    log: Any = loop._log
    consume = log.consume
    began: list[float] = []

    def consuming(max_records: int, wait_s: float) -> Any:
        records = consume(max_records, wait_s)
        if records and not began:
            began.extend(_clocks())
        return records

    log.consume = consuming
    return began


def _counted(loop: Loop) -> list[int]:
    """Count committed messages, by listening to the loop's own metrics."""
    committed = [0]
    count: Callable[[Any], None] = loop.metrics.count

    def counting(batch: Any) -> None:
        committed[0] += len(batch.items)
        count(batch)

    loop.metrics.count = counting  # type: ignore[method-assign]
    return committed


def _commits(loop: Loop) -> list[float]:
    """Collect what the loop observes of its commits, in milliseconds."""
    found: list[float] = []
    loop.metrics.commit_s.observe = lambda amount, exemplar=None: found.append(amount * 1000)  # type: ignore[method-assign]
    return found


def _rss_mib() -> float:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 1024**2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, required=True, help="end after so many committed messages")
    parser.add_argument("--stages", action="store_true", help="measure where the time goes")
    parser.add_argument("--profile", help="write a cProfile to this file")
    parser.add_argument("--processor", default="ledger", choices=["ledger", "minimal"])
    given = parser.parse_args()
    configure_logs("warning", "json")
    settings = load_settings()
    if given.processor == "minimal":
        from benchmarks.minimal import MinimalRule

        wiring.processor = lambda *_: MinimalRule()
    loop = wiring.worker_loop("ledger", settings)
    commits = _commits(loop)
    spent = stages.watch(loop) if given.stages else {}
    if given.profile:
        import cProfile

        profile = cProfile.Profile()
        found = profile.runcall(_turn_until, loop, given.messages)
        profile.dump_stats(given.profile)
    else:
        found = _turn_until(loop, given.messages)
    commits = sorted(commits) or [0.0]
    found["commits"] = len(commits)
    found["commit_p50_ms"], found["commit_p99_ms"] = percentile(commits, 0.5), percentile(commits, 0.99)
    found["stages_us"] = {stage: ns / 1000 / found["messages"] for stage, ns in spent.items() if found["messages"]}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
