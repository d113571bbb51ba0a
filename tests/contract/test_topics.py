"""A real cluster against the manifest: planned, made, verified, and never destroyed."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without being named as such
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from processors.contract import topics
from processors.contract.cluster_facts import ClusterDiffers, check_meta, read_facts, wanted_facts, write_facts
from processors.contract.codec import Codec
from processors.contract.connection import Connection
from processors.contract.manifest import MANIFEST
from processors.contract.releases import register
from processors.contract.schema_ids import LockedIds
from processors.contract.schema_registry import RegistryIds
from processors.embedded.broker import Broker
from tests.contract.schema_registry import schema_registry

pytestmark = pytest.mark.real
NOW = 1_795_219_200_000


@pytest.fixture(scope="module")
def connection(cluster: Broker) -> Connection:
    return Connection(cluster.bootstrap_servers)


@pytest.fixture
def empty(fresh_cluster: Callable[..., Broker]) -> Connection:
    return Connection(fresh_cluster().bootstrap_servers)


def set_config(admin: AdminClient, topic: str, **settings: str) -> None:
    entries = [
        ConfigEntry(name.replace("_", "."), value, incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=entries)
    admin.incremental_alter_configs([resource])[resource].result(30)
    until = time.monotonic() + 30
    while True:  # a broker may answer with what it knew before
        asked = ConfigResource(ResourceType.TOPIC, topic)
        found = admin.describe_configs([asked])[asked].result(30)
        if all(found[entry.name].value == entry.value for entry in entries):
            return
        assert time.monotonic() < until, f"{topic} is not set"


def test_a_cluster_is_made_to_fit_the_manifest_once(empty: Connection) -> None:
    admin = empty.admin()
    planned = topics.plan(admin, 3)
    assert [(each.action, each.topic) for each in planned] == [("create", name) for name in MANIFEST]
    assert topics.apply(admin, 3) == planned
    assert topics.plan(admin, 3) == []
    assert topics.apply(admin, 3) == []
    found = admin.list_topics(timeout=30).topics
    assert {name: len(found[name].partitions) for name in MANIFEST} == {n: t.partitions(3) for n, t in MANIFEST.items()}

    set_config(admin, "movements", max_message_bytes="1000000", retention_ms="1000")
    assert [str(each) for each in topics.plan(admin, 3)] == [
        "~ movements: max.message.bytes 1000000 → 8388608",
        "~ movements: retention.ms 1000 → 2592000000",
    ]
    assert [each.action for each in topics.apply(admin, 3)] == ["change", "change"]
    assert topics.plan(admin, 3) == []


def test_what_would_destroy_records_is_reported_and_left_alone(connection: Connection) -> None:
    admin = connection.admin()
    chosen = {
        name: replace(MANIFEST[like], name=name) for name, like in (("posts", "postings"), ("lots", "lot-register"))
    }
    topics.apply(admin, 3, chosen)
    set_config(admin, "posts", retention_ms="-1")
    set_config(admin, "lots", cleanup_policy="delete")
    moved = "partitions is 3, the manifest says 4: records would change their partition; the count is chosen once, "
    expected = [
        f"! posts: {moved}before the first record",
        "! posts: retention.ms is -1, the manifest says 2592000000: records that are kept now would be deleted",
        f"! lots: {moved}before the first record",
        "! lots: cleanup.policy is delete, the manifest says compact: another policy deletes records that are kept now",
    ]
    assert sorted(map(str, topics.plan(admin, 4, chosen))) == sorted(expected)
    assert topics.apply(admin, 4, chosen) == []
    assert sorted(map(str, topics.plan(admin, 4, chosen))) == sorted(expected)


def test_a_topic_of_a_newer_manifest_is_added_and_a_setting_may_grow(connection: Connection) -> None:
    admin = connection.admin()
    older = replace(MANIFEST["postings"], name="grows", retention_ms=1000)
    topics.apply(admin, 2, {"grows": older})
    newer = replace(older, retention_ms=2000)
    assert [str(each) for each in topics.apply(admin, 2, {"grows": newer})] == ["~ grows: retention.ms 1000 → 2000"]


def test_the_facts_of_a_cluster_are_written_once_and_never_change(empty: Connection) -> None:
    codec = Codec(LockedIds())
    assert read_facts(empty, codec) == {}
    with pytest.raises(ClusterDiffers, match="holds no facts: run `lotstream topics apply`"):
        check_meta({}, wanted_facts(12, "lock-file"))
    topics.apply(empty.admin(), 12)
    wanted = wanted_facts(12, "lock-file")
    assert write_facts(empty, codec, wanted, NOW) == wanted
    assert write_facts(empty, codec, wanted, NOW) == {}
    assert read_facts(empty, codec) == wanted
    check_meta(read_facts(empty, codec), wanted)
    with pytest.raises(ClusterDiffers, match="partitions is 12, configured is 6"):
        write_facts(empty, codec, wanted_facts(6, "lock-file"), NOW)
    with pytest.raises(ClusterDiffers, match="schema-ids is lock-file, configured is schema-registry"):
        check_meta(read_facts(empty, codec), wanted_facts(12, "schema-registry"))
    with schema_registry() as registry:
        ids = RegistryIds(registry.url)
        register(ids)
        with pytest.raises(ClusterDiffers, match="set up with another source of schema ids"):
            read_facts(empty, Codec(ids))
