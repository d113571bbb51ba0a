"""Every page, search and next page is the same on SQLite and PostgreSQL."""

import html
import re

from starlette.testclient import TestClient

from processors.edge.store.engine import Store
from tests.edge.console.living import INVENTORY, app_of, living_company
from tests.edge.console.pictures import PAGES

SEARCHES = (
    "/lots?text=LR%2F25&item=ING%7CYEAST&supplier=yeast&status=FREE&state=open&warehouse=RAW&location=R-02",
    "/lots?document=5004&expires_by=2030-01-01&sort=expiry",
    "/serials?text=PUMP&item=PUMP&warehouse=FIN&location=F-02&state=in_stock",
    "/serials?state=reserved&document=S-900",
    "/stock?text=Y00&warehouse=RAW&location=R-01&state=all",
    "/stock?state=negative",
    "/dead-letters?topic=movements&code=item-unknown&words=SUGAR",
    f"/differences?inventory={INVENTORY}&list=COLD&state=approval",
)


def test_every_page_and_search_is_answered_from_either_database(store: Store) -> None:
    company = living_company(store)
    with TestClient(app_of(store, company), base_url="http://localhost") as browser:
        for address in (*(path for name, path in PAGES.items() if name != "error"), *SEARCHES):
            answer = browser.get(address)
            assert answer.status_code == 200, (address, answer.text)
        assert "Y001" in browser.get("/lots?text=lr%2F25%2F0001").text
        for register in ("/lots", "/lots?sort=expiry", "/stock"):
            _follow(browser, register)
    company.close()


def _follow(browser: TestClient, address: str | None) -> None:
    """To the last page: no row twice."""
    seen: list[str] = []
    while address:
        page = browser.get(address).text
        seen += re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        address = html.unescape(following[1]) if following else None
    assert len(seen) == len(set(seen)) > 50
