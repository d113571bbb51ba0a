"""Two minutes of the nemesis with a fixed seed: three brokers, two workers, and everything that can hurt them."""

from pathlib import Path

import pytest

from tests.faults.run import Plan, run
from tests.faults.servers import need_servers

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]
SECONDS, SEED = 120, 20261121


def test_nothing_is_lost_doubled_or_reused_whatever_dies(tmp_path: Path) -> None:
    """`make faults` does the same for longer; docs/faults.md says how to read what is printed."""
    need_servers()
    report = run(Plan(seconds=SECONDS, seed=SEED, directory=tmp_path, lot_scope="company"))
    assert not report.violations, f"seed {SEED}: {report}"
    assert report.counts["faults"] >= 3
    assert min(report.counts[status] for status in ("done", "duplicate", "refused")) > 0
