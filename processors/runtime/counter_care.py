"""What a worker does while its counters cannot answer: wait for their server, or make their state anew."""

import logging
from collections.abc import Callable

from processors.counters.port import Counters, CountersUnavailable
from processors.runtime.epochs import TopicRegisters
from processors.runtime.errors import Unreachable
from processors.runtime.metrics import Metrics

logger = logging.getLogger(__name__)

WAIT_S = 0.2


class CounterCare:
    """Called with no work in hand.

    keep_alive: lets time pass (seconds) while the group is polled. interrupted: whether the assignment has changed
    meanwhile, after which there are tasks to take over first.
    """

    def __init__(
        self,
        counters: Counters,
        registers: TopicRegisters,
        metrics: Metrics,
        keep_alive: Callable[[float], None],
        interrupted: Callable[[], bool],
    ) -> None:
        self._counters, self._registers, self._metrics = counters, registers, metrics
        self._keep_alive, self._interrupted = keep_alive, interrupted

    def wait(self, reason: str) -> None:
        """Until the server answers, or the wait is interrupted."""
        logger.warning("counters unavailable: waiting", extra={"reason": reason})
        self._metrics.counters_up.set(0)
        self._keep_alive(WAIT_S)
        while not self._interrupted():
            try:
                self._counters.check()
                logger.info("counters answer again")
                break
            except CountersUnavailable:
                self._keep_alive(WAIT_S)
        self._metrics.counters_up.set(1)

    def rebuild(self, reason: str) -> None:
        """Until the state is in place, made by us or by another worker, or the wait is interrupted."""
        self._keep_alive(0)
        while not self._interrupted():
            try:
                rebuilt = self._counters.rebuild(self._registers)
            except (CountersUnavailable, Unreachable) as failure:
                logger.warning("rebuild waits", extra={"reason": str(failure)})
                self._keep_alive(WAIT_S)
                continue
            told: dict[str, object] = {"reason": reason, "epoch": rebuilt.epoch, "by_us": rebuilt.by_us}
            if rebuilt.first:
                logger.info("counters made for the first time", extra=told)
            else:
                logger.warning("counters lost their state: rebuilt", extra=told)
                self._metrics.rebuilds.inc()
            for lost in rebuilt.lost:
                logger.warning("ordinals stay unused", extra={"counter": lost.counter, "count": lost.count})
            return
