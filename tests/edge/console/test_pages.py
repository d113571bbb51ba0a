"""What the pages show and do, asked over HTTP from a company in memory."""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from processors.edge.api.roles import Role
from processors.edge.api.tokens import Tokens, add_token
from processors.edge.console.wording import LANGUAGES
from tests.edge.console.living import INVENTORY, LivingCompany, a_confirm, app_of
from tests.edge.console.pictures import PAGES

DOCUMENTS = 250
"""More than two pages of documents."""


@pytest.fixture
def browser(company: LivingCompany) -> Iterator[TestClient]:
    """Somebody on this machine, whose edge has no tokens."""
    with TestClient(app_of(company.store, company), base_url="http://localhost") as client:
        yield client


@pytest.fixture
def tokens(tmp_path: Path) -> dict[str, str]:
    """Name → token, of an operator, a viewer and two supervisors."""
    file = tmp_path / "tokens.txt"
    people = {"ben": Role.OPERATOR, "vic": Role.VIEWER, "sue": Role.SUPERVISOR, "tom": Role.SUPERVISOR}
    return {"file": str(file), **{name: add_token(file, name, role) for name, role in people.items()}}


@pytest.fixture
def guarded(company: LivingCompany, tokens: dict[str, str]) -> Iterator[TestClient]:
    """A browser before an edge that asks who one is."""
    app = app_of(company.store, company, Tokens(Path(tokens["file"])))
    with TestClient(app, base_url="http://localhost", follow_redirects=True) as client:
        yield client


def _sign_in(client: TestClient, token: str) -> None:
    client.cookies.clear()
    assert "What happens now" in client.post("/sign-in", data={"token": token}).text


def _words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_there_in_every_language(browser: TestClient, name: str, language: str) -> None:
    answer = browser.get(PAGES[name], headers={"accept-language": language})
    assert answer.status_code == (404 if name == "error" else 200), answer.text
    assert f'<html lang="{language}"' in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", answer.text), "no script or style in a page"


def test_a_suppliers_lot_with_a_slash_is_found(browser: TestClient) -> None:
    page = _words(browser.get("/lots", params={"text": "lr/25/0001"}).text)
    assert "Y001" in page
    assert "Y002" not in page


def test_a_language_that_was_asked_for_stays(browser: TestClient) -> None:
    assert '<html lang="ro"' in browser.get("/lots", params={"lang": "ro"}).text
    assert '<html lang="ro"' in browser.get("/serials").text
    browser.cookies.clear()


def test_an_address_with_something_missing_is_answered_as_a_page(browser: TestClient) -> None:
    answer = browser.get("/lot")
    assert answer.status_code == 422
    assert "That did not work" in answer.text


@pytest.mark.parametrize("text", ["%", "_", "'; DROP TABLE lot_register; --", "\\", "<script>"])
def test_what_is_searched_for_is_a_text_and_nothing_else(browser: TestClient, text: str) -> None:
    answer = browser.get("/lots", params={"text": text})
    assert answer.status_code == 200
    assert "No lot is like that" in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize("page", ["/lots?text=Y00", "/serials?text=PUMP", "/stock?item=YEAST", PAGES["trace"]])
def test_what_a_page_shows_can_be_taken_away_as_a_file(browser: TestClient, page: str) -> None:
    search = "" if "key" in page else "&warehouse=RAW&location=R-02"
    links = re.findall(r'<a[^>]*href="([^"]*)" download', browser.get(page + search).text)
    assert len(links) == 3
    for link in links:
        answer = browser.get(html.unescape(link))
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "search",
    [
        "/lots?state=open&expires_by=2030-01-01&item=ING|YEAST", "/lots?document=5004", "/lots?status=QC",
        "/lots?text=LR/25/000", "/serials?state=out", "/serials?item=PUMP&warehouse=FIN",
        "/serials?state=in_stock", "/stock?warehouse=RAW&location=R-01", "/stock?state=all&item=ING|FLOUR",
    ],
)  # fmt: skip
def test_a_file_has_the_rows_that_the_page_shows(browser: TestClient, search: str) -> None:
    page = browser.get(search).text
    (link,) = (each for each in re.findall(r'<a[^>]*href="([^"]*)" download', page) if "format=csv" in each)
    lines = browser.get(html.unescape(link)).text.splitlines()[1:]
    shown = page.count('<th scope="row"')
    while following := re.search(r'rel="next" href="([^"]*)"', page):
        page = browser.get(html.unescape(following[1])).text
        shown += page.count('<th scope="row"')
    assert shown == len(lines) > 0


def test_a_search_that_no_file_can_have_offers_none(browser: TestClient) -> None:
    for search in ("/lots?supplier=yeast", "/stock?state=negative", "/stock?text=Y", "/serials?document=S-900"):
        assert " download" not in browser.get(search).text


def test_a_register_goes_on_from_page_to_page_without_a_gap(browser: TestClient) -> None:
    found: list[str] = []
    address: str | None = "/lots?sort=expiry"
    while address:
        page = browser.get(address).text
        found += re.findall(r'<th scope="row"[^>]*><a class="code" href="[^"]*">([^<]*)', page)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        address = html.unescape(following[1]) if following else None
    assert len(found) == len(set(found)) > 60


