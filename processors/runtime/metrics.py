"""What a worker measures of itself, for Prometheus."""

from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from processors.runtime.batch import Batch

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters and timings of one worker process, in a registry of its own."""

    def __init__(self, processor: str) -> None:
        self.registry = CollectorRegistry()
        labels: dict[str, Any] = {"namespace": "lotstream", "subsystem": processor, "registry": self.registry}
        self.messages = Counter("messages", "Messages committed, by what became of them", ["outcome"], **labels)
        self.records = Counter("records", "Records produced and committed", **labels)
        self.batches = Counter("batches", "Batches committed", **labels)
        self.refusals = Counter("refusals", "Refused messages, by first reason", ["code"], **labels)
        self.aborted = Counter("batches_aborted", "Batches aborted and taken again", **labels)
        self.unknown = Counter("commits_unknown", "Commits of unknown outcome, settled by a new producer", **labels)
        self.bugs = Counter("internal_errors", "Messages put aside because a decision raised", **labels)
        self.rebuilds = Counter("counter_rebuilds", "Rebuilds of the company-wide counters", **labels)
        self.decide_s = Histogram("decide_seconds", "Deciding a batch", buckets=_SECONDS, **labels)
        self.commit_s = Histogram(
            "commit_seconds", "From begin to the answer of the commit", buckets=_SECONDS, **labels
        )
        self.tasks = Gauge("tasks", "Partitions owned", **labels)
        self.lag = Gauge("lag_records", "Records not yet consumed, by topic", ["topic"], **labels)
        self.counters_up = Gauge("counters_up", "1 while the counter server answers", **labels)
        self.restore_s = Gauge("restore_seconds", "Duration of the last take-over", **labels)
        self.restore_records = Counter("restored_records", "Changelog records applied at take-overs", **labels)
        self.counters_up.set(1)

    def count(self, batch: "Batch") -> None:
        """Note a committed batch."""
        refused = [decision.refusal for decision in batch.decisions if decision.refusal is not None]
        self.batches.inc()
        self.records.inc(len(batch.outputs) + sum(map(len, batch.rows.values())))
        self.messages.labels("refused").inc(len(refused))
        self.messages.labels("taken").inc(len(batch.decisions) - len(refused))
        for refusal in refused:
            self.refusals.labels(refusal.code).inc()

    def restored(self, records: int, seconds: float) -> None:
        """Note a finished take-over."""
        self.restore_records.inc(records)
        self.restore_s.set(seconds)

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
