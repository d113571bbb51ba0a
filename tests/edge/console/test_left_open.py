"""A page that is left open overnight: it comes back after a restart, says when one is signed out, and does not grow."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from processors.edge.api.roles import Role
from processors.edge.api.tokens import Tokens, add_token
from tests.edge.console.living import INVENTORY, LivingCompany, app_of, served
from tests.edge.console.pictures import PAGES

LOT = "/lot?key=ING%7CYEAST%7C%7CY030"
COUNT = f"/count/list?inventory={INVENTORY}&list=DRY"
COMES_BACK_MS = 30_000
REFRESHES = 40


def _load(company: LivingCompany, number: int) -> None:
    load = {
        "movement_id": f"OPEN-{number}", "action": "post", "template": "ADD", "warehouse": "RAW", "quantity": "1",
        "item_class": "ING", "item_code": "YEAST", "location": "R-01", "lots": [{"lot_code": "Y030", "quantity": "1"}],
        "effective_date": _today(company),
    }  # fmt: skip
    company.lines("movements", [json.dumps(load)])


def _today(company: LivingCompany) -> str:
    from processors.domain.calendar import DAY_MS, day_text

    return day_text(company.now_ms // DAY_MS)


def test_a_page_catches_up_after_the_edge_was_restarted(page: Page, company: LivingCompany) -> None:
    app = app_of(company.store, company)
    with served(app) as address:
        page.goto(address + LOT)
        stock = page.locator("#lot .figure b").first
        expect(stock).to_have_text("110")
        page.evaluate("window.stays = true")
    expect(page.locator("#lag")).to_contain_text("no connection", timeout=COMES_BACK_MS)
    _load(company, 1)
    with served(app_of(company.store, company), urlsplit(address).port or 0):
        expect(stock).to_have_text("111", timeout=COMES_BACK_MS)
        expect(page.locator("#lag")).not_to_contain_text("no connection")
        assert page.evaluate("window.stays"), "the page was loaded anew"


def test_a_page_tries_again_less_and_less_eagerly(page: Page, console: str) -> None:
    page.clock.install()
    page.goto(console + "/alerts")
    page.evaluate("""() => { window.opened = []; const Before = EventSource;
        window.EventSource = class { constructor() { opened.push(Date.now()); setTimeout(() => this.onerror(), 0); }
        addEventListener() {} close() {} }; live(); }""")
    for step_ms in [500] * 30 + [10_000] * 60:  # real time goes on in between: the answer to a question comes
        page.clock.run_for(step_ms)
        page.evaluate("fetch('/session').then((answer) => answer.status)")
    opened = page.evaluate("window.opened")
    pauses = [later - before for before, later in pairwise(opened)]
    assert pauses[0] <= 2_000
    assert pauses[-1] >= 30_000, pauses
    assert max(pauses) <= 80_000, "the clock goes in steps of ten seconds"


@pytest.fixture
def guarded(company: LivingCompany, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An edge that asks who one is, and its tokens file."""
    file = tmp_path / "tokens.txt"
    file.touch()
    with served(app_of(company.store, company, Tokens(file))) as address:
        yield address, file


def _sign_in(page: Page, token: str) -> None:
    page.get_by_label("Your token").fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_who_is_signed_out_meanwhile_is_told_and_comes_back_to_the_page(
    page: Page, guarded: tuple[str, Path], company: LivingCompany
) -> None:
    address, file = guarded
    token = add_token(file, "vic", Role.VIEWER)
    page.goto(address + LOT)
    _sign_in(page, token)
    told = page.get_by_role("alert").filter(has_text="You are signed out")
    expect(told).to_be_hidden()
    file.write_text("")
    _load(company, 2)
    expect(told).to_be_visible(timeout=COMES_BACK_MS)
    token = add_token(file, "vic", Role.VIEWER)
    told.get_by_role("link", name="Sign in again").click()
    _sign_in(page, token)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Y030")
    expect(told).to_be_hidden()


def test_what_was_read_after_the_session_ended_counts_once_signed_in_again(
    page: Page, guarded: tuple[str, Path]
) -> None:
    address, file = guarded
    token = add_token(file, "local", Role.OPERATOR)
    page.goto(address + COUNT)
    _sign_in(page, token)
    expect(page.locator("#scan")).to_be_focused()
    file.write_text("")
    page.keyboard.type("Lot-ING-YEAST-Y038")
    page.keyboard.press("Enter")
    expect(page.locator("#net")).to_contain_text("Sign in again: what you read is kept")
    expect(page.locator("#queue li")).to_have_count(1)
    token = add_token(file, "local", Role.OPERATOR)
    page.get_by_role("link", name="Sign in again").click()
    _sign_in(page, token)
    expect(page.locator("[data-part=lot] dd")).to_have_text("Y038")
    expect(page.locator("#queue li")).to_have_count(0)


def test_a_page_does_not_grow_however_often_it_is_shown_anew(chromium: Browser, console: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(console + PAGES["overview"])
    devtools = context.new_cdp_session(page)
    devtools.send("HeapProfiler.enable")

    def counted() -> dict[str, int]:
        page.evaluate("new Promise((done) => { (function look() { resting ? setTimeout(look, 50) : done(); })(); })")
        page.evaluate("new Promise((done) => setTimeout(done, REST_MS))")
        devtools.send("HeapProfiler.collectGarbage")
        found: dict[str, int] = devtools.send("Memory.getDOMCounters")
        return found

    page.evaluate("stream.close()")
    refresh = "async () => { resting = false; changed.add('*'); await show_changes(); }"
    for _ in range(5):
        page.evaluate(refresh)
    before = counted()
    for _ in range(REFRESHES):
        page.evaluate(refresh)
    after = counted()
    context.close()
    for name in ("nodes", "jsEventListeners"):
        assert after[name] < before[name] * 1.05 + 20, (before, after)
