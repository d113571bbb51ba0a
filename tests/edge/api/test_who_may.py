"""Who may do what: tokens, roles, names, other sites, and how much of it."""

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from processors.edge.api.app import Settings, build
from processors.edge.api.limits import RateLimit
from processors.edge.api.roles import COOKIE, Role
from processors.edge.api.tokens import Tokens, TokensInvalid, add_token, read_tokens
from processors.edge.app import EdgeMisconfigured, check_host
from tests.edge.api.company import Company, a_load

API = "/api/v1"
EDGE, ELSEWHERE = "edge.example", "elsewhere.example"
AskingAs = Callable[[str, Role], TestClient]
CLOSING = {"action": "close_list", "inventory": "DEMO", "list": "CAKES"}
READ = {"inventory": "DEMO", "list": "CAKES", "device": "g", "scanned_at": "2026-06-15T09:00:00Z", "action": "cancel"}
WRITES = [
    ("movements", a_load("W"), Role.SUPERVISOR),
    ("edits", {"register": "lot", "item_class": "A", "item_code": "B", "lot_code": "C"}, Role.SUPERVISOR),
    ("counts", CLOSING, Role.SUPERVISOR),
    ("scans", READ, Role.OPERATOR),
    ("dead-letters/movements/0/replay", None, Role.SUPERVISOR),
]


def test_a_viewer_cannot_close_a_list(asking_as: AskingAs, company: Company) -> None:
    before = len(company.sent)
    response = asking_as("vera", Role.VIEWER).post(f"{API}/counts", json=CLOSING)
    assert (response.status_code, response.headers["content-type"]) == (403, "application/problem+json")
    assert response.json()["code"] == "role-missing"
    assert "supervisor" in response.json()["detail"]
    assert len(company.sent) == before


@pytest.mark.parametrize(("path", "form", "needed"), WRITES, ids=[path for path, _, _ in WRITES])
@pytest.mark.parametrize("role", list(Role))
def test_each_role_may_what_its_place_says(
    asking_as: AskingAs, path: str, form: object, needed: Role, role: Role
) -> None:
    client = asking_as(f"one-{role.label}", role)
    assert client.get(f"{API}/lots").status_code == 200
    status = client.post(f"{API}/{path}", json=form).status_code if form else client.post(f"{API}/{path}").status_code
    assert status == (202 if role >= needed else 403)


def test_nobody_acts_under_the_name_of_another_but_an_admin(asking_as: AskingAs, company: Company) -> None:
    anna, gateway = asking_as("anna-o", Role.OPERATOR), asking_as("gateway", Role.ADMIN)
    refused = anna.post(f"{API}/scans", json={**READ, "operator": "ben"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not-for-others")
    assert anna.post(f"{API}/scans", json=READ).status_code == 202
    assert company.codec.decode("scans", company.sent[-1][1].value).operator == "anna-o"  # type: ignore[attr-defined]
    assert gateway.post(f"{API}/scans", json={**READ, "operator": "ben"}).status_code == 202
    assert company.codec.decode("scans", company.sent[-1][1].value).operator == "ben"  # type: ignore[attr-defined]


def test_without_a_token_or_with_a_wrong_one_nothing_is_shown(asking_as: AskingAs) -> None:
    client = asking_as("x", Role.VIEWER)
    for header, code in (("", "token-missing"), ("Basic eDp5", "token-missing"), ("Bearer lots_no", "token-unknown")):
        response = client.get(f"{API}/lots", headers={"Authorization": header})
        assert (response.status_code, response.json()["code"]) == (401, code)
        assert response.headers["www-authenticate"] == "Bearer"
    assert client.get(f"{API}/openapi.json", headers={"Authorization": ""}).status_code == 200


def test_a_browser_s_cookie_is_a_token_too_but_not_for_pages_of_other_sites(
    asking_as: AskingAs, tokens_file: Path
) -> None:
    client = asking_as("y", Role.SUPERVISOR)
    token = client.headers.pop("authorization").removeprefix("Bearer ")
    client.cookies.set(COOKIE, token)
    assert client.get(f"{API}/lots", headers={"Origin": f"http://{ELSEWHERE}"}).status_code == 200
    for origin, status in ((f"http://{ELSEWHERE}", 403), ("null", 403), (f"http://{EDGE}", 202)):
        sent = client.post(f"{API}/counts", json=CLOSING, headers={"Origin": origin})
        assert sent.status_code == status, origin


def test_an_edge_without_tokens_is_asked_by_names_of_this_machine_only(client: TestClient) -> None:
    for host, status in (("localhost:8080", 200), ("127.0.0.1", 200), ("[::1]:8080", 200), (ELSEWHERE, 421)):
        assert client.get(f"{API}/lots", headers={"Host": host}).status_code == status, host
    page = {"Origin": f"http://{ELSEWHERE}"}
    assert client.post(f"{API}/counts", json=CLOSING, headers=page).json()["code"] == "other-site"


def test_a_token_counts_as_soon_as_it_is_in_the_file_and_no_longer_than_that(tmp_path: Path) -> None:
    file = tmp_path / "tokens.txt"
    anna = add_token(file, "anna", Role.OPERATOR)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert anna not in file.read_text(), "the file holds hashes alone"
    tokens = Tokens(file)
    found = tokens.caller(anna)
    assert found is not None
    assert (found.name, found.role) == ("anna", Role.OPERATOR)
    ben = add_token(file, "ben", Role.VIEWER)
    assert tokens.caller(ben) is not None
    file.write_text("# nobody\n\n" + file.read_text().splitlines()[1] + "\n")
    assert tokens.caller(anna) is None
    file.write_text("ben boss 00")
    assert tokens.caller(ben) is not None, "a file that cannot be read changes nothing"
    file.unlink()
    assert tokens.caller(ben) is None, "one that is gone knows nobody"
    assert tokens.caller(add_token(file, "carl", Role.VIEWER)) is not None


@pytest.mark.parametrize("line", ["anna", "anna boss " + "0" * 64, "anna viewer 00", "anna viewer " + "G" * 64])
def test_a_wrong_line_of_the_tokens_file_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "tokens.txt"
    file.write_text(f"# tokens\n{line}\n")
    with pytest.raises(TokensInvalid, match="line 2"):
        read_tokens(file)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "edge.example"])
