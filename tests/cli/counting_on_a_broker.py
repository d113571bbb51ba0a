"""A shop that counts on the cluster of `LedgerOnABroker`: goods of its own, and both workers running."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from click.testing import Result

from tests.cli.ledger_on_a_broker import LedgerOnABroker
from tests.cli.shop import MASTER, Line

NO_REDIS = "redis://127.0.0.1:1/0"


@dataclass(slots=True)
class CountingOnABroker:
    """Commands of people who count, and the counting worker that answers them."""

    ledger: LedgerOnABroker
    worker: "subprocess.Popen[bytes]"

    def run(self, *arguments: str, given: str | None = None) -> Result:
        return self.ledger.run(*arguments, given=given)

    def done(self, *arguments: str, given: str | None = None) -> str:
        """What a command prints that is done."""
        result = self.run(*arguments, given=given)
        assert result.exit_code == 0, result.output
        return result.stdout

    def json(self, *arguments: str) -> list[Any]:
        return self.ledger.json(*arguments)

    def moved(self, *movements: Line) -> None:
        """Movements, posted."""
        self.ledger.send(list(movements))
        for movement in movements:
            id = movement["value"]["movement_id"]
            replies = self.done("read", "replies", "--key", id, "--follow", "--limit", "1")
            assert json.loads(replies)["value"]["status"] == "done", replies

    def opened(self, inventory: str, list_: str = "A", type: str = "FREELY") -> None:
        """An inventory with a list of the shop for ann."""
        self.done("counts", "open-inventory", inventory, "--by", "boss")
        self.done("counts", "open", inventory, list_, "--type", type, "--warehouse", "SHOP", "--operator", "ann")

    def counted(self, inventory: str, *lines: str, list_: str = "A") -> str:
        """What the terminal shows of reads that are all taken."""
        given = "".join(f"{line}\n" for line in lines)
        return self.done("count", inventory, list_, "--operator", "ann", "--device", "gun", given=given)


@contextmanager
def counting_shop(ledger: LedgerOnABroker) -> Iterator[CountingOnABroker]:
    """Both workers at work, the counting one without Redis; master data accepted."""
    with ExitStack() as workers:
        workers.enter_context(ledger.worker("ledger"))
        counting = workers.enter_context(ledger.worker("counting", NO_REDIS))
        ledger.send([{"topic": "master-data", **line} for line in MASTER])
        ledger.wait_until_worked_off("master-data")
        yield CountingOnABroker(ledger, counting)
