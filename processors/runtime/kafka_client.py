"""What every client of a worker shares: who it is, how it connects, and how long it asks."""

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from processors.contract.manifest import STATE_BYTES
from processors.runtime.errors import Unreachable

logger = logging.getLogger(__name__)

RECORD_BYTES_MAX = STATE_BYTES
"""The largest `max.message.bytes` of the manifest; each topic has its own at the broker."""
COMPLAINT_EVERY_S = 10.0
ASKED_S_MAX = 60.0
"""How long one question is put to the broker again before the worker waits for it as for a broker that is away."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Who this member is and how long it waits. Times in milliseconds or seconds as their names say."""

    bootstrap_servers: str
    group: str
    instance: str
    """`group.instance.id` and `transactional.id`: stable per worker slot, such as `ledger-3`."""
    transaction_timeout_ms: int = 10_000
    session_timeout_ms: int = 10_000
    call_timeout_s: float = 10.0
    unknown_after_s: float = 15.0
    """A commit that has not answered for so long has an unknown outcome."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Client options for security and tuning, passed to every client."""


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """Client options every client of this member shares."""
    return {
        "bootstrap.servers": settings.bootstrap_servers,
        "log_level": 2,  # each try to connect to a broker that is away would be a line; see `Complaints`
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1000,
        "socket.nagle.disable": True,
        "topic.metadata.refresh.interval.ms": 30_000,
        **settings.extra,
    }


class Complaints:
    """What a client tells of its connections, in the worker's log: one line at most every `COMPLAINT_EVERY_S`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._last = clock, -COMPLAINT_EVERY_S
        self._unsaid = 0

    def __call__(self, error: KafkaError) -> None:
        now = self._clock()
        if now - self._last < COMPLAINT_EVERY_S:
            self._unsaid += 1
            return
        logger.warning("trouble with a broker", extra={"reason": error.str(), "times": self._unsaid + 1})
        self._last, self._unsaid = now, 0


def connect(client: Producer | AdminClient) -> None:
    """Wait until a new client knows its broker: what it is asked before that, it tries again 0.5 or even 3 s later."""
    with contextlib.suppress(KafkaException):  # whoever asks it next finds out, and knows how long to wait
        client.list_topics(timeout=5)


def until_answered(ask: Callable[[], Any], what: str) -> Any:
    """Ask until there is an answer other than None; Unreachable after `ASKED_S_MAX`, with the last reason."""
    deadline = time.monotonic() + ASKED_S_MAX
    while True:
        try:
            answer = ask()
            if answer is not None:
                return answer
            reason = "not stable yet"
        except KafkaException as failure:
            reason = failure.args[0].str()
        if time.monotonic() > deadline:
            raise Unreachable(f"no {what} from the broker for {ASKED_S_MAX:g} s: {reason}")
        time.sleep(0.05)
