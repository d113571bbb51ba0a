"""Records about the cluster itself: its facts (`meta`), the epochs of company-wide counters (`counter-epochs`)."""

from dataclasses import dataclass
from typing import Final, Literal

COUNTER_EPOCHS_KEY: Final = "counters"
"""Key of every record in `counter-epochs`: all of them speak of the one set of company-wide counters."""


@dataclass(slots=True)
class Meta:
    """A fact of the cluster, written once; key `name`. `written_at` in milliseconds UTC."""

    name: str
    value: str
    written_at: int


@dataclass(slots=True)
class CounterEpoch:
    """A step of a rebuild (architecture §5). An epoch is the offset of its `epoch` record; the others name it."""

    kind: Literal["epoch", "progress", "done"]
    epoch: int | None
    by: str
    at: int
