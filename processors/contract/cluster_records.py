"""Records about the cluster itself: its facts (`meta`), the epochs of company-wide counters (`counter-epochs`)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True)
class Meta:
    """A fact of the cluster, written once; key `name`. `written_at` in milliseconds UTC."""

    name: str
    value: str
    written_at: int


@dataclass(slots=True)
class CounterEpoch:
    """A step of a rebuild (architecture §5), or a change of owner. An epoch is the offset of its `epoch` record, which
    `progress` and `done` name; an `owner` record names its partition, and its offset is that owner's fence."""

    kind: Literal["epoch", "progress", "done", "owner"]
    epoch: int | None
    by: str
    at: int
    partition: int | None = None
