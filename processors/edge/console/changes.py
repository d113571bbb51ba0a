"""Which tables changed lately, for pages that are open: one look a second for all of them together."""

import threading
import time
from collections.abc import Collection, Mapping
from typing import Final

from processors.edge.store.engine import Store
from processors.edge.store.queries_console_now import positions
from processors.edge.store.queries_offsets import Lag

LOOK_S: Final = 0.5
"""How old what is known may be."""


class Changes:
    """Positions and lag of the store, asked at most every `LOOK_S`; for any number of threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._looked = 0.0
        self._positions: Mapping[str, int] = {}
        self._lag = Lag((), None)

    def positions(self) -> Mapping[str, int]:
        """Topic → a number that grows with every record taken."""
        self._look()
        return self._positions

    def number(self) -> int:
        """Rises with every record taken."""
        return sum(self.positions().values())

    def of(self, topics: Collection[str]) -> tuple[int, ...]:
        """A value that is another one after any change of these topics' tables."""
        positions = self.positions()
        return tuple(positions.get(topic, 0) for topic in topics)

    def lag(self) -> Lag:
        """How far the store is behind."""
        self._look()
        return self._lag

    def _look(self) -> None:
        with self._lock:
            if time.monotonic() - self._looked < LOOK_S:
                return
            with self._store.read() as connection:
                self._positions = positions(connection)
            self._lag = self._store.lag()
            self._looked = time.monotonic()
