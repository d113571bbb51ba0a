"""A shop that counts on the cluster of `LedgerOnABroker`: goods of its own, and both workers running."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from click.testing import Result

from processors.embedded import demo
from tests.cli.ledger_on_a_broker import LedgerOnABroker, Line

NO_REDIS = "redis://127.0.0.1:1/0"
_ITEM: Line = {
    "item_class": "CNT", "description": "goods", "unit": "KG", "lot_managed": False, "serial_managed": False,
    "withdrawal_policy": "manual", "expiry_rule": "exact", "serial_generation": "manual", "unit_cost": "2",
}  # fmt: skip
_TEMPLATE: Line = {"warehouse": "SHOP", "lot_management": True}
MASTER: list[Line] = [
    {"record": "Warehouse", "value": {"code": "SHOP", "description": "Shop", "adjustment_load_template": "MOR",
                                      "adjustment_unload_template": "LES"}},
    {"record": "Item", "value": {**_ITEM, "item_code": "NUT", "barcodes": [{"barcode": "4006381333962"}]}},
    {"record": "Item", "value": {**_ITEM, "item_code": "OIL", "lot_managed": True,
                                 "barcodes": [{"barcode": "04006381333979"}]}},
    {"record": "Item", "value": {**_ITEM, "item_code": "TEA"}},
    {"record": "Template", "value": {**_TEMPLATE, "code": "IN", "description": "In", "direction": "load"}},
    {"record": "Template", "value": {**_TEMPLATE, "code": "OUT", "description": "Out", "direction": "unload"}},
    {"record": "Template", "value": {**_TEMPLATE, "code": "MOR", "description": "More", "direction": "load",
                                     "physical_inventory": True}},
    {"record": "Template", "value": {**_TEMPLATE, "code": "LES", "description": "Less", "direction": "unload",
                                     "physical_inventory": True}},
    {"record": "ListType", "value": {"code": "FREELY", "description": "Posts all", "uncounted": "ignore",
                                     "beyond_tolerance": "accept"}},
    {"record": "ListType", "value": {"code": "ASKING", "description": "Asks", "uncounted": "ignore",
                                     "tolerance_quantity": "1", "beyond_tolerance": "approval"}},
    {"record": "ListType", "value": {"code": "AGAIN", "description": "Again", "uncounted": "ignore", "blind": True,
                                     "tolerance_quantity": "1", "beyond_tolerance": "recount"}},
    {"record": "ListType", "value": {"code": "ZERO", "description": "All of it", "uncounted": "zero",
                                     "beyond_tolerance": "accept"}},
]  # fmt: skip


def a_movement(id: str, template: str, quantity: str, item: str = "NUT", lot: str | None = None) -> Line:
    """A load or unload of the shop: of the company's today, so that it happens when it is sent."""
    lots = [] if lot is None else [{"lot_code": lot, "quantity": quantity}]
    return {"topic": "movements", "value": {
        "movement_id": id, "action": "post", "template": template, "warehouse": "SHOP", "quantity": quantity,
        "item_class": "CNT", "item_code": item, "lots": lots,
        "effective_date": datetime.now(demo.ZONE).date().isoformat(),
    }}  # fmt: skip


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
