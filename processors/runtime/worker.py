"""One worker process: start the loop, turn until told to stop."""

import logging
import time
from collections.abc import Callable

from processors.counters.port import CountersUnavailable
from processors.runtime.errors import Unreachable
from processors.runtime.loop import Loop

logger = logging.getLogger(__name__)


def run(loop: Loop, stopping: Callable[[], bool], turned: Callable[[], None] = lambda: None) -> None:
    """Turn until `stopping()`; `turned` is called after each turn.

    Waits for a counter server that is not there yet. Raises what ends a worker: Fenced (the supervisor starts it anew),
    TooManyBugs, CountersMisconfigured.
    """
    while not stopping():
        try:
            loop.start()
            break
        except (CountersUnavailable, Unreachable) as failure:
            logger.warning("start waits", extra={"reason": str(failure)})
            turned()
            time.sleep(0.5)
    try:
        while not stopping():
            loop.turn()
            turned()
    finally:
        loop.close()
