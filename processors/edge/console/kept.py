"""Figures of whole tables, kept for all readers together until their tables change, and made no oftener than they cost.

A page that shows how many lots are in stock is asked for again with every change, by everybody who has it open. Made
each time, the figure would cost more than the projection itself; so one that took a second is made at most once in
`REST` seconds, however many look. Those who look meanwhile, or while it is being made, are shown the one before.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

T = TypeVar("T")

REST: Final = 20
"""A figure is made again after so many times what making it took: at most a twentieth of one processor."""
KEPT_MAX: Final = 500


class _Figure:
    def __init__(self) -> None:
        self.making = threading.Lock()
        self.is_made = False
        self.value: Any = None
        self.state: Hashable = None
        self.made_at = 0.0
        self.took_s = 0.0


class Kept:
    """Figures by name, for any number of threads. `clock`: seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._figures: OrderedDict[Hashable, _Figure] = OrderedDict()

    def get(self, name: Hashable, state: Hashable, make: Callable[[], T]) -> T:
        """The figure of a name. `state`: what it depends on; while that is the same, so is the figure."""
        with self._lock:
            figure = self._figures.setdefault(name, _Figure())
            self._figures.move_to_end(name)
            if len(self._figures) > KEPT_MAX:
                self._figures.popitem(last=False)
        if figure.making.acquire(blocking=not figure.is_made):
            try:
                self._renew(figure, state, make)
            finally:
                figure.making.release()
        value: T = figure.value
        return value

    def _renew(self, figure: _Figure, state: Hashable, make: Callable[[], Any]) -> None:
        begun = self._clock()
        if figure.is_made and (figure.state == state or begun - figure.made_at < REST * figure.took_s):
            return
        figure.value = make()
        figure.is_made, figure.state, figure.made_at = True, state, self._clock()
        figure.took_s = figure.made_at - begun
