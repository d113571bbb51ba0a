"""`lotstream dev`: broker, Redis, topics, a ledger and a counting worker, the edge and a small demo, until Ctrl-C."""

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from types import FrameType

import click

from processors.cli import wiring
from processors.cli.cluster_options import Cluster, reached
from processors.cli.demo_run import Counted, Outcome, await_master_data, await_replies, count, publish
from processors.cli.dev_report import Report
from processors.contract import topics as manifest
from processors.contract.cluster_facts import PARTITIONS, read_facts, wanted_facts, write_facts
from processors.embedded import children, demo
from processors.embedded.stack import EDGE_PORT, Stack, Worker
from processors.embedded.versions import KAFKA

LOOK_S = 0.5
"""How often the processes are looked after while nothing else is to do."""
EDGE = "edge"
EXIT_FINAL = 2
"""A worker's exit code that says: starting it again is of no use."""


@click.command(
    "dev",
    epilog="Example: lotstream dev --persist ./data keeps everything under ./data, and goes on from it the next time.",
)
@click.option(
    "--persist",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the data in DIR and go on from it; else it is gone at the end.",
)
@click.option("--no-demo", is_flag=True, help="Start with empty topics.")
@click.option("--port", type=click.IntRange(1, 65535), help="The broker's port. Else 9092 if it is free, else any.")
def command(persist: Path | None, no_demo: bool, port: int | None) -> None:
    """Start a Kafka broker, Redis, the topics, all processes and a small demo here, until Ctrl-C.

    The processes are a ledger and a counting worker and the edge, whose console is at the address that is told last.

    Needs no Docker and no Java: both servers come with the package; the first start fetches the broker's jars (45 MB).
    LOTSTREAM_BOOTSTRAP_SERVERS (or BOOTSTRAP_SERVERS) and LOTSTREAM_REDIS_URL name servers to use instead.
    """
    report = Report()
    with _directory(persist) as directory, _as_ctrl_c(signal.SIGTERM):
        brokers = os.environ.get("LOTSTREAM_BOOTSTRAP_SERVERS") or os.environ.get("BOOTSTRAP_SERVERS")
        stack = Stack(directory, port, brokers, os.environ.get("LOTSTREAM_REDIS_URL"))
        stack.take()
        try:
            _start(stack, report, persist, with_demo=not no_demo)
            report.say("\nCtrl-C ends everything" + (f"; the data stays in {persist}." if persist else "."))
            _look_after(stack, report)
        except KeyboardInterrupt:
            report.say("\nEnding … (Ctrl-C again: at once)")
        finally:
            with children.counted_interrupts() as hurry:
                stack.stop(hurry)
    report.say("Ended.")


@contextmanager
def _directory(persist: Path | None) -> Iterator[Path]:
    if persist is not None:
        yield persist.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="lotstream-dev-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@contextmanager
def _as_ctrl_c(number: int) -> Iterator[None]:
    """Within, the signal interrupts as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    try:
        yield
    finally:
        signal.signal(number, before)


def _start(stack: Stack, report: Report, persist: Path | None, *, with_demo: bool) -> None:
    with report.step("broker") as step:
        stack.start_broker(lambda there, total, name: step.progress(f"fetching, {there} of {total} jars: {name}"))
        kind = f"Kafka {KAFKA}" if stack.has_own_broker else "the one that was named"
        step.done(f"{stack.bootstrap_servers}  {kind}")
    with report.step("redis") as step:
        stack.start_redis()
        step.done(stack.redis_url)
    with reached(stack.bootstrap_servers, None) as cluster:
        is_new = not read_facts(cluster.connection, cluster.codec)
        with report.step("topics") as step:
            step.done(_make_topics(cluster))
        started = {
            kind: stack.start_worker(kind, ["worker", kind, "--slots", "1", "--slot", "0"]) for kind in wiring.KINDS
        }
        edge = stack.start_worker(EDGE, ["edge"], "LOTSTREAM_EDGE_PORT", EDGE_PORT)
        for kind, worker in started.items():
            with report.step(kind) as step:
                worker.wait_until_ready()
                step.done(f"{worker.health_url}/metrics  log {worker.log}")
        outcome = _demo(stack, cluster, report, persist, is_new=is_new) if with_demo else None
        with report.step(EDGE) as step:
            edge.wait_until_ready()
            step.done(f"{edge.health_url}  log {edge.log}")
    if outcome is not None:
        report.outcome(outcome[0])
        report.counted(outcome[1])
    report.places(stack, persist, edge)
    report.try_next(stack.bootstrap_servers, with_demo=with_demo)
    report.look_at(edge.health_url)


def _make_topics(cluster: Cluster) -> str:
    facts = read_facts(cluster.connection, cluster.codec)
    count = int(facts.get(PARTITIONS, cluster.settings.partitions))
    made = manifest.apply(cluster.connection.admin(), count)
    now_ms = time.time_ns() // 1_000_000
    write_facts(cluster.connection, cluster.codec, wanted_facts(count, cluster.codec.ids.source), now_ms)
    return f"{sum(each.action == 'create' for each in made)} created, {count} tasks"


def _demo(
    stack: Stack, cluster: Cluster, report: Report, persist: Path | None, *, is_new: bool
) -> tuple[Outcome, Counted] | None:
    """Publish the demo where it was not yet, and wait for its answers. None: it was there already."""
    note = stack.directory / "demo.json"
    state = json.loads(note.read_text(encoding="utf-8")) if note.exists() else None
    if state and state["done"]:
        report.note("demo", f"published on {state['day']}; going on from the data in {persist}")
        return None
    if state is None and not is_new:
        report.note("demo", "not published: the cluster was set up before")
        return None
    # Day and time are kept from the first try on: a demo that was cut short is sent again with the same content.
    now = datetime.now(demo.ZONE)
    began_at = {"day": now.date().isoformat(), "at": now.isoformat(timespec="milliseconds"), **(state or {})}
    day = date.fromisoformat(began_at["day"])
    note.write_text(json.dumps({**began_at, "done": False}), encoding="utf-8")
    with report.step("demo") as step:
        master = demo.master_data(day)
        publish(cluster, "master-data", master)
        await_master_data(cluster, len(master), lambda there: step.progress(f"{there} of {len(master)} master records"))
        lines = demo.movements(day)
        began = time.monotonic()
        publish(cluster, "movements", lines)
        outcome = await_replies(cluster, lines, lambda there: step.progress(f"{there} of {len(lines)} replies"))
        took_ms = (time.monotonic() - began) * 1000
        step.done(f"{len(master)} master records accepted, {len(lines)} movements answered in {took_ms:.0f} ms")
    with report.step("count") as step:
        steps = demo.counting(day, began_at["at"])
        counted = count(cluster, steps, lambda there: step.progress(f"{there} of {len(steps)} steps"))
        step.done(f"{counted.reads} reads, {counted.moved} movements meanwhile, list {counted.list.list} closed")
    note.write_text(json.dumps({**began_at, "done": True}), encoding="utf-8")
    return outcome, counted


def _look_after(stack: Stack, report: Report) -> None:
    """Until Ctrl-C: a worker that ends is started again, unless it says that this is of no use."""
    while True:
        time.sleep(LOOK_S)
        stack.check()
        for worker in stack.workers:
            if worker.exit_code is not None:
                _again(worker, report)


def _again(worker: Worker, report: Report) -> None:
    if worker.exit_code == EXIT_FINAL:
        raise worker.trouble(f"The worker {worker.name} cannot go on")
    report.say(f"The worker {worker.name} ended with code {worker.exit_code}; starting it again (log {worker.log})")
    with suppress(OSError):
        worker.start()
