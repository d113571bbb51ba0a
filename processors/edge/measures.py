"""What the edge measures of itself, told to whoever keeps the figures; edge itself knows no metrics library."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Standing:
    """How the projection stands at one moment.

    `records`, `behind_s`: topic → records still to come, age of the last one taken. `held`: topic, partition and offset
    of the records that cannot be read. `looked_s`: seconds since the leader last looked, None if none has; `leads`:
    whether this process is it; `works`: whether it leads or stands by, and is not stopped by an error.
    """

    records: Mapping[str, int]
    behind_s: Mapping[str, float]
    held: Iterable[tuple[str, int, int]]
    looked_s: float | None
    leads: bool
    works: bool


class Measures(Protocol):
    """Where figures go; from any thread."""

    def projected(self, records: int) -> None:
        """A batch of so many records was committed."""
        ...

    def failed(self) -> None:
        """An error ended a run of the projection."""
        ...

    def alerted(self) -> None:
        """An alert was published."""
        ...

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. `route`: the pattern of its path, of which there are few."""
        ...

    def stream(self, change: int) -> None:
        """A live stream was opened (1) or has ended (-1)."""
        ...

    def text(self, standing: Standing) -> bytes:
        """All figures in the exposition format."""
        ...


class _Unmeasured:
    def projected(self, records: int) -> None: ...

    def failed(self) -> None: ...

    def alerted(self) -> None: ...

    def requested(self, method: str, route: str, status: int, seconds: float) -> None: ...

    def stream(self, change: int) -> None: ...

    def text(self, standing: Standing) -> bytes:
        return b""


UNMEASURED: Final[Measures] = _Unmeasured()
"""Nobody wants to know."""
