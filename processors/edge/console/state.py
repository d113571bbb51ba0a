"""The parts that every page shares: the store, where to publish, what changed lately, and figures of whole tables."""

import time
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import TypeVar

from processors.edge.console.changes import Changes
from processors.edge.console.kept import Kept
from processors.edge.publishing import Publisher
from processors.edge.store.engine import Store
from processors.edge.store.sight import Connection

T = TypeVar("T")


@dataclass(slots=True)
class Console:
    """One console. `version` changes with every release: browsers keep static files that long."""

    store: Store
    publisher: Publisher
    version: str
    changes: Changes = field(init=False)
    kept: Kept = field(default_factory=Kept)

    def __post_init__(self) -> None:
        self.changes = Changes(self.store)

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def figure(self, name: Hashable, topics: Collection[str], state: Hashable, make: Callable[[Connection], T]) -> T:
        """A figure that depends on the tables of some topics and on `state`, made anew only when those changed."""

        def made() -> T:
            with self.store.read() as connection:
                return make(connection)

        # The state first: what is read after it is at least as new.
        return self.kept.get(name, (state, self.changes.of(topics)), made)