def test_a_lot_with_many_documents_shows_them_in_pages(browser: TestClient, company: LivingCompany) -> None:
    day = company.now_ms
    loads = [
        {
            "movement_id": f"MANY-{number}", "action": "post", "template": "ADD", "warehouse": "RAW", "quantity": "1",
            "item_class": "ING", "item_code": "YEAST", "location": "R-02", "effective_date": _day(day),
            "document_type": "stock_record", "document_number": f"M{number}",
            "lots": [{"lot_code": "Y007", "quantity": "1"}],
        }
        for number in range(DOCUMENTS)
    ]  # fmt: skip
    company.lines("movements", map(json.dumps, loads))
    address, seen = "/lot?key=ING%7CYEAST%7C%7CY007", set[str]()
    for _ in range(DOCUMENTS // 100 + 1):
        page = browser.get(address).text
        seen |= set(re.findall(r"stock record <b>(M\d+)</b>", page))
        following = re.findall(r'href="([^"]*)#load">Next page', page)
        address = html.unescape(following[0]) if following else address
    assert f"{DOCUMENTS + 1} documents" in _words(page)
    assert seen == {f"M{number}" for number in range(DOCUMENTS)}


def test_a_document_that_was_reversed_is_shown_as_such(browser: TestClient, company: LivingCompany) -> None:
    item = {"item_class": "ING", "item_code": "YEAST", "effective_date": _day(company.now_ms)}
    load = {
        "movement_id": "WRONG", "action": "post", "template": "ADD", "warehouse": "RAW", "quantity": "5", **item,
        "location": "R-02", "document_type": "stock_record", "document_number": "W5",
        "lots": [{"lot_code": "Y011", "quantity": "5"}],
    }  # fmt: skip
    company.lines("movements", [json.dumps(load)])
    page = browser.get("/lot?key=ING%7CYEAST%7C%7CY011").text
    assert "<b>W5</b>" in page
    assert 'class="gone"' not in page
    back = {"movement_id": "BACK", "action": "reverse", "reverses": "WRONG", **item}
    company.lines("movements", [json.dumps(back)])
    rows = re.findall(r"<tr[^>]*>.*?</tr>", browser.get("/lot?key=ING%7CYEAST%7C%7CY011").text, re.DOTALL)
    (row,) = (row for row in rows if "<b>W5</b>" in row)
    assert row.startswith('<tr class="gone">')


def _day(time_ms: int) -> str:
    from processors.domain.calendar import DAY_MS, day_text

    return day_text(time_ms // DAY_MS)


def test_the_edit_of_a_lot_shows_what_came_of_it(browser: TestClient) -> None:
    key = "ING|YEAST||Y002"
    form = {"key": key, "notes": "=a dented box", "available": "true", "supplier_lot": "LR/24/0002"}
    page = browser.post("/lot", data=form)
    assert "Done." in page.text
    assert "=a dented box" in _words(page.text)
    refused = _words(browser.post("/lot", data={**form, "status": "NO-SUCH"}).text)
    assert "Refused: nothing was changed." in refused
    assert "status-unknown" in refused


def test_an_edge_with_tokens_lets_nobody_in_without_one(guarded: TestClient) -> None:
    page = guarded.get("/lots")
    assert page.url.path == "/sign-in"
    assert "Nobody has this token." in guarded.post("/sign-in", data={"token": "made-up"}).text
    assert guarded.post("/count/scans", json={}).status_code == 401


def test_a_viewer_cannot_close_a_list(guarded: TestClient, tokens: dict[str, str]) -> None:
    _sign_in(guarded, tokens["vic"])
    assert "Close the list" not in guarded.get(PAGES["list"]).text
    answer = guarded.post("/list", data={"action": "close_list", "inventory": "DEMO", "list": "CAKES"})
    assert answer.status_code == 403
    assert "You may not do this" in answer.text


def test_of_two_supervisors_who_approve_the_same_line_one_is_told(
    guarded: TestClient, tokens: dict[str, str], company: LivingCompany
) -> None:
    _sign_in(guarded, tokens["sue"])
    page = guarded.get(PAGES["differences"]).text
    form = re.search(r'<form method="post" action="/line">(.*?approve_line.*?)</form>', page, re.DOTALL)
    assert form is not None
    given = {name: html.unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form[1])}
    assert "Done." in guarded.post("/line", data=given).text
    _sign_in(guarded, tokens["tom"])
    answer = _words(guarded.post("/line", data=given).text)
    assert "Refused: nothing was changed." in answer
    assert "sue has approved this line already." in answer
    assert "sue" in _words(guarded.get(f"/line?inventory={INVENTORY}&list={given['list']}&line={given['line']}").text)


def test_who_counts_a_blind_list_sees_no_book_quantity(
    guarded: TestClient, tokens: dict[str, str], company: LivingCompany
) -> None:
    opening = {"inventory": "BLIND", "by": "sue"}
    at = {"list": "B", "list_type": "BLIND", "warehouse": "RAW", "locations": ["R-01"], "operator": "ben"}
    commands = [
        {"command_id": "B-1", "action": "open_inventory", **opening},
        {"command_id": "B-2", "action": "open_list", **opening, **at},
        {"command_id": "B-3", "action": "close_list", "list": "B", **opening},
    ]
    company.lines("counts", map(json.dumps, commands[:2]))
    scan = a_confirm("B-4", "B", "Y003", "28.25", "ben") | {"inventory": "BLIND", "location": "R-01"}
    company.lines("scans", [json.dumps(scan)])
    company.lines("counts", [json.dumps(commands[2])])  # 29 in the books: more than 1 percent less, counted again
    for address in ("/differences?inventory=BLIND", "/line?inventory=BLIND&list=B&line=1"):
        _sign_in(guarded, tokens["ben"])
        page = _words(guarded.get(address).text)
        assert "28.25" in page
        assert "−0.75" not in page
        _sign_in(guarded, tokens["sue"])
        assert "−0.75" in _words(guarded.get(address).text)


def test_a_page_of_another_site_cannot_write(browser: TestClient) -> None:
    form = {"action": "cancel_list", "inventory": "DEMO", "list": "CAKES"}
    answer = browser.post("/list", data=form, headers={"origin": "http://other"})
    assert answer.status_code == 403


def test_who_signs_in_comes_to_the_page_that_was_asked_for(guarded: TestClient, tokens: dict[str, str]) -> None:
    guarded.cookies.clear()
    asked = guarded.get("/lots", params={"text": "LR/25", "state": "open"})
    assert asked.url.path == "/sign-in"
    (to,) = re.findall(r'action="/sign-in"><input type="hidden" name="to" value="([^"]*)"', asked.text)
    page = guarded.post("/sign-in", data={"token": tokens["vic"], "to": html.unescape(to)})
    assert (page.url.path, dict(page.url.params)) == ("/lots", {"text": "LR/25", "state": "open"})
    for elsewhere in ("//example.com", "http://example.com", "/\\example.com"):
        form = {"token": tokens["vic"], "to": elsewhere}
        assert guarded.post("/sign-in", data=form, follow_redirects=False).headers["location"] == "/"


def test_nobody_is_led_away_by_a_link_to_this_page(browser: TestClient) -> None:
    for to in ("//example.com", "http://example.com", "/\\example.com"):
        answer = browser.post("/theme", data={"theme": "dark", "to": to}, follow_redirects=False)
        assert answer.headers["location"] == "/"


def test_a_refused_record_is_sent_again_as_it_was_and_mended(browser: TestClient, company: LivingCompany) -> None:
    page = browser.get("/dead-letters", params={"code": "item-unknown"}).text
    link = re.search(r'href="(/dead-letter\?[^"]*)"', page)
    assert link is not None
    page = browser.get(html.unescape(link[1])).text
    place = dict(re.findall(r'name="(topic|partition|offset)" value="([^"]*)"', page))
    before = len(company.sent)
    assert "Sent again." in browser.post("/dead-letter", data=place).text
    assert (
        "Sent again."
        in browser.post(
            "/dead-letter",
            data={**place, "mended": html.unescape(re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)[0])},
        ).text
    )
    first, second = (sent for topic, sent in company.sent[before:] if topic == "movements")
    assert first.value == second.value
    assert first.headers, "the attempt is counted on"
    assert "expected JSON" in browser.post("/dead-letter", data={**place, "mended": "{"}).text


