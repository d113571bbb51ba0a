"""A company that is at work, in a store on SQLite, and clients that ask its edge."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from processors.edge.api.app import Settings, build
from processors.edge.api.roles import Role
from processors.edge.api.tokens import Tokens, add_token
from processors.edge.store.engine import Store
from tests.edge.api.company import Company, demo_company

MANY = 1_000_000
EDGE = "edge.example"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The demo company; tests of a module share it and add to it."""
    with Store(f"sqlite:///{tmp_path_factory.mktemp('edge')}/edge.db") as store:
        store.migrate()
        made = demo_company(store)
        yield made
        made.close()


@pytest.fixture(scope="module")
def client(company: Company) -> Iterator[TestClient]:
    """Asks an edge without tokens."""
    app = build(company.store, company, Settings(rate_per_s=MANY, rate_burst=MANY))
    with TestClient(app, base_url="http://localhost:8080") as asking:
        yield asking


@pytest.fixture(scope="module")
def tokens_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokens") / "tokens.txt"


@pytest.fixture(scope="module")
def asking_as(company: Company, tokens_file: Path) -> Callable[[str, Role], TestClient]:
    """Clients of an edge that needs tokens: `asking_as("anna", Role.VIEWER)`."""
    tokens_file.touch()
    app = build(company.store, company, Settings(Tokens(tokens_file), rate_per_s=MANY, rate_burst=MANY))

    def asking(name: str, role: Role) -> TestClient:
        token = add_token(tokens_file, name, role)
        return TestClient(app, base_url=f"http://{EDGE}", headers={"Authorization": f"Bearer {token}"})

    return asking
