"""The whole edge with its pages, asked anything: no answer is an error of ours, and who only looks changes nothing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from processors.edge.api.app import Settings, build
from processors.edge.api.roles import Role
from processors.edge.api.tokens import Tokens, add_token
from processors.edge.console import routes as console
from processors.edge.console.searching import FIELDS
from processors.edge.store.engine import Store
from processors.edge.trace import routes as trace
from tests.edge.api.company import Company, demo_company

Form = dict[str, str]
EDGE = "edge.example"
EXAMPLES = 8
"""For each page; some twenty of them."""
STREAMS = ("/changes",)
OWN = ("/sign-in", "/sign-out", "/theme")
"""These change what a browser keeps, and nothing else."""
NAMES = [
    "DEMO", "CAKES", "SILO", "1", "ING|FLOUR||MIL00001", "MCH|PUMP|50||PUMP50000001", "FLOUR", "FIN", "F-01",
    "movements", "close_list", "approve_line", "open_list", "open_inventory", "2026-06-15", "true", "-1", "9" * 30,
    "\\", "|", "%", "<b>", "dark", "it", "%00", "\0",
]  # fmt: skip
TEXTS = st.sampled_from(NAMES) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FORM = ("key", "action", "inventory", "list", "line", "revision", "difference", "description", "operator", "list_type",
        "warehouse", "locations", "date", "as_of", "back", "notes", "topic", "partition", "offset", "mended", "theme",
        "token", "status", "available", "closed", "expiry_date", "reason_code")  # fmt: skip


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Store(f"sqlite:///{tmp_path_factory.mktemp('whole')}/edge.db") as store:
        store.migrate()
        made = demo_company(store)
        yield made
        made.close()


def _app(company: Company, tokens: Tokens | None = None) -> FastAPI:
    pages = console.router(company.store, company)
    return build(company.store, company, Settings(tokens, rate_per_s=1e6, rate_burst=10**6), [trace.router(), pages])


def _routes(app: Any, method: str) -> list[APIRoute]:
    """Those that the description of the API does not have: `test_description` asks the others."""
    found = [route for route in _flat(app.routes) if method in (route.methods or ()) and not route.include_in_schema]
    return [route for route in found if route.path not in STREAMS]


def _flat(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "routes"):
            yield from _flat(route.routes)
        elif hasattr(route, "original_router"):
            yield from _flat(route.original_router.routes)


def _asked(dependant: Dependant) -> set[str]:
    return {each.alias for each in dependant.query_params}


def _anything(names: set[str]) -> Any:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(sorted(names), TEXTS))


_QUICK = settings(
    max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck),
    derandomize=True, database=None,
)  # fmt: skip


def _each(routes: list[APIRoute], names: Callable[[APIRoute], set[str]], check: Callable[[str, Form], None]) -> None:
    """Check every route with some forms of these fields."""
    for route in routes:

        @given(_anything(names(route)), st.just(route.path))
        @_QUICK
        def checked(form: Form, path: str) -> None:
            check(path, form)

        checked()


def test_every_page_answers_whatever_it_is_asked(company: Company) -> None:
    app = _app(company)
    pages = _routes(app, "GET")
    assert {"/", "/lots", "/lot", "/stock", "/trace", "/differences", "/count/list", "/dead-letter"} <= {
        page.path for page in pages
    }
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:

        def answered(path: str, query: Form) -> None:
            answer = client.get(path.replace("{name}", "console.css"), params=query)
            assert answer.status_code in (200, 204, 303, 404, 422), (path, query, answer.text[:300])

        _each(pages, lambda page: _asked(page.dependant) | {*FIELDS, "lang", "expires_by"}, answered)


def test_every_form_is_taken_or_refused_whatever_stands_in_it(company: Company) -> None:
    app = _app(company)
    forms = _routes(app, "POST")
    assert {"/inventories", "/inventory", "/list", "/line", "/lot", "/serial", "/dead-letter", "/count/scans"} <= {
        form.path for form in forms
    }
    with TestClient(app, base_url="http://localhost", follow_redirects=False) as client:

        def answered(path: str, form: Form) -> None:
            answer = _post(client, path, form)
            assert answer.status_code in (200, 202, 303, 401, 403, 404, 409, 422), (path, form, answer.text[:300])

        _each(forms, lambda _: set(FORM), answered)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_may_only_look_or_count_sends_nothing_else_by_any_form(
    company: Company, tmp_path: Path, role: Role
) -> None:
    file = tmp_path / "tokens.txt"
    headers = {"Authorization": f"Bearer {add_token(file, 'vera', role)}"}
    app = _app(company, Tokens(file))
    before = len(company.sent)
    with TestClient(app, base_url=f"http://{EDGE}", headers=headers, follow_redirects=False) as client:
        forms = [route for route in _routes(app, "POST") if route.path not in OWN]
        forms = [form for form in forms if role is Role.VIEWER or form.path != "/count/scans"]

        def refused(path: str, form: Form) -> None:
            assert _post(client, path, form).status_code == 403, path

        _each(forms, lambda _: set(FORM), refused)
    assert len(forms) > 5
    assert len(company.sent) == before


def _post(client: TestClient, path: str, form: Form) -> Any:
    return client.post(path, json=form) if path == "/count/scans" else client.post(path, data=form)
