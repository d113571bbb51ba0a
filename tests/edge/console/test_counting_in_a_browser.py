"""A list is counted on the running stack, with a keyboard as the scanner, and its adjustments are there to be seen."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from processors.embedded import demo
from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from tests.cli.ledger_on_a_broker import LIMIT_S, LedgerOnABroker

INVENTORY = "NOV"
FLOUR = "]C1010800123450001610MIL00001"
SALT = "8001234500030"


@contextmanager
def _edge(ledger: LedgerOnABroker) -> Iterator[str]:
    """The edge as a process of its own; its address."""
    environment = {**os.environ, **{name: value for name, value in ledger.environment.items() if value is not None}}
    command = [sys.executable, "-m", "processors", "edge", "--port", "0"]
    with ledger.state_dir.with_suffix(".edge.log").open("w+") as log:
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, stdout=log, text=True)
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if found := re.search(r"The edge is at (\S+)", line):
                    _wait_until_it_follows(found[1])
                    yield found[1]
                    break
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_it_follows(address: str) -> None:
    until = time.monotonic() + LIMIT_S
    while True:
        with suppress(OSError), urllib.request.urlopen(address + "/readyz") as answer:
            if json.load(answer)["records_behind"] == 0:
                return
        assert time.monotonic() < until, f"the edge does not follow after {LIMIT_S:g} s"
        time.sleep(0.1)


@pytest.fixture
def stack(
    tmp_path: Path, fresh_cluster: Callable[..., Broker], redis_server: RedisServer
) -> Iterator[tuple[LedgerOnABroker, str]]:
    """A broker with the demo company's goods, both workers and the edge at work."""
    ledger = LedgerOnABroker(fresh_cluster().bootstrap_servers, redis_server.url, tmp_path / "state")
    ledger.set_up()
    today = datetime.now(demo.ZONE).date()
    with ledger.worker("ledger"), ledger.worker("counting"):
        ledger.send([{"topic": "master-data", **json.loads(line)} for line in demo.master_data(today)])
        ledger.wait_until_worked_off("master-data")
        ledger.send([{"topic": "movements", "value": json.loads(line)} for line in demo.movements(today)[:8]])
        ledger.wait_until_worked_off("movements")
        with _edge(ledger) as address:
            yield ledger, address


def _scan(page: Page, text: str) -> None:
    """What a scanner does: letters, then Enter. The field is not looked for: it has the focus."""
    expect(page.locator("#scan")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def _answered(page: Page, status: str, text: str) -> None:
    expect(page.locator("#answer")).to_have_class(f"answer {status}")
    expect(page.locator("#answer b")).to_contain_text(text)


@pytest.mark.real
def test_a_list_is_counted_with_a_scanner_and_its_adjustments_are_seen(
    stack: tuple[LedgerOnABroker, str], page: Page
) -> None:
    _, address = stack
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(address + "/inventories")
    page.get_by_label("Number").fill(INVENTORY)
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("status").filter(has_text="Done.")).to_be_visible()
    page.get_by_role("link", name=INVENTORY).click()
    for name, text in (("list", "SILO"), ("locations", "R-01"), ("operator", "local")):
        page.locator(f"input[name={name}]").fill(text)
    page.get_by_label("Type").select_option("FULL")
    page.get_by_label("Warehouse").select_option("RAW")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("status").filter(has_text="Done.")).to_be_visible()

    page.goto(f"{address}/count/list?inventory={INVENTORY}&list=SILO")
    _scan(page, "Loc-RAW-R-01")
    _answered(page, "noted", "Noted")
    _scan(page, "0000000000000")
    _answered(page, "refused", "Nobody knows this barcode")
    _scan(page, FLOUR)
    _answered(page, "noted", "Noted")
    page.locator("#quantity").fill("990")
    page.keyboard.press("Enter")
    _answered(page, "accepted", "990 KG")

    # A minute without network: what is read meanwhile is kept, shown, and counted once when the network is back.
    page.context.set_offline(True)
    _scan(page, SALT)
    expect(page.locator("#net")).to_contain_text("No network")
    page.locator("#quantity").fill("480")
    page.locator("#confirm").click()
    expect(page.locator("#queue li")).to_have_count(2)
    page.context.set_offline(False)
    expect(page.locator("#queue li")).to_have_count(0)
    _answered(page, "accepted", "480 KG")

    # Read again: asked, and the answer outlives a reload.
    _scan(page, SALT)
    _answered(page, "noted", "Noted")
    page.locator("#quantity").fill("10")
    page.locator("#confirm").click()
    _answered(page, "ask", "Add or replace?")
    page.reload()
    _answered(page, "ask", "Add or replace?")
    page.locator("#add").click()
    _answered(page, "accepted", "490 KG")

    page.goto(f"{address}/list?inventory={INVENTORY}&list=SILO")
    expect(page.get_by_role("heading", name="Safe to close?")).to_be_visible()
    page.get_by_role("button", name="Close the list").click()
    expect(page.locator("#list .head .badge")).to_have_text("closed")  # the page lives: nobody loads it again

    page.goto(f"{address}/differences?inventory={INVENTORY}")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="FLOUR")).to_contain_text("−10 KG")
    expect(rows.filter(has_text="SALT")).to_contain_text("−10 KG")
    rows.filter(has_text="FLOUR").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="What was posted")).to_be_visible()
    expect(page.locator("#line")).to_contain_text("INM")
