"""Bugs that are planted in the worker are found: the faults bring them to light, and the checker names them."""

import os
import sys
from pathlib import Path

import pytest

from tests.faults.mutants import MODULE, MUTANT, MUTANTS
from tests.faults.run import Plan, run
from tests.faults.servers import need_servers

pytestmark = pytest.mark.real
QUICK = ("no seek after an abort",)
"""Part of every test run; all of them by `make faults-mutants`."""
CLUMSY = {"workers-end-as-they-may", "lag-returns-to-zero"}
"""What would be seen of a worker that simply does not work."""


@pytest.mark.parametrize("name", [name for name in MUTANTS if name in QUICK or "ALL_MUTANTS" in os.environ])
def test_a_planted_bug_is_found(name: str, tmp_path: Path) -> None:
    need_servers()
    mutant = MUTANTS[name]
    plan = Plan(
        seconds=0,
        seed=5,
        directory=tmp_path,
        faults=mutant.faults,
        per_s=80,
        items=60,
        nodes=(1,),
        slots=mutant.slots,
        module=MODULE,
        environment={MUTANT: name, **mutant.environment},
        lag_limit_s=240,
    )
    report = run(plan)
    found = {violation.invariant for violation in report.violations}
    assert found & mutant.seen_as, f"{name} is not found: {report}"
    assert not found & CLUMSY, f"{name} is no bug that hides: {report}"
    first = next(violation for violation in report.violations if violation.invariant in mutant.seen_as)
    print(f"{name}: {first}", file=sys.stderr)
