"""Traces and recalls are what their description says: requests made from it get the answers it promises."""

from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from processors.edge.api.app import Settings, build
from processors.edge.store.engine import Store
from processors.edge.trace.routes import router
from tests.edge.api.company import demo_company

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
EXAMPLES = 15


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_one_that_the_description_promises(tmp_path: Path, mode: GenerationMode) -> None:
    store = Store(f"sqlite:///{tmp_path}/edge.db")
    store.migrate()
    app = build(store, demo_company(store), Settings(rate_per_s=1e6, rate_burst=10**6), [router()])
    described = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers={"Host": "localhost"})
    found = [
        operation
        for operation in (result.ok() for result in described.get_all_operations())
        if operation.path.startswith(("/api/v1/trace", "/api/v1/recall"))
    ]
    assert len(found) == 2
    for operation in found:

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
            case.call_and_validate(headers={"Host": "localhost"}, checks=CHECKS)

        answered_as_described()
