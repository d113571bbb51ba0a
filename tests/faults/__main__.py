"""`python -m tests.faults --minutes 2 --seed 7`: a run against real brokers and Redis. See docs/faults.md."""

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from tests.faults.run import PER_S, Plan, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long faults are drawn")
    parser.add_argument("--seed", type=int, default=7, help="of the load and of the faults")
    parser.add_argument("--workers", type=int, default=2, choices=(1, 2, 3, 4), help="worker slots")
    parser.add_argument("--per-second", type=float, default=PER_S, help="movements sent a second")
    parser.add_argument("--lots", choices=("item", "company"), default="item", help="in what lot codes are unique")
    parser.add_argument("--brokers", type=int, choices=(1, 3), help="else three, or one where memory is short")
    parser.add_argument("--directory", type=Path, help="where history and logs are kept (.lotstream/faults/…)")
    given = parser.parse_args()
    directory = given.directory or Path(".lotstream") / "faults" / f"{time.strftime('%Y%m%d-%H%M%S')}-seed-{given.seed}"
    nodes = {None: None, 1: (1,), 3: (1, 2, 3)}[given.brokers]
    plan = Plan(
        seconds=given.minutes * 60,
        seed=given.seed,
        directory=directory.resolve(),
        slots=given.workers,
        per_s=given.per_second,
        lot_scope=given.lots,
        nodes=nodes,
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started and mounted is ended
    report = run(plan)
    print(f"seed {given.seed}: {report}")
    print(f"history and logs: {directory}")
    if not report.violations:
        for path in directory.glob("broker-*/data"):
            shutil.rmtree(path, ignore_errors=True)
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
