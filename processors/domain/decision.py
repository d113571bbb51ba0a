"""What a decision returns: rows to change, records to publish, codes to claim; or a refusal."""

from dataclasses import dataclass, field
from typing import Any

from processors.domain.progressives import Claim
from processors.domain.refusals import Refusal
from processors.domain.view import Register


@dataclass(slots=True)
class Emit:
    """A record to publish: topic, key, and the route that gives its partition (the key itself where it is None)."""

    topic: str
    key: str
    value: object
    route: str | None = None
    encoded: bytes | None = None
    """The value as the topic has it, where it is known already."""
    partition: int | None = None
    """Where the record belongs, for one that is about a partition and not about a key."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """A continuation for the runtime to keep and to run (`Processor.resume`) in a transaction of its own.

    It runs once the task has committed `topic` up to where it stood when this was decided; None: at the next turn (the
    next slice of long work). `id` is unique in the task; the same id again replaces the text.
    """

    id: str
    topic: str | None
    text: str


@dataclass(slots=True)
class Decision:
    """The whole effect of one message. `rows`: register → key → new row, None = the row is gone."""

    rows: list[tuple[Register[Any], str, object | None]] = field(default_factory=list)
    records: list[Emit] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    released: list[Claim] = field(default_factory=list)
    barriers: list[Barrier] = field(default_factory=list)
    refusal: Refusal | None = None
    """Set: the message goes to its topic's dead letters with these reasons; `records` then hold the reply only."""
