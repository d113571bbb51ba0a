"""The parts that every page shares: the store, where to publish, and what changed lately."""

import time
from dataclasses import dataclass, field

from processors.edge.console.changes import Changes
from processors.edge.publishing import Publisher
from processors.edge.store.engine import Store


@dataclass(slots=True)
class Console:
    """One console. `version` changes with every release: browsers keep static files that long."""

    store: Store
    publisher: Publisher
    version: str
    changes: Changes = field(init=False)

    def __post_init__(self) -> None:
        self.changes = Changes(self.store)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000
