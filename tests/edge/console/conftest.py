"""A browser for the console's tests: Debian's Chromium, without a window; absent, its tests are named "not run"."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from processors.edge.store.engine import Store
from tests.conftest import absent
from tests.edge.console.living import LivingCompany, app_of, living_company, served
from tests.edge.console.pictures import CHROMIUM, browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        absent("Chromium", f"{CHROMIUM} is not there; on Debian: apt install chromium")
    # A limit for what hangs: on a busy machine a page may take its time.
    expect.set_options(timeout=60_000)
    with browser() as found:
        yield found


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of its own, as on a handheld; an error in a script or against the policy fails the test."""
    with _page(chromium, "allow") as found:
        yield found


@pytest.fixture
def page_alone(chromium: Browser) -> Iterator[Page]:
    """A page without a worker beside it, which would send past the routes of a test."""
    with _page(chromium, "block") as found:
        yield found


@contextmanager
def _page(chromium: Browser, workers: Literal["allow", "block"]) -> Iterator[Page]:
    viewport: ViewportSize = {"width": 360, "height": 780}
    context = chromium.new_context(viewport=viewport, locale="en-GB", service_workers=workers)
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda told: errors.append(told.text) if "Content Security Policy" in told.text else None)
    found.set_default_timeout(20_000)
    yield found
    context.close()
    assert errors == []


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivingCompany]:
    """The demo company with two inventories, in memory."""
    with Store(f"sqlite:///{tmp_path_factory.mktemp('console')}/edge.db") as store:
        store.migrate()
        found = living_company(store)
        yield found
        found.close()


@pytest.fixture(scope="session")
def console(company: LivingCompany) -> Iterator[str]:
    """The address of its console."""
    with served(app_of(company.store, company)) as address:
        yield address
