"""Where a worker's time goes: clocks around the parts that its loop calls.

The parts are wrapped on one loop object, from outside: the product knows nothing of it. A clock costs about 0.2 µs for
each call that it is around; the figures are of the loop's own thread, and those of librdkafka's threads stand in the
process's CPU time only.
"""

import time
from collections.abc import Callable
from typing import Any

from processors.runtime.loop import Loop

Clock = dict[str, int]
"""Stage → nanoseconds."""


def watch(loop: Loop) -> Clock:
    """Put clocks around the stages of a loop; the returned dictionary fills as it turns."""
    spent: Clock = {}
    loop_parts: Any = loop
    decider, log, counters = loop_parts._decider, loop_parts._log, loop_parts._counters
    around(log, "consume", "consume", spent)
    around(decider, "decode", "decode", spent)
    around(decider, "_needs", "needs", spent)
    around(counters, "reserve", "reserve", spent)
    around(decider._processor, "decide", "decide", spent)
    around(decider, "_take", "overlay", spent)
    around(decider._encoder, "records", "encode records", spent)
    around(decider._encoder, "rows", "encode rows", spent)
    around(counters, "claim", "claim", spent)
    around(log, "produce", "produce", spent)
    around(log, "flush", "flush (waits)", spent)
    around(counters, "confirm", "confirm", spent)
    around(log, "commit", "commit (waits)", spent)
    around(loop, "_apply", "store", spent)
    return spent


def around(part: Any, name: str, stage: str, spent: Clock) -> None:
    """Add the time of each call of `part.name` to a stage."""
    spent[stage] = 0
    inner: Callable[..., Any] = getattr(part, name)
    clock = time.perf_counter_ns

    def timed(*arguments: Any, **named: Any) -> Any:
        started = clock()
        try:
            return inner(*arguments, **named)
        finally:
            spent[stage] += clock() - started

    _set(part, name, timed)


def _set(part: Any, name: str, timed: Callable[..., Any]) -> None:
    try:
        setattr(part, name, timed)
    except AttributeError:  # a slotted part: a subclass of its own, with the clock as its method
        part.__class__ = type(f"Timed{type(part).__name__}", (type(part),), {name: lambda _, *a, **n: timed(*a, **n)})