def test_a_read_that_comes_again_counts_once_and_gets_its_first_answer(browser: TestClient) -> None:
    scan = a_confirm("PAGE-1", "DRY", "Y005", "7", "local") | {"location": "R-03"}
    first = browser.post("/count/scans", json=scan).json()
    assert (first["status"], first["headline"]) == ("accepted", "YEAST Y005: 7 KG")
    assert browser.post("/count/scans", json={**scan, "sent_at": scan["scanned_at"]}).json() == first
    assert browser.get("/count/answers", params={"id": "PAGE-1"}).json() == {"PAGE-1": first}
    asked = browser.post("/count/scans", json={**scan, "scan_id": "PAGE-2"}, headers={"accept-language": "it"}).json()
    assert (asked["status"], asked["headline"]) == ("ask", "YEAST Y005: 7 KG già contati. Aggiungere o sostituire?")


def test_a_read_with_a_wrong_field_says_which(browser: TestClient) -> None:
    scan = a_confirm("PAGE-3", "DRY", "Y005", "seven", "local")
    answer = browser.post("/count/scans", json=scan)
    assert answer.status_code == 422
    assert "quantity" in answer.json()["detail"]


def test_the_list_page_says_what_is_in_the_way_of_closing(browser: TestClient) -> None:
    page = _words(browser.get(f"/list?inventory={INVENTORY}&list=DRY").text)
    assert "Safe to close?" in page
    assert "places with stock are not counted; their stock stays as booked." in page
