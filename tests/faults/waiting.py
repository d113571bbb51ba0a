"""Waiting for something to become true, with a limit; never for time to pass."""

import time
from collections.abc import Callable
from typing import Any

LIMIT_S = 240.0
POLL_S = 0.02


def until(
    condition: Callable[[], Any], what: str | Callable[[], str], limit_s: float = LIMIT_S, poll_s: float = POLL_S
) -> None:
    """Wait for a condition; AssertionError with `what` (asked then) where it does not come true within the limit."""
    deadline = time.monotonic() + limit_s
    while not condition():
        in_time = time.monotonic() < deadline
        assert in_time, f"not within {limit_s:g} s: {what if isinstance(what, str) else what()}"
        time.sleep(poll_s)
