"""The API is what its description says: requests made from it, right and wrong ones, get the answers it promises."""

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from processors.edge.api.app import Settings, build
from processors.edge.api.catalogue import CATALOGUE
from processors.edge.store.engine import Store
from processors.edge.trace import routes as trace
from tests.edge.api.company import demo_company

API = "/api/v1"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
"""That right requests are taken is shown elsewhere: a cursor that fits the description may still be none."""
EXAMPLES = 4
"""For each operation; there are some sixty."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> BaseSchema:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('described')}/edge.db")
    store.migrate()
    app = build(store, demo_company(store), Settings(rate_per_s=1e6, rate_burst=10**6), [trace.router()])
    return schemathesis.openapi.from_asgi(f"{API}/openapi.json", app, headers={"Host": "localhost"})


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_description_promises(described: BaseSchema, mode: GenerationMode) -> None:
    is_wrong = mode is GenerationMode.NEGATIVE
    found = [result.ok() for result in described.get_all_operations()]
    assert len(found) > 2 * len(CATALOGUE)
    for operation in found:
        if is_wrong and not list(operation.query) and not operation.body:
            continue  # any text is a key

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=EXAMPLES,
            phases=[Phase.generate],
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
            database=None,
        )
        def answered_as_described(case: schemathesis.Case) -> None:
            checks = [*CHECKS, negative_data_rejection] if is_wrong else CHECKS
            if not is_wrong and case.query:
                case.query = {name: value for name, value in case.query.items() if name != "wait"}
            # A request may ask the answer to wait for half a minute.
            case.call_and_validate(headers={"Host": "localhost"}, checks=checks, timeout=60)

        answered_as_described()


def test_every_register_and_request_is_described_with_an_example(client: TestClient) -> None:
    description = client.get(f"{API}/openapi.json").json()
    assert {f"{API}/{entry.path}" for entry in CATALOGUE} <= set(description["paths"])
    for path in ("movements", "edits", "counts", "scans"):
        body = description["paths"][f"{API}/{path}"]["post"]["requestBody"]["content"]["application/json"]
        assert client.post(f"{API}/{path}", json=body["example"]).status_code == 202, path
    assert all("examples" in description["components"]["schemas"][name] for name in ("Lots", "Movement", "Differences"))
