"""A reader that runs while things break: it notes everything that it is shown."""

import threading
from collections import Counter
from collections.abc import Sequence

from confluent_kafka import Consumer, TopicPartition

from tests.faults.checker.history import Place
from tests.faults.checker.reading import digest, place_of, settings


class Watcher:
    """Reads some topics from the start, read_committed, in a thread of its own, until it is stopped."""

    def __init__(self, bootstrap_servers: str, topics: Sequence[str]) -> None:
        self.seen: dict[Place, int] = {}
        self.counts: Counter[str] = Counter()
        """Topic → records seen."""
        self._failure: Exception | None = None
        self._stop = threading.Event()
        self._consumer = Consumer(settings(bootstrap_servers))
        found = self._consumer.list_topics(timeout=30).topics
        self._consumer.assign([TopicPartition(topic, p, 0) for topic in topics for p in found[topic].partitions])
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                for message in self._consumer.consume(2000, 0.1):
                    if message.error() is None:
                        self.seen[place_of(message)] = digest(message.value())
                        self.counts[message.topic() or ""] += 1
        except Exception as failure:
            self._failure = failure
        finally:
            self._consumer.close()

    def stop(self) -> dict[Place, int]:
        """What was seen, place → digest."""
        self._stop.set()
        self._thread.join(30)
        if self._failure is not None:
            raise self._failure
        return self.seen
