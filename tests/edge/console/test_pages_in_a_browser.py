"""Pages in a real browser: they fit a handheld, live without a reload, and can be used with the keyboard alone."""

import json
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.edge.console.living import INVENTORY, LivingCompany
from tests.edge.console.pictures import PAGES

LOT = "/lot?key=ING%7CYEAST%7C%7CY012"


def test_every_page_fits_a_narrow_screen(page: Page, console: str) -> None:
    wide = {}
    for name, address in PAGES.items():
        page.goto(console + address, wait_until="domcontentloaded")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide[name] = over
    assert wide == {}


def test_a_page_that_is_open_shows_a_movement_without_a_reload(
    page: Page, console: str, company: LivingCompany
) -> None:
    page.goto(console + LOT)
    stock = page.locator("#lot .figure b").first
    expect(stock).to_have_text("56")
    page.evaluate("window.stays = true")
    load = _a_load(page, "LIVE-1", "Y012", "7")
    company.lines("movements", [json.dumps(load)])
    expect(stock).to_have_text("63")
    assert page.evaluate("window.stays"), "the page was loaded anew"


def _a_load(page: Page, movement_id: str, lot: str, quantity: str) -> dict[str, object]:
    return {
        "movement_id": movement_id, "action": "post", "template": "ADD", "warehouse": "RAW", "quantity": quantity,
        "item_class": "ING", "item_code": "YEAST", "location": "R-01",
        "lots": [{"lot_code": lot, "quantity": quantity}],
        "effective_date": page.evaluate("new Date().toISOString().slice(0, 10)"),
    }  # fmt: skip


def test_a_register_is_searched_while_one_types(page: Page, console: str) -> None:
    page.goto(console + "/lots")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.get_by_label("Lot, supplier's lot").fill("LR/25/0004")
    expect(page.locator("#results tbody tr")).to_have_count(1)
    expect(page.locator("#results")).to_contain_text("Y004")
    assert "text=LR%2F25%2F0004" in page.url
    expect(page.get_by_label("Lot, supplier's lot")).to_be_focused()


@pytest.fixture
def counting(page: Page, console: str) -> Page:
    page.goto(f"{console}/count/list?inventory={INVENTORY}&list=DRY")
    return page


@pytest.fixture
def counting_alone(page_alone: Page, console: str) -> Page:
    page_alone.goto(f"{console}/count/list?inventory={INVENTORY}&list=DRY")
    return page_alone


def test_what_was_read_without_a_network_outlives_a_reload_and_counts_once(
    counting_alone: Page, company: LivingCompany
) -> None:
    counting = counting_alone
    sent: list[str] = []

    def lose(route: Route) -> None:
        """The read arrives; its answer does not."""
        sent.append(json.loads(route.request.post_data or "{}")["scan_id"])
        with suppress(Error):  # a reload ends what is on its way
            route.fetch()
            route.abort()

    counting.route("**/count/scans", lose)
    counting.keyboard.type("Lot-ING-YEAST-Y020")
    counting.keyboard.press("Enter")
    expect(counting.locator("#net")).to_contain_text("No network")
    expect(counting.locator("#answer")).to_contain_text("No network: what you read is kept and sent later (1)")
    expect(counting.locator("#answer")).to_contain_text("Lot-ING-YEAST-Y020")
    expect(counting.locator("#answer")).to_be_in_viewport()
    expect(counting.locator("#queue li")).to_have_count(1)
    counting.reload()
    expect(counting.locator("#queue li")).to_have_count(1)
    counting.unroute("**/count/scans")
    expect(counting.locator("#queue li")).to_have_count(0)
    expect(counting.locator("[data-part=lot] dd")).to_have_text("Y020")
    assert len(set(sent)) == 1, "one read has one id, however often it is sent"
    read = [scan for topic, scan in company.sent if topic == "scans"]
    ids = [company.codec.decode("scans", each.value).scan_id for each in read]  # type: ignore[attr-defined]
    assert ids.count(sent[0]) > 1, "it was sent again"


def test_the_page_itself_outlives_a_reload_without_a_network(counting: Page) -> None:
    expect(counting.locator("#count[data-kept=true]")).to_be_attached()
    counting.context.set_offline(True)
    counting.reload()
    expect(counting.locator("#scan")).to_be_focused()
    counting.keyboard.type("Lot-ING-YEAST-Y032")
    counting.keyboard.press("Enter")
    expect(counting.locator("#queue li")).to_have_count(1)
    counting.context.set_offline(False)
    expect(counting.locator("[data-part=lot] dd")).to_have_text("Y032")


def test_two_windows_of_a_device_lose_no_read(counting_alone: Page, company: LivingCompany) -> None:
    """The second window hears late of a read that the first one has sent as well: it takes away that read alone."""
    counting = counting_alone
    counting.route("**/count/scans", lambda route: route.abort())
    _read(counting, "Lot-ING-YEAST-Y023")
    other, held = counting.context.new_page(), list[Route]()
    other.route("**/count/scans", lambda route: held.append(route))
    with other.expect_request("**/count/scans"):
        other.goto(counting.url)
    counting.unroute("**/count/scans")
    expect(counting.locator("#queue li")).to_have_count(0)
    counting.route("**/count/scans", lambda route: route.abort())
    _read(counting, "Lot-ING-YEAST-Y026")
    expect(counting.locator("#queue li")).to_have_count(1)
    for route in held:
        route.continue_()
    other.unroute("**/count/scans")
    expect(other.locator("[data-part=lot] dd")).to_have_text("Y026")
    counting.unroute("**/count/scans")
    expect(counting.locator("#queue li")).to_have_count(0)
    read = [company.codec.decode("scans", scan.value) for topic, scan in company.sent if topic == "scans"]
    barcodes = [scan.barcode for scan in read]  # type: ignore[attr-defined]
    assert {"Lot-ING-YEAST-Y023", "Lot-ING-YEAST-Y026"} <= set(barcodes)


def _read(page: Page, barcode: str) -> None:
    page.locator("#scan").fill(barcode)
    page.locator("#scan").press("Enter")
    expect(page.locator("#queue li")).to_have_count(1)


def test_a_scan_that_falls_into_the_quantity_is_taken_as_a_barcode(counting: Page) -> None:
    counting.locator("#quantity").focus()
    counting.evaluate(
        """() => { const field = document.getElementById('quantity');
        for (const key of [...'8001234500030', 'Enter']) {
          field.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));
          if (key.length === 1) field.value += key;
        } }"""
    )
    expect(counting.locator("[data-part=item] dd")).to_contain_text("SALT")
    expect(counting.locator("#quantity")).to_have_value("")


def test_what_changes_before_a_page_begins_to_listen_is_shown_too(
    page: Page, console: str, company: LivingCompany
) -> None:
    held: list[Route] = []
    page.route("**/changes?*", lambda route: held.append(route))
    with page.expect_request("**/changes?*"):
        page.goto(console + "/lot?key=ING%7CYEAST%7C%7CY014")
    stock = page.locator("#lot .figure b").first
    expect(stock).to_have_text("62")
    company.lines("movements", [json.dumps(_a_load(page, "EARLY-1", "Y014", "8"))])
    held[0].continue_()
    expect(stock).to_have_text("70")
