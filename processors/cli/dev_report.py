"""What `lotstream dev` says: its steps, what happened in the demo, where everything is, what to try next."""

import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status
from rich.table import Table

from processors.domain import keys, quantity
from processors.embedded import demo
from processors.embedded.ports import HOST
from processors.embedded.stack import BROKER_PORT, Stack, Worker

if TYPE_CHECKING:  # their code takes a while to import, and the servers are to start first
    from processors.cli.demo_run import Counted, Outcome

SERIALS_SHOWN = 3


class Step:
    """One step on its way; on a terminal its progress replaces itself, elsewhere only the end is told."""

    def __init__(self, console: Console, name: str, status: Status | None) -> None:
        self._console, self._name, self._status = console, name, status
        self._began = time.monotonic()

    def progress(self, text: str) -> None:
        if self._status is not None:
            self._status.update(f"{self._name:<10}{text}")

    def done(self, text: str) -> None:
        took = time.monotonic() - self._began
        self._console.print(f"{self._name:<10}{text}  ({took:.1f} s)", highlight=False, soft_wrap=True, markup=False)


class Report:
    """Lines for a person, on standard output."""

    def __init__(self, console: Console | None = None) -> None:
        # A file or a pipe has no width of its own: wide enough for the tables.
        self._console = console or (Console() if sys.stdout.isatty() else Console(width=160))

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True, markup=False)

    def note(self, name: str, text: str) -> None:
        self.say(f"{name:<10}{text}")

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        if not self._console.is_terminal:
            yield Step(self._console, name, None)
            return
        with self._console.status(f"{name:<10}…") as status:
            yield Step(self._console, name, status)

    def outcome(self, outcome: "Outcome") -> None:
        """How many movements were taken, which codes were made, which were refused and why."""
        by_status = Counter(reply.status for reply in outcome.replies)
        lots = [lot for reply in outcome.replies if reply.status == "done" for lot in reply.lots if lot.generated]
        taken = [reply for reply in outcome.replies if reply.status == "done"]
        serials = sum(len(lot.serials) for reply in taken for lot in reply.lots)
        serials += sum(len(reply.serials) for reply in taken)
        self.say(
            f"\nWhat happened: {len(outcome.replies)} movements, {by_status['done']} taken, "
            f"{by_status['duplicate']} known already, {by_status['refused']} refused; {len(lots)} lot codes generated, "
            f"{serials} serial numbers moved."
        )
        made = Table("movement", "lot", "quantity", "serials", box=None, pad_edge=False, title_justify="left")
        for reply in taken:
            for lot in (lot for lot in reply.lots if lot.generated):
                made.add_row(reply.request_id, lot.lot_code, quantity.text(lot.quantity), _few(lot.serials))
            if reply.request_id.startswith("M-") and reply.serials:
                made.add_row(reply.request_id, "", "", _few(reply.serials))
        self._console.print(made)
        self.say("\nRefused, each with every reason and what mends it:")
        refused = Table("movement", "code", "message", box=None, pad_edge=False)
        for reply in outcome.replies:
            for number, reason in enumerate(reply.reasons):
                refused.add_row(reply.request_id if number == 0 else "", reason.code, reason.message)
        self._console.print(refused)

    def counted(self, counted: "Counted") -> None:
        """What the demo's count found: the one loss, and not the goods that moved while it was counted."""
        row = counted.list
        self.say(
            f"\nA count while goods moved: list {row.list} of inventory {row.inventory} is closed, {row.lines} lines, "
            f"{row.matched} as booked. What went in and out meanwhile is no difference; what is missing is:"
        )
        table = Table("item", "lot", "location", "book", "counted", "difference", "template", "value", box=None,
                      pad_edge=False)  # fmt: skip
        for each in counted.differences:
            line, form = each.line, each.form
            item = keys.join(line.item_class, line.item_code)
            cells = (item, line.lot_code, line.location, form["book"], form["counted"],
                     f"{form['difference']} {line.unit}", form["template"], form["value"])  # fmt: skip
            table.add_row(*(cell or "" for cell in cells))
        self._console.print(table)
        self.say(f"List {demo.OPEN} is still being counted by {demo.OPERATOR}: go on with it (below).")

    def places(self, stack: Stack, persist: Path | None, edge: Worker) -> None:
        self.say("\nWhere everything is:")
        self.note("broker", stack.bootstrap_servers)
        self.note("redis", stack.redis_url)
        for worker in stack.workers:
            shown = "/api/v1/openapi.json" if worker is edge else "/metrics"
            self.note(worker.name, f"{worker.health_url}{shown}, log {worker.log}")
        self.note("data", f"{stack.directory}" + ("" if persist else " (gone at the end; --persist DIR keeps it)"))

    def look_at(self, url: str) -> None:
        """The console's address, last: what most people want to see first."""
        self.say(f"\nThe console, for the browser: {url}")

    def try_next(self, bootstrap_servers: str, *, with_demo: bool) -> None:
        """A few commands, as they can be pasted into another terminal."""
        us = program()
        self.say("\nTry next, in another terminal:")
        if bootstrap_servers != f"{HOST}:{BROKER_PORT}":
            self.say(f"  export BOOTSTRAP_SERVERS={bootstrap_servers}")
        if not with_demo:
            self.say(f"  {us} publish master-data FILE.jsonl")
            self.say(f"  {us} publish movements FILE.jsonl")
            self.say(f"  {us} read replies --follow")
            return
        self.say(f"  {us} lots show --open")
        self.say(f"  {us} dead-letters list --topic movements")
        self.say(f"  {us} counts differences {demo.INVENTORY} {demo.CLOSED}")
        self.say(f"  {us} count {demo.INVENTORY} {demo.OPEN} --operator {demo.OPERATOR}")
        self.say(f"  echo '{_mine()}' | {us} publish movements - && {us} read replies --key MINE-1 --follow --limit 1")


def program() -> str:
    """How this program is called from here: by its name where that is found, else by its place."""
    if shutil.which("lotstream"):
        return "lotstream"
    beside = Path(sys.executable).with_name("lotstream")
    if not beside.exists():
        return f"{sys.executable} -m processors"
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)


def _mine() -> str:
    """A movement to try: four bags of flour, whose lot code is generated."""
    return json.dumps(
        {
            "movement_id": "MINE-1",
            "action": "post",
            "template": "PUR",
            "warehouse": "RAW",
            "item_class": "ING",
            "item_code": "FLOUR",
            "quantity": "4",
            "unit": "BAG",
            "effective_date": datetime.now().date().isoformat(),
            "document_type": "purchase_delivery_note",
            "document_number": "1",
            "account": "MILL",
            "lots": [{"quantity": "4"}],
        }
    )


def _few(serials: tuple[str, ...]) -> str:
    shown = ", ".join(serials[:SERIALS_SHOWN])
    return shown if len(serials) <= SERIALS_SHOWN else f"{shown} … {serials[-1]} ({len(serials)})"