def test_an_edge_that_others_can_reach_does_not_start_without_tokens(host: str, tmp_path: Path) -> None:
    with pytest.raises(EdgeMisconfigured, match="token"):
        check_host(host, None)
    add_token(tmp_path / "t", "anna", Role.VIEWER)
    check_host(host, Tokens(tmp_path / "t"))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_an_edge_on_loopback_needs_none(host: str) -> None:
    check_host(host, None)


def test_a_body_over_the_limit_is_refused_whether_or_not_it_tells_its_length(company: Company) -> None:
    client = TestClient(build(company.store, company, Settings(body_bytes_max=1000)), base_url="http://localhost")
    json = {"content-type": "application/json"}
    for body in (b"x" * 1001, iter([b"x" * 600, b"x" * 600])):
        response = client.post(f"{API}/movements", content=body, headers=json)  # type: ignore[arg-type]
        assert (response.status_code, response.json()["code"]) == (413, "body-too-large")
    assert client.post(f"{API}/movements", json=a_load("SMALL")).status_code == 202


def test_who_asks_too_often_is_told_when_to_go_on(company: Company) -> None:
    app = build(company.store, company, Settings(rate_per_s=0.001, rate_burst=2))
    client = TestClient(app, base_url="http://localhost")
    assert [client.get(f"{API}/lag").status_code for _ in range(3)] == [200, 200, 429]
    response = client.get(f"{API}/lag")
    assert (response.json()["code"], response.headers["content-type"]) == (
        "too-many-requests",
        "application/problem+json",
    )
    assert int(response.headers["retry-after"]) > 0


def test_the_rate_comes_back_with_time_and_is_of_each_caller_alone(tmp_path: Path) -> None:
    now = 0.0
    anna = add_token(tmp_path / "t", "anna", Role.VIEWER)
    limit = RateLimit(_never, per_s=2, burst=2, tokens=Tokens(tmp_path / "t"), now=lambda: now)
    taken = [limit.wait_s("a") for _ in range(3)]
    assert taken == [0.0, 0.0, 0.5]
    assert limit.wait_s("b") == 0.0
    now = 0.5
    assert [limit.wait_s("a"), limit.wait_s("a")] == [0.0, 0.5]
    scopes = [
        {"type": "http", "client": ("1.2.3.4", 5), "headers": [(b"authorization", f"Bearer {token}".encode())]}
        for token in (anna, "made-up-1", "made-up-2")
    ]
    assert [limit.caller(scope) for scope in scopes] == ["token anna", "address 1.2.3.4", "address 1.2.3.4"]


async def _never(*_: object) -> None:
    raise AssertionError("not called")
