"""`python -m tests.faults.counts --reads 50 --per-second 2000 --seconds 60 --seed 7`. See docs/faults.md."""

import argparse
import shutil
import signal
import sys
import time
from pathlib import Path

from processors.embedded.broker import Broker
from processors.embedded.redis import RedisServer
from tests.faults.counts.mutants import MODULE, MUTANTS
from tests.faults.counts.run import Plan, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.counts", description=__doc__)
    parser.add_argument("--reads", type=float, default=50.0, help="reads a second, of all operators")
    parser.add_argument("--per-second", type=float, default=2000.0, help="movements a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="about how long the counting takes")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--slots", type=int, default=1, help="worker slots of each kind")
    parser.add_argument("--kills", type=int, default=8, help="kills at drawn moments; 0: nobody dies")
    parser.add_argument("--mutant", choices=MUTANTS, help="plant this bug into the workers")
    parser.add_argument("--directory", type=Path, help="where history and logs are kept (.lotstream/counts/…)")
    given = parser.parse_args()
    directory = given.directory or Path(".lotstream") / "counts" / f"{time.strftime('%Y%m%d-%H%M%S')}-seed-{given.seed}"
    directory = directory.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    broker, redis = Broker(directory / "broker"), RedisServer(directory / "redis")
    plan = Plan(
        given.seed, directory, given.reads, given.per_second, given.seconds, given.slots, given.kills,
        MODULE if given.mutant else "processors", given.mutant or "",
    )  # fmt: skip
    try:
        broker.start()
        redis.start()
        report = run(plan, broker.bootstrap_servers, redis.url)
    finally:
        broker.kill()
        redis.kill()
    print(f"seed {given.seed}: {report}")
    if not report.violations:
        shutil.rmtree(directory / "broker", ignore_errors=True)
    print(f"history and logs: {directory}")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
