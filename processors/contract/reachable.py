"""Wait until a Kafka cluster answers: asked of the broker itself, not of its port."""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

_log: Final = logging.getLogger(__name__)


class Unreachable(Exception):
    """No broker answered in time; the message says where and for how long."""


def wait_until_reachable(
    bootstrap_servers: str,
    limit_s: float,
    options: dict[str, str] | None = None,
    go_on: Callable[[], bool] = lambda: True,
) -> int:
    """The number of brokers, as soon as one of `bootstrap_servers` (`host:port,…`) answers a metadata request.

    `options` are librdkafka's (security). Raises Unreachable after `limit_s` seconds, or as soon as `go_on` is false
    (the process that was waited for has ended).
    """
    asking: dict[str, Any] = {
        **(options or {}),
        "bootstrap.servers": bootstrap_servers,
        "reconnect.backoff.ms": 20,
        "reconnect.backoff.max.ms": 200,
        "log.connection.close": False,
        "error_cb": lambda error: _log.debug("waiting for the broker: %s", error),
    }
    client = AdminClient(asking, logger=_silent)
    until = time.monotonic() + limit_s
    while go_on() and (left := until - time.monotonic()) > 0:
        try:
            metadata = client.list_topics(timeout=min(0.5, left))
        except KafkaException:
            continue
        if metadata.brokers:
            return len(metadata.brokers)
    raise Unreachable(f"no Kafka broker answered at {bootstrap_servers} within {limit_s:g} s")


_silent: Final = logging.getLogger(f"{__name__}.client")
_silent.propagate = False
_silent.addHandler(logging.NullHandler())
