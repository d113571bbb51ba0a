"""How a process reaches the cluster and reads its records, by its settings: what workers and the edge have in common.

A file of its own, since the edge has no use for the workers' parts, whose import takes most of a second.
"""

from processors.cli.settings import Settings
from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.schema_source import schema_ids


def connection(settings: Settings) -> Connection:
    """Where the brokers are, and the options of their clients."""
    return Connection(settings.bootstrap_servers, settings.kafka)


def codec(settings: Settings) -> Codec:
    """Values to bytes and back; schema ids from the registry where one is set, else from the lock file."""
    return Codec(schema_ids(settings.schema_registry_url))
