"""One worker process: start the loop, turn until told to stop."""

import gc
import logging
import time
from collections.abc import Callable

from processors.counters.port import CountersUnavailable
from processors.runtime.errors import Unreachable
from processors.runtime.loop import Loop

logger = logging.getLogger(__name__)

COLLECT_YOUNG_TURNS = 20
COLLECT_ALL_IDLE_S = 60.0
COLLECT_ALL_S = 3600.0
"""Turns between collections of young garbage; seconds between those of all of it, at an idle turn or, late, at any.

Python would collect in the middle of a batch, when nothing is garbage yet, and go through hundreds of thousands of
cached rows without a cycle among them: a tenth of a busy worker's time, a fifth with serials. After a turn there is
next to nothing to go through.
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
    gc.disable()
    turns, collected_at = 0, time.monotonic()
    try:
        while not stopping():
            busy = loop.turn()
            turned()
            turns += 1
            if turns % COLLECT_YOUNG_TURNS == 0:
                gc.collect(0)
            if time.monotonic() - collected_at > (COLLECT_ALL_S if busy else COLLECT_ALL_IDLE_S):
                collected_at = time.monotonic()
                gc.collect()
    finally:
        gc.enable()
        loop.close()
