"""Codes as people make them, with every sign that means something in an address: asked of a real server.

Addresses are those that the API gave itself (`Location`, `next`, keys of rows percent-encoded), asked by a client that
leaves them as they are and by one that tidies them as browsers do.
"""

import csv
import io
import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
import uvicorn

from processors.domain import keys
from processors.edge.api.app import Settings, build
from processors.edge.trace import routes as trace
from tests.edge.api.company import Company, a_flour_lot

API = "/api/v1"
LIMIT_S = 30.0
CODES = [
    "A/B", "a|b", "100%", "a+b c", "x?y#z", "Größe-№7-漢字", "..", ".", "%2F", "a\\b", "\\|", "';--", '"', "&lot=x;y=z",
    "../../x", "//x", "/", "|", "a%00b", "[::1]:80", "@x", "a\u0301\u202eb", "🧀", "x=1&y", "{key}", "\t-",
]  # fmt: skip


@pytest.fixture(scope="module")
def port(company: Company) -> Iterator[int]:
    """Where a server of the company's app listens."""
    app = build(company.store, company, Settings(rate_per_s=1e6, rate_burst=10**6), [trace.router()])
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + LIMIT_S
    while not server.started:
        assert time.monotonic() < until
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(LIMIT_S)


class Asking:
    """Asks each address twice: as it is, and as `httpx` tidies it."""

    def __init__(self, port: int) -> None:
        self._port, self._tidy = port, httpx.Client(base_url=f"http://127.0.0.1:{port}")

    def text(self, address: str, status: int = 200) -> str:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=LIMIT_S)
        connection.request("GET", address)
        answer = connection.getresponse()
        plain = answer.read().decode()
        assert answer.status == status, (address, plain)
        tidied = self._tidy.get(f"http://127.0.0.1:{self._port}{address}")
        assert (tidied.status_code, tidied.text) == (status, plain), address
        connection.close()
        return plain

    def rows(self, path: str, **given: str) -> list[dict[str, Any]]:
        return json.loads(self.text(f"{API}/{path}?{urlencode(given)}"))["items"]  # type: ignore[no-any-return]

    def send(self, form: object) -> tuple[int, str]:
        sent = self._tidy.post(f"{API}/movements", json=form)
        return sent.status_code, sent.headers["location"]


@pytest.fixture(scope="module")
def asking(port: int) -> Asking:
    return Asking(port)


@pytest.mark.parametrize("code", CODES, ids=ascii)
def test_a_lot_is_sent_found_shown_traced_and_recalled_whatever_its_code(asking: Asking, code: str) -> None:
    status, location = asking.send(a_flour_lot(code, code, supplier_lot=code))
    assert status == 202
    reply = json.loads(asking.text(location))
    assert (reply["request_id"], reply["status"], [lot["lot_code"] for lot in reply["lots"]]) == (code, "done", [code])
    for given in ({"lot": code}, {"supplier_lot": code}, {"search": code, "lot": code}):
        (lot,) = asking.rows("lots", **given)
        assert lot["lot_code"] == code
    key = keys.join("ING", "FLOUR", "", code)
    assert lot["key"] == key
    place = quote(key, safe="")
    shown = json.loads(asking.text(f"{API}/lots/{place}"))
    assert (shown["lot_code"], [row["stock"] for row in shown["stock_rows"]]) == (code, ["100"])
    for path in ("stock", "history", "movements"):
        (row,) = asking.rows(path, lot=code)
        name = quote(row.get("key") or row["id"], safe="")
        assert json.loads(asking.text(f"{API}/{path}/{name}"))["lot_code"] == code
    assert [row["lot_code"] for row in asking.rows("lots", key=key)] == [code]
    traced = json.loads(asking.text(f"{API}/trace/lots/{place}"))
    assert traced["start"]["lot_code"] == code
    assert traced["forward"]["goods"][0]["balance"]["received"] == "100"
    head, *rows = csv.reader(io.StringIO(asking.text(f"{API}/recall/lots/{place}?format=csv"), newline=""))
    harmless = ("'" if code.startswith(("@", "\t")) else "") + code
    assert dict(zip(head, rows[0], strict=True))["lot_code"] == harmless
    assert json.loads(asking.text(f"{API}/recall/lots/{place}"))["rows"][0]["lot_code"] == code
    assert json.loads(asking.text(f"{API}/recall/lots/{place}?format=epcis"))["type"] == "EPCISDocument"


def test_pages_go_on_behind_any_code(asking: Asking) -> None:
    seen, cursor = [], ""
    while True:
        given = {"limit": "3", "item_code": "FLOUR", **({"cursor": cursor} if cursor else {})}
        page = json.loads(asking.text(f"{API}/lots?{urlencode(given)}"))
        seen += [row["lot_code"] for row in page["items"]]
        if not (cursor := page["next"]):
            break
    assert len(seen) == len(set(seen))
    assert set(CODES) <= set(seen)


@pytest.mark.parametrize(
    "path", ["lots/%FF%FE", "trace/lots/%ED%A0%80%7C", "lots/a%00b", "replies/%00", "trace/lots/%5C"]
)
def test_an_address_that_is_no_text_is_nobody_s(asking: Asking, path: str) -> None:
    connection = asking._tidy.get(f"{API}/{path}")
    assert connection.status_code in (404, 422)
    assert connection.headers["content-type"] == "application/problem+json"
