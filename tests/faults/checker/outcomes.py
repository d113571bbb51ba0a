"""Which outputs belong to which input: the header `ce_id` of an output names the input's place and a number.

A dead letter names its input's place in `__streams.errors.*`.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults.checker.history import History, Place, Record

if TYPE_CHECKING:
    from tests.faults.checker.codes import Given

EVENTS = ("replies", "postings", "register-history", "lineage", "master-register")
DEAD_LETTERS = ".dead-letters"


@dataclass(slots=True)
class Outcome:
    """What came of one input."""

    replies: list[Record] = field(default_factory=list)
    effects: list[Record] = field(default_factory=list)
    """Postings, history entries, lineage, accepted master data."""
    dead_letters: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Outcomes:
    """Place of an input → what came of it; and outputs that name no place. `given`: see `given_codes`."""

    of: dict[Place, Outcome] = field(default_factory=dict)
    nameless: list[Record] = field(default_factory=list)
    given: "list[Given] | None" = None

    def at(self, place: Place) -> Outcome:
        return self.of.get(place) or Outcome()


def collect(history: History) -> Outcomes:
    """All outputs under their inputs."""
    outcomes = Outcomes()
    for topic in EVENTS:
        for record in history.of(topic):
            source = source_of(record)
            if source is None:
                outcomes.nameless.append(record)
                continue
            outcome = outcomes.of.setdefault(source[:3], Outcome())
            (outcome.replies if topic == "replies" else outcome.effects).append(record)
    for topic in history.records:
        if topic.endswith(DEAD_LETTERS):
            for record in history.of(topic):
                source = source_of(record)
                if source is None:
                    outcomes.nameless.append(record)
                else:
                    outcomes.of.setdefault(source[:3], Outcome()).dead_letters.append(record)
    return outcomes


def source_of(record: Record) -> tuple[str, int, int, int] | None:
    """Topic, partition and offset of the input that an output follows from, and its number among that one's outputs."""
    if record.topic.endswith(DEAD_LETTERS):
        names = [record.headers.get(f"__streams.errors.{name}", b"") for name in ("topic", "partition", "offset")]
        if not names[1].isdigit() or not names[2].isdigit():
            return None
        return (names[0].decode(), int(names[1]), int(names[2]), 0)
    parts = record.headers.get("ce_id", b"").decode().split("/")
    if len(parts) != 4 or not all(part.isdigit() for part in parts[1:]):
        return None
    return (parts[0], int(parts[1]), int(parts[2]), int(parts[3]))
