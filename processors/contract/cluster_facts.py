"""What is settled for a whole cluster, in topic `meta`: partition count, source of schema ids, version of the contract.

Written once, by the first `topics apply`; everyone else checks against it before the first record is written or read.
"""

import logging
from collections.abc import Mapping
from typing import Final

from confluent_kafka import Producer

from processors.contract.cluster_records import Meta
from processors.contract.codec import Codec, Undecodable
from processors.contract.connection import CALL_LIMIT_S, Connection
from processors.contract.reading import read_records

PARTITIONS: Final = "partitions"
SCHEMA_IDS: Final = "schema-ids"
CONTRACT: Final = "contract-version"
CONTRACT_VERSION: Final = "1"
TOPIC: Final = "meta"

Facts = dict[str, str]
logger = logging.getLogger(__name__)


class ClusterDiffers(Exception):
    """The cluster was set up otherwise than this process is configured: it must not start."""


def wanted_facts(per_task: int, schema_ids: str) -> Facts:
    """The facts that a configuration stands for; `schema_ids` is the source's name."""
    return {PARTITIONS: str(per_task), SCHEMA_IDS: schema_ids, CONTRACT: CONTRACT_VERSION}


def read_facts(connection: Connection, codec: Codec) -> Facts:
    """The facts written so far; none where the topic is empty or not there.

    ClusterDiffers where they were written with schema ids of another source; KafkaException without a cluster.
    """
    facts: Facts = {}
    if TOPIC not in connection.admin().list_topics(timeout=CALL_LIMIT_S).topics:
        return facts
    for record in read_records(connection, TOPIC):
        try:
            value = codec.decode(TOPIC, record.value)
        except Undecodable as error:
            raise ClusterDiffers(
                f"the facts in topic {TOPIC} cannot be read with schema ids of {codec.ids.source} ({error}): the "
                "cluster was set up with another source of schema ids; set or unset the schema registry accordingly"
            ) from error
        assert isinstance(value, Meta), "the topic has one record type"
        facts[value.name] = value.value
    return facts


def check_meta(found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """ClusterDiffers, naming every fact that is missing or otherwise than wanted and what to do."""
    if not found:
        raise ClusterDiffers(f"topic {TOPIC} holds no facts: run `lotstream topics apply` once for this cluster")
    wrong = [
        f"{name} is {found.get(name, 'not written')}, configured is {value}"
        for name, value in wanted.items()
        if found.get(name) != value
    ]
    if wrong:
        raise ClusterDiffers(
            f"the cluster is set up otherwise than this process ({'; '.join(wrong)}): "
            "configure it as the cluster is, the facts of a cluster never change"
        )


def write_facts(connection: Connection, codec: Codec, wanted: Mapping[str, str], now_ms: int) -> Facts:
    """Write the facts that are missing, read all back and check them; give back what was written.

    ClusterDiffers where another fact stands there already, also one that someone else wrote at the same time.
    """
    found = read_facts(connection, codec)
    check_meta({**wanted, **found}, wanted)
    missing = {name: value for name, value in wanted.items() if name not in found}
    if missing:
        producer = Producer(connection.settings(acks="all", **{"enable.idempotence": True}))
        failures: list[str] = []
        for name, value in missing.items():
            producer.produce(
                TOPIC,
                key=name.encode(),
                value=codec.encode(TOPIC, Meta(name, value, now_ms)),
                timestamp=now_ms,
                on_delivery=lambda error, _: failures.append(str(error)) if error else None,
            )
        if producer.flush(CALL_LIMIT_S) or failures:
            raise ClusterDiffers(f"the facts could not be written to topic {TOPIC}: {'; '.join(failures) or 'timeout'}")
        check_meta(read_facts(connection, codec), wanted)
    return missing


def partitions_of(facts: Mapping[str, str], otherwise: int) -> int:
    """The cluster's partition count, or `otherwise` while it has none."""
    return int(facts.get(PARTITIONS, otherwise))
