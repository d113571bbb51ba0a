"""How to reach a cluster: the settings of clients, and a first look that it answers."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from processors.contract.reachable import wait_until_reachable

REACH_LIMIT_S: Final = 8.0
"""How long a command looks for a broker before it says that there is none."""
CALL_LIMIT_S: Final = 30.0
"""Limit of one administrative call on a cluster that answers."""

logger = logging.getLogger(__name__)
_client_log: Final = logging.getLogger(f"{__name__}.client")
_client_log.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Connection:
    """A cluster: `host:port,…` and librdkafka options such as security; these may hold secrets and are not shown."""

    bootstrap_servers: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def settings(self, **more: Any) -> dict[str, Any]:
        """librdkafka's settings; `more` by their names with `_` for `.`."""
        return {
            **self.options,
            "bootstrap.servers": self.bootstrap_servers,
            "error_cb": lambda error: logger.debug("client: %s", error),
            "logger": _client_log,
            **{name.replace("_", "."): value for name, value in more.items()},
        }

    def reach(self, limit_s: float = REACH_LIMIT_S) -> None:
        """Return once a broker answers; `reachable.Unreachable` after the limit."""
        wait_until_reachable(self.bootstrap_servers, limit_s, dict(self.options))

    def admin(self) -> AdminClient:
        return AdminClient(self.settings())


class ClusterError(Exception):
    """The cluster refused or did not answer; the message is the Kafka client's own, with the address."""


@contextmanager
def cluster_errors(connection: Connection) -> Iterator[None]:
    """Within, what the Kafka client raises becomes a `ClusterError` that a person can read."""
    try:
        yield
    except KafkaException as error:
        cause = error.args[0]
        told = cause.str() if hasattr(cause, "str") else str(cause)
        raise ClusterError(f"Kafka at {connection.bootstrap_servers}: {told}") from error
