"""`lotstream doctor`: is everything there that a worker needs, and as it must be."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from typing import Final, Literal

import click

from processors.cli import wiring
from processors.cli.printing import output_option, print_rows
from processors.cli.settings import Settings, load_settings, redact_url
from processors.contract import topics as manifest
from processors.contract.cluster_facts import check_meta, partitions_of, read_facts, wanted_facts
from processors.contract.codec import Codec
from processors.contract.connection import Connection, cluster_errors
from processors.contract.groups import group_state
from processors.contract.manifest import MANIFEST
from processors.contract.schema_source import schema_ids
from processors.counters.redis_connection import RedisConnection, checked

CLOCK_LIMIT_MS: Final = 2_000
"""Movements dated more than five minutes ahead are refused: clocks that differ by seconds are a warning in time."""
LIBRARIES: Final = ("confluent-kafka", "redis", "rocksdict", "fastavro", "tzdata")


@dataclass(frozen=True, slots=True)
class Finding:
    """One look: `part` of the system, whether it is fine, what was seen, what to do where it is not."""

    part: str
    state: Literal["ok", "wrong"]
    seen: str
    remedy: str = ""


@click.command("doctor", epilog="Example: lotstream doctor --output json")
@click.option("--bootstrap-servers", metavar="HOST:PORT,…", help="Brokers to ask first.")
@click.option("--redis-url", metavar="URL", help="Counter server, redis://host:port/db.")
@click.option("--schema-registry", metavar="URL", help="Where schema ids come from; none: the lock file.")
@output_option
def command(bootstrap_servers: str | None, redis_url: str | None, schema_registry: str | None, output: str) -> None:
    """Look at broker, Redis, topics, versions, workers and clock; exit code 1 where something is not as it must be."""
    settings = load_settings(
        bootstrap_servers=bootstrap_servers, redis_url=redis_url, schema_registry_url=schema_registry
    )
    findings = list(_look(settings))
    print_rows(output, ["part", "state", "seen", "remedy"], map(asdict, findings))
    if any(finding.state == "wrong" for finding in findings):
        sys.exit(1)


def _look(settings: Settings) -> Iterator[Finding]:
    broker = _try("broker", lambda: _broker(settings), "Start it (lotstream dev), or name it: --bootstrap-servers")
    yield broker
    redis_remedy = "Start it (lotstream dev), name it (--redis-url), or set what is said"
    redis = _try("redis", lambda: _redis(settings), redis_remedy)
    yield redis
    if broker.state == "ok":
        yield _try("topics", lambda: _topics(settings), "lotstream topics plan says more, lotstream topics apply mends")
    yield Finding("versions", "ok", ", ".join([f"lotstream {version('lotstream')}", *_libraries()]))
    if broker.state == "ok":
        for kind in wiring.KINDS:
            yield _try(kind, partial(_workers, kind, settings), f"lotstream worker {kind} starts one")
    if redis.state == "ok":
        yield _try("clock", lambda: _clock(settings), "Let NTP set the clocks of all machines")


class Wrong(Exception):
    """What was seen is not as it must be."""


def _try(part: str, look: Callable[[], str], remedy: str) -> Finding:
    """The finding of a look; whatever it raises is what was seen."""
    try:
        return Finding(part, "ok", look())
    except Exception as error:
        return Finding(part, "wrong", " ".join(str(error).split()) or type(error).__name__, remedy)


def _connection(settings: Settings) -> Connection:
    return Connection(settings.bootstrap_servers, settings.kafka)


def _broker(settings: Settings) -> str:
    connection = _connection(settings)
    connection.reach()
    with cluster_errors(connection):
        count = len(connection.admin().list_topics(timeout=10).brokers)
    return f"{settings.bootstrap_servers}, {count} broker{'s' if count > 1 else ''}"


def _redis(settings: Settings) -> str:
    connection = RedisConnection(settings.redis_url)
    try:
        connection.check()
        facts = dict(line.split(":", 1) for line in checked(_ask(connection, "INFO")).splitlines() if ":" in line)
    finally:
        connection.close()
    return f"{redact_url(settings.redis_url)}, Redis {facts['redis_version']}, {facts['maxmemory_policy']}"


def _topics(settings: Settings) -> str:
    connection, codec = _connection(settings), Codec(schema_ids(settings.schema_registry_url))
    with cluster_errors(connection):
        facts = read_facts(connection, codec)
        count = partitions_of(facts, settings.partitions)
        check_meta(facts, wanted_facts(count, codec.ids.source))
        differences = manifest.plan(connection.admin(), count)
    if differences:
        raise Wrong(f"{len(differences)} differences, the first: {differences[0]}")
    return f"{len(MANIFEST)} as the manifest says, {count} tasks, schema ids from {codec.ids.source}"


def _workers(kind: str, settings: Settings) -> str:
    """Who works on the topics of a kind, and how far they are behind: wrong only where records wait for nobody."""
    connection, codec = _connection(settings), Codec(schema_ids(settings.schema_registry_url))
    with cluster_errors(connection):
        count = partitions_of(read_facts(connection, codec), settings.partitions)
        state = group_state(connection.admin(), wiring.group_of(kind), wiring.INPUTS[kind], count)
    behind = ", ".join(f"{records} of {topic}" for topic, records in state.behind.items() if records)
    waiting = f"records that wait: {behind}" if behind else "nothing waits"
    if not state.members:
        if behind:
            raise Wrong(f"no worker; {waiting}")
        return f"no worker; {waiting}"
    return f"{', '.join(state.members)}; {waiting}"


def _clock(settings: Settings) -> str:
    connection = RedisConnection(settings.redis_url)
    try:
        connection.check()
        asked_ms = time.time_ns() // 1_000_000
        seconds, microseconds = checked(_ask(connection, "TIME"))
        answered_ms = time.time_ns() // 1_000_000
    finally:
        connection.close()
    there_ms = int(seconds) * 1000 + int(microseconds) // 1000
    # Redis read its clock between our two readings: what lies outside of them is a difference.
    ahead = max(there_ms - answered_ms, asked_ms - there_ms, 0)
    if ahead > CLOCK_LIMIT_MS:
        raise Wrong(f"this machine and Redis differ by {ahead} ms")
    return f"this machine and Redis agree within {max(ahead, 1)} ms"


def _ask(connection: RedisConnection, command: str) -> object:
    return connection.send([(command,)])[0]


def _libraries() -> Iterator[str]:
    for name in LIBRARIES:
        yield f"{name} {version(name)}"
