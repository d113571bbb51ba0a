"""The alerts of the calendar and the counters that are new, published once each, also after a restart.

What the topic has is known from the store. That tells the truth only once the projection has read the topic to the end
that it had when this process began to lead (`leads`): until then nothing is published, for what the process before may
have sent last could be missing there. What this process has sent itself it remembers.
"""

import logging
import time
from collections.abc import Callable
from typing import Final

from processors.contract.headers import OutputHeaders
from processors.contract.manifest import key_of
from processors.domain.events import Alert
from processors.domain.moments import local_day
from processors.edge.alerts.calendar import due
from processors.edge.alerts.counters import RATE_DAYS, running_out, threshold_of, uses
from processors.edge.publishing import Publisher
from processors.edge.store import queries_alerts
from processors.edge.store.engine import Store
from processors.edge.store.queries_offsets import lag

logger = logging.getLogger(__name__)

TOPIC: Final = "alerts"
EVERY_S: Final = 5.0
"""How often to see whether it is time: an edge that has just begun to lead, or has caught up, looks at once."""
LOOK_EVERY_MS: Final = 60_000
"""How often to look; a day that begins is told a minute later at most."""


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class CalendarAlerts:
    """Looks and publishes, each time that `run` is called; for one thread.

    leads: whether this is the one edge of its database that publishes, and its projection has seen since how far the
    topics are. Asked before each alert: another edge takes over from one that was frozen.
    """

    def __init__(
        self,
        store: Store,
        publisher: Publisher,
        leads: Callable[[], bool],
        now_ms: Callable[[], int] = _wall_ms,
        on_published: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._publisher, self._leads, self._now_ms = store, publisher, leads, now_ms
        self._on_published = on_published
        self._looked: int | None = None
        self._sent: set[str] = set()
        self._headers = OutputHeaders("/lotstream/edge")

    def tick(self) -> list[Alert]:
        """`run`, if the last look that came to its end is a minute ago, or another edge has led since."""
        if not self._leads():
            self._looked = None
        elif self._looked is None or not 0 <= self._now_ms() - self._looked < LOOK_EVERY_MS:
            return self.run()
        return []

    def run(self) -> list[Alert]:
        """Publish what is new, and return it; nothing while the store does not know all alerts. NotSent: call again."""
        published: list[Alert] = []
        found, looked = self._new() if self._leads() else None, self._now_ms()
        for alert in found or ():
            if not self._leads():
                logger.info("another edge leads: the rest of the alerts is its own")
                return published
            headers = self._headers.of(
                Alert, alert.alert_id.encode(), self._headers.time(alert.at), key_of(TOPIC, alert).encode()
            )
            self._publisher.publish(TOPIC, alert, headers)
            self._sent.add(alert.alert_id)
            self._on_published()
            published.append(alert)
        if found is not None:
            self._looked = looked
        if published:
            logger.info("%d alerts of lots and counters were published", len(published))
        return published

    def _new(self) -> list[Alert] | None:
        """The alerts that are due and not known; None while it cannot be known which those are."""
        now = self._now_ms()
        with self._store.read() as connection:
            seen = lag(connection)
            behind = sum(each.records for each in seen.topics if each.topic == TOPIC)
            if seen.looked_at is None or behind:
                return None
            day = local_day(queries_alerts.time_zone(connection), now)
            alerts = due(queries_alerts.lots_due(connection, day), day, now)
            for use in uses(queries_alerts.counter_rows(connection), queries_alerts.code_types(connection)):
                threshold = threshold_of(use)
                if threshold is not None:
                    recent = queries_alerts.codes_made(connection, use.counter, now, RATE_DAYS)
                    alerts.append(running_out(use, threshold, recent, now))
            waiting = [alert for alert in alerts if alert.alert_id not in self._sent]
            known = queries_alerts.known_alerts(connection, [alert.alert_id for alert in waiting])
        return [alert for alert in waiting if alert.alert_id not in known]
