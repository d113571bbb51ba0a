"""One worker process: start the loop, turn until told to stop."""

import gc
import logging
import time
from collections.abc import Callable

from processors.counters.port import CountersUnavailable
from processors.runtime.errors import Unreachable
from processors.runtime.loop import Loop

logger = logging.getLogger(__name__)

COLLECT_AFTER = (100_000, 20, 100)
"""Net new objects before a garbage collection, and how many of those before an older generation's.

Rows in the caches are hundreds of thousands of objects without a cycle among them; with Python's own limits (700, 10,
10) going through them again and again takes a third of a busy worker's time.
"""


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
    gc.freeze()  # modules and classes: never garbage
    gc.set_threshold(*COLLECT_AFTER)
    try:
        while not stopping():
            loop.turn()
            turned()
    finally:
        loop.close()
