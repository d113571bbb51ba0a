"""What an edge measures of itself, for Prometheus: under the same rules as a worker's (`metrics`)."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Standing(Protocol):
    """How the projection stands at one moment (`edge/measures.py`)."""

    @property
    def records(self) -> Mapping[str, int]: ...
    @property
    def behind_s(self) -> Mapping[str, float]: ...
    @property
    def held(self) -> Iterable[tuple[str, int, int]]: ...
    @property
    def looked_s(self) -> float | None: ...
    @property
    def leads(self) -> bool: ...
    @property
    def works(self) -> bool: ...


class EdgeMetrics:
    """Counters and gauges of one edge process, in a registry of its own; for any number of threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels: dict[str, Any] = {"namespace": "lotstream", "subsystem": "edge", "registry": self.registry}
        place = ["topic", "partition"]
        self._records = Counter("records", "Records brought into SQL by this process", **labels)
        self._batches = Counter("batches", "Batches of them, each a transaction", **labels)
        self._errors = Counter("projection_errors", "Runs of the projection that an error ended", **labels)
        self._works = Gauge("projection_works", "1 while it projects or stands by, 0 while an error stops it", **labels)
        self._leads = Gauge("leads", "1 in the one edge of a database that projects and publishes alerts", **labels)
        self._looked = Gauge("looked_seconds", "Since the leader last looked at the topics", **labels)
        self._lag = Gauge("lag_records", "Records not yet in SQL, by topic", ["topic"], **labels)
        self._behind = Gauge(
            "lag_seconds", "Age of the last record taken while more wait, by topic", ["topic"], **labels
        )
        self._held = Gauge(
            "held_offset", "Where a partition waits before a record that cannot be read", place, **labels
        )
        self._requests = Counter("requests", "Requests answered", ["method", "route", "status"], **labels)
        self._seconds = Histogram(
            "request_seconds", "Answering a request, streams left out", buckets=_SECONDS, **labels
        )
        self._streams = Gauge("streams", "Live streams open, one for each page that is looked at", **labels)
        self._alerts = Counter("alerts", "Alerts published", **labels)

    def projected(self, records: int) -> None:
        self._records.inc(records)
        self._batches.inc()

    def failed(self) -> None:
        self._errors.inc()

    def alerted(self) -> None:
        self._alerts.inc()

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.observe(seconds)

    def stream(self, change: int) -> None:
        self._streams.inc(change)

    def text(self, standing: Standing) -> bytes:
        """The exposition format, with the projection as it stands now."""
        self._works.set(standing.works)
        self._leads.set(standing.leads)
        self._looked.set(float("nan") if standing.looked_s is None else standing.looked_s)
        for topic, records in standing.records.items():
            self._lag.labels(topic).set(records)
            self._behind.labels(topic).set(standing.behind_s[topic])
        self._held.clear()
        for topic, partition, offset in standing.held:
            self._held.labels(topic, str(partition)).set(offset)
        return generate_latest(self.registry)
