"""Bugs of counting that are planted in the workers are found."""

import os
import sys
from pathlib import Path

import pytest

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from tests.faults.counts.mutants import MODULE, MUTANTS
from tests.faults.counts.run import Plan, run
from tests.faults.servers import need_servers

pytestmark = pytest.mark.real
QUICK = ("what moved during the count is a difference",)
"""Part of every test run; all of them by `make faults-mutants`."""


@pytest.mark.parametrize("name", [name for name in MUTANTS if name in QUICK or "ALL_MUTANTS" in os.environ])
def test_a_planted_bug_of_counting_is_found(name: str, tmp_path: Path) -> None:
    need_servers()
    broker, redis = Broker(tmp_path / "broker"), RedisServer(tmp_path / "redis")
    try:
        broker.start()
        redis.start()
        plan = Plan(5, tmp_path, reads=30, per_s=150, seconds=4, kills=0, module=MODULE, mutant=name)
        report = run(plan, broker.bootstrap_servers, redis.url)
    finally:
        broker.kill()
        redis.kill()
    found = {violation.invariant for violation in report.violations}
    assert found & MUTANTS[name].seen_as, f"{name} is not found: {report}"
    first = next(violation for violation in report.violations if violation.invariant in MUTANTS[name].seen_as)
    print(f"{name}: {first}", file=sys.stderr)
