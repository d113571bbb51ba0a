"""`lotstream dev`: broker, Redis, topics, a ledger and a counting worker, the edge and a small demo, until Ctrl-C."""

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click

from processors.cli.dev_report import Report
from processors.embedded import children
from processors.embedded.stack import Stack, Worker
from processors.embedded.versions import KAFKA

LOOK_S = 0.5
"""How often the processes are looked after while nothing else is to do."""
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
            stack.hasten_next_start()
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
    """Start everything, what takes longest first, and nothing waits for what it does not need.

    Where the directory has registers already, the edge starts beside the servers: its pages stand before the workers.
    """
    goes_on = stack.was_used
    with report.step("broker") as step:
        stack.launch(lambda there, total, name: step.progress(f"fetching, {there} of {total} jars: {name}"))
        edge = stack.start_edge() if goes_on else None
        # A second of imports, in which the servers are starting.
        from processors.cli import dev_cluster

        stack.wait_for_broker()
        kind = f"Kafka {KAFKA}" if stack.has_own_broker else "the one that was named"
        step.done(f"{stack.bootstrap_servers}  {kind}")
    with report.step("redis") as step:
        stack.wait_for_redis()
        step.done(stack.redis_url)
    dev_cluster.start(stack, report, persist, edge, with_demo=with_demo)


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
