"""The manifest against a real cluster: what differs, what can be mended, and what is only reported.

Nothing here destroys: a topic is created, or a setting changed that keeps every record. A partition count that differs,
a clean-up policy, a retention that would become shorter are reported, for people to decide.
"""

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without being named as such
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from processors.contract.connection import CALL_LIMIT_S
from processors.contract.manifest import FOREVER, MANIFEST, Topic

_NEVER_SHORTER: Final = ("retention.ms", "delete.retention.ms")
"""Settings that let the broker delete records once they become smaller."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the manifest (`wanted`) and the cluster (`found`, None where there is no topic).

    `setting` is a topic setting's name, `partitions`, or empty for a missing topic.
    """

    action: Literal["create", "change", "cannot change"]
    topic: str
    setting: str
    found: str | None
    wanted: str
    reason: str = ""

    def __str__(self) -> str:
        match self.action:
            case "create":
                return f"+ {self.topic}: create with {self.wanted}"
            case "change":
                return f"~ {self.topic}: {self.setting} {self.found} → {self.wanted}"
            case _:
                return f"! {self.topic}: {self.setting} is {self.found}, the manifest says {self.wanted}: {self.reason}"


def plan(admin: AdminClient, per_task: int, topics: Mapping[str, Topic] = MANIFEST) -> list[Difference]:
    """Everything in which the cluster differs from the manifest, in the manifest's order; empty where it fits.

    `per_task`: partitions of every topic that is split by task. KafkaException where the cluster does not answer.
    """
    there = admin.list_topics(timeout=CALL_LIMIT_S).topics
    present = [name for name in topics if name in there]
    settings = _settings(admin, present)
    differences: list[Difference] = []
    for name, topic in topics.items():
        count = topic.partitions(per_task)
        if name not in there:
            noun = "partition" if count == 1 else "partitions"
            shown = ", ".join(f"{setting}={value}" for setting, value in topic.config().items())
            differences.append(Difference("create", name, "", None, f"{count} {noun}, {shown}"))
            continue
        found = len(there[name].partitions)
        if found != count:
            reason = "records would change their partition; the count is chosen once, before the first record"
            differences.append(Difference("cannot change", name, "partitions", str(found), str(count), reason))
        differences += _setting_differences(topic, settings[name])
    return differences


def _setting_differences(topic: Topic, found: Mapping[str, str]) -> Iterable[Difference]:
    for setting, wanted in topic.config().items():
        value = found.get(setting, "")
        if value == wanted:
            continue
        reason = _destroys(setting, value, wanted)
        yield Difference("cannot change" if reason else "change", topic.name, setting, value, wanted, reason)


def _destroys(setting: str, found: str, wanted: str) -> str:
    if setting == "cleanup.policy":
        return "another policy deletes records that are kept now"
    if setting in _NEVER_SHORTER and _shorter(int(wanted), int(found)):
        return "records that are kept now would be deleted"
    return ""


def _shorter(wanted: int, found: int) -> bool:
    return wanted != FOREVER and (found == FOREVER or wanted < found)


def apply(
    admin: AdminClient, per_task: int, topics: Mapping[str, Topic] = MANIFEST, replication: int = -1
) -> list[Difference]:
    """Create and change what can be; give back what was done. Doing it again does nothing.

    `replication`: copies of new topics, -1 for the broker's own default. What cannot be changed is left for `plan` to
    report. KafkaException where the cluster refuses.
    """
    done = [difference for difference in plan(admin, per_task, topics) if difference.action != "cannot change"]
    missing = [topics[difference.topic] for difference in done if difference.action == "create"]
    if missing:
        new = [
            NewTopic(topic.name, topic.partitions(per_task), replication, config=topic.config()) for topic in missing
        ]
        _wait(admin.create_topics(new, operation_timeout=CALL_LIMIT_S), but=KafkaError.TOPIC_ALREADY_EXISTS)
    changes: dict[str, list[ConfigEntry]] = {}
    for difference in done:
        if difference.action == "change":
            entry = ConfigEntry(difference.setting, difference.wanted, incremental_operation=AlterConfigOpType.SET)
            changes.setdefault(difference.topic, []).append(entry)
    if changes:
        resources = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=c) for name, c in changes.items()]
        _wait(admin.incremental_alter_configs(resources))
    if done:
        _wait_until_seen(admin, per_task, topics)
    return done


def _settings(admin: AdminClient, names: list[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    asked = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names])
    return {
        resource.name: {entry.name: entry.value or "" for entry in future.result(CALL_LIMIT_S).values()}
        for resource, future in asked.items()
    }


def _wait(futures: Mapping[Any, Future[Any]], but: int | None = None) -> None:
    for future in futures.values():
        try:
            future.result(CALL_LIMIT_S)
        except KafkaException as error:
            if error.args[0].code() != but:
                raise


def _wait_until_seen(admin: AdminClient, per_task: int, topics: Mapping[str, Topic]) -> None:
    """What the controller accepted is not known to every broker at once; who uses it next must find it."""
    until = time.monotonic() + CALL_LIMIT_S
    while (open_one := _first_unseen(admin, per_task, topics)) is not None:
        if time.monotonic() > until:
            raise TimeoutError(f"accepted but not seen after {CALL_LIMIT_S:g} s: {open_one}")
        time.sleep(0.05)


def _first_unseen(admin: AdminClient, per_task: int, topics: Mapping[str, Topic]) -> object:
    """What is not as it was asked for; None where all is."""
    try:
        return next((each for each in plan(admin, per_task, topics) if each.action != "cannot change"), None)
    except KafkaException as error:
        # One broker has told us of a topic, and the one that is asked next does not know it yet.
        if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise
        return error
