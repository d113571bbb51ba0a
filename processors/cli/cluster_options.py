"""What commands that speak to a cluster share: the options that say which one, and its connection and codec."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from processors.cli.settings import Settings, load_settings
from processors.contract.cluster_facts import SCHEMA_IDS, Facts, check_meta, read_facts
from processors.contract.codec import Codec
from processors.contract.connection import Connection, cluster_errors
from processors.contract.schema_source import schema_ids

Function = TypeVar("Function", bound=Callable[..., Any])

_bootstrap = click.option(
    "--bootstrap-servers",
    metavar="HOST:PORT,…",
    help="Brokers to ask first. Else LOTSTREAM_BOOTSTRAP_SERVERS, BOOTSTRAP_SERVERS, 127.0.0.1:9092.",
)
_registry = click.option(
    "--schema-registry",
    metavar="URL",
    help="Where schema ids come from; none: the lock file. Else LOTSTREAM_SCHEMA_REGISTRY.",
)


def cluster_options(command: Function) -> Function:
    """Add `--bootstrap-servers` and `--schema-registry` to a command."""
    return _bootstrap(_registry(command))


@dataclass(frozen=True, slots=True)
class Cluster:
    """The cluster that a command speaks to."""

    settings: Settings
    connection: Connection
    codec: Codec

    def facts(self) -> Facts:
        """The facts of the cluster; none where it has no topic `meta` yet."""
        return read_facts(self.connection, self.codec)

    def check_schema_ids(self) -> None:
        """ClusterDiffers where the cluster's schema ids come from elsewhere: records must not be mixed."""
        check_meta(self.facts(), {SCHEMA_IDS: self.codec.ids.source})


@contextmanager
def reached(bootstrap_servers: str | None, schema_registry: str | None) -> Iterator[Cluster]:
    """The cluster, once a broker answers; within, errors of the Kafka client are told in its own words."""
    settings = load_settings(bootstrap_servers=bootstrap_servers, schema_registry_url=schema_registry)
    connection = Connection(settings.bootstrap_servers, settings.kafka)
    connection.reach()
    with cluster_errors(connection):
        yield Cluster(settings, connection, Codec(schema_ids(settings.schema_registry_url)))
