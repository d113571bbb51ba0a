"""`lotstream count`: counting at a terminal, where a scanner is a keyboard."""

import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from io import TextIOWrapper
from typing import Final
from uuid import uuid4

import click

from processors.cli.cluster_options import Cluster, cluster_options, reached
from processors.cli.count_reads import HELP, Read, typed
from processors.cli.count_requests import EXIT_REFUSED, LIMIT_S, Outgoing
from processors.cli.count_rows import lines, lists
from processors.cli.count_shown import list_text, shown, to_recount
from processors.contract.following import Follower
from processors.contract.sending import Sender
from processors.domain import keys
from processors.domain.count_registers import ScanFeedback
from processors.domain.scans import Scan

TOPIC: Final = "scans"
FEEDBACK: Final = "scan-feedback"
AGAIN_S: Final = 2.0
"""A read without feedback for so long is sent again, with its id: taken twice it counts once."""
POLL_S: Final = 0.2


@click.command("count", epilog="Example: lotstream count 2026-11 RAW --operator ann")
@click.argument("inventory")
@click.argument("list_", metavar="LIST")
@click.option("--operator", required=True, metavar="NAME", help="Who counts: the list's operator.")
@click.option("--device", metavar="NAME", default=platform.node, help="This terminal's name. Else the machine's.")
@click.option(
    "--limit",
    type=click.FloatRange(0, min_open=True),
    default=LIMIT_S,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the feedback to a read, sending it again meanwhile.",
)
@cluster_options
def command(
    inventory: str,
    list_: str,
    operator: str,
    device: str,
    limit: float,
    bootstrap_servers: str | None,
    schema_registry: str | None,
) -> None:
    """Count on a LIST: each line that is typed or scanned is a read, and its feedback is shown at once.

    A line is a barcode, or fields (item=CLASS|CODE lot=… qty=…); + or Enter confirms, a and r answer add or replace, x
    forgets what was read, ? helps, q (or Ctrl-D) ends. What is read and not confirmed waits for the same operator and
    device. Lines may come from a file or a pipe: then the exit code is 3 where one was refused.
    """
    with reached(bootstrap_servers, schema_registry) as cluster:
        cluster.check_schema_ids()
        found = lists(cluster, inventory, list_)
        if not found:
            raise click.ClickException(f"inventory {inventory} has no list {list_}; lotstream counts status shows all")
        (row,) = found
        click.echo(list_text(row))
        if row.state == "reviewing":
            for line in lines(cluster, inventory, list_):
                if line.state == "recount":
                    click.echo(to_recount(line))
        with closing(Terminal(cluster, inventory, list_, operator, device or "terminal", limit)) as terminal:
            if isinstance(sys.stdin, TextIOWrapper):
                sys.stdin.reconfigure(errors="replace")  # a scanner's noise is a barcode that nobody knows
            _read_on(terminal, sys.stdin)


def _read_on(terminal: "Terminal", stdin: Iterable[str]) -> None:
    is_person = sys.stdin.isatty()
    if is_person:
        click.echo("A barcode, or item=CLASS|CODE lot=… qty=…; + confirms, ? helps, q ends.")
    results = Counter[str]()
    try:
        _prompt(is_person)
        for line in stdin:
            try:
                read = typed(line)
                if read == "quit":
                    break
                if isinstance(read, Read):
                    feedback = terminal.send(read)
                    results[feedback.status] += 1
                    for text in shown(feedback):
                        click.echo(text, color=False if os.environ.get("NO_COLOR") else None)
                    if feedback.status == "refused" and is_person:
                        click.echo("\a", nl=False)
                else:
                    click.echo(HELP)
            except ValueError as error:
                results["wrong"] += 1
                click.echo(f"not sent: {error}")
            _prompt(is_person)
    except KeyboardInterrupt:
        click.echo()
    click.echo(f"{results['accepted']} confirmed, {results['refused']} refused.")
    if not is_person and results["refused"] + results["wrong"]:
        raise SystemExit(EXIT_REFUSED)


def _prompt(is_person: bool) -> None:
    # No line editing: it would take FNC1 (Ctrl-]) for a command of its own.
    if is_person:
        click.echo("> ", nl=False)


class Terminal:
    """One operator at one device: sends a read, and waits for its feedback."""

    def __init__(
        self, cluster: Cluster, inventory: str, list_: str, operator: str, device: str, limit_s: float
    ) -> None:
        self._codec, self._limit_s = cluster.codec, limit_s
        self._inventory, self._list, self._operator, self._device = inventory, list_, operator, device
        self._route = keys.join(inventory)
        self._sender = Sender(cluster.connection, TOPIC)
        self._follower = Follower(cluster.connection, FEEDBACK, self._route, "end")
        self._asked: str | None = None
        """The read that waits for add or replace."""

    def send(self, read: Read) -> ScanFeedback:
        """The feedback to a read. ValueError for an answer to no question; ClickException where none comes in time."""
        fields = dict(read.fields)
        if read.action == "answer":
            if self._asked is None:
                raise ValueError("there is no question to answer")
            fields["answers"] = self._asked
        scan_id, scanned_at = uuid4().hex, _now_ms()
        until = time.monotonic() + self._limit_s
        while time.monotonic() < until:
            self._hand_over(
                Scan(
                    scan_id,
                    self._inventory,
                    self._list,
                    self._operator,
                    self._device,
                    scanned_at,
                    _now_ms(),
                    read.action,
                    **fields,
                )
            )
            feedback = self._feedback(scan_id, min(until, time.monotonic() + AGAIN_S))
            if feedback is not None:
                if feedback.status == "ask":
                    self._asked = scan_id
                elif read.action in ("answer", "cancel") and feedback.status != "refused":
                    self._asked = None
                return feedback
        raise click.ClickException(
            f"no feedback within {self._limit_s:g} s: does a counting worker run (lotstream doctor)? The read was "
            "sent, and counts once one does"
        )

    def _hand_over(self, scan: Scan) -> None:
        self._sender.hand_over(Outgoing(self._route.encode(), self._codec.encode(TOPIC, scan)))

    def _feedback(self, scan_id: str, until: float) -> ScanFeedback | None:
        while (left := until - time.monotonic()) > 0:
            for record in self._follower.poll(min(POLL_S, left)):
                if record.key == scan_id.encode():
                    feedback = self._codec.decode(FEEDBACK, record.value)
                    if isinstance(feedback, ScanFeedback) and feedback.inventory == self._inventory:
                        return feedback
        return None

    def close(self) -> None:
        self._follower.close()
        self._sender.finish()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
