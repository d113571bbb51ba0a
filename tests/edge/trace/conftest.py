"""The demo company in a store on each database, and a client of its traces."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from processors.edge.api.app import Settings, build
from processors.edge.store.engine import Store
from processors.edge.trace.routes import router
from tests.edge.api.company import Company, demo_company

MANY = 1_000_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company of `lotstream dev`; tests of a module share it and add lots of their own."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('trace')}/edge.db"
    else:
        url = request.getfixturevalue("postgresql").url()
    with Store(url) as store:
        store.migrate()
        made = demo_company(store)
        yield made
        made.close()


@pytest.fixture(scope="module")
def client(company: Company) -> Iterator[TestClient]:
    """Asks the edge of the demo company."""
    app = build(company.store, company, Settings(rate_per_s=MANY, rate_burst=MANY), [router()])
    with TestClient(app, base_url="http://localhost:8080") as asking:
        yield asking
