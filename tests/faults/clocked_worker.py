"""`python -m tests.faults.clocked_worker worker ledger …`: the real worker with a wall clock that tests can step.

What Python reads of the wall clock is moved by the seconds that stand in the file named in `FAULTS_CLOCK_FILE`. The
monotonic clock, and what librdkafka reads by itself, stay.
"""

import os
import time
from pathlib import Path

CLOCK_FILE = "FAULTS_CLOCK_FILE"
MODULE = "tests.faults.clocked_worker"


def step_clock(file: Path) -> None:
    """From now on the wall clock is off by what the file says."""
    real_ns = time.time_ns

    def time_ns() -> int:
        return real_ns() + int(file.read_text() or "0") * 1_000_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1e9


if __name__ == "__main__":
    step_clock(Path(os.environ[CLOCK_FILE]))
    from processors.cli import main

    main()
