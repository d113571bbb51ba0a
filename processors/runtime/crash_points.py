"""Named points at which a worker can be told to kill or to freeze itself, for fault tests on real processes.

`LOTSTREAM_CRASH_AT=after-flush:3` kills the process with SIGKILL the third time it passes `after-flush`;
`after-flush:3:freeze` stops it there with SIGSTOP, until somebody sends SIGCONT. Points, in the order of a turn:
after-consume, after-reserve, after-decide, after-produce, after-flush, after-confirm, after-offsets-sent,
after-commit, after-apply; and during-restore.
"""

import os
import signal
from collections.abc import Callable

CrashPoint = Callable[[str], None]


def no_crash(point: str) -> None:
    """Pass every point."""


def from_environment() -> CrashPoint:
    """The crash point named in `LOTSTREAM_CRASH_AT`, or none."""
    wanted, _, rest = os.environ.get("LOTSTREAM_CRASH_AT", "").partition(":")
    if not wanted:
        return no_crash
    times, _, how = rest.partition(":")
    left, number = int(times or "1"), signal.SIGSTOP if how == "freeze" else signal.SIGKILL

    def crash(point: str) -> None:
        nonlocal left
        if point == wanted:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), number)

    return crash
